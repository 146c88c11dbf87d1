"""From hypotheses and references, as plain lines of text, to numbers."""
