"""The ways to find a translation: greedy, beam, sampling, one pass, CTC."""
