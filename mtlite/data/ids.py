"""The four ids that every vocabulary shares."""

PAD, UNK, BOS, EOS = 0, 1, 2, 3
