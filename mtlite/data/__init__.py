"""Pairs of sentences: read, cleaned, cut into pieces, put into batches."""
