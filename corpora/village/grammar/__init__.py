"""A synchronous grammar of English and German: one tree, spelt out in both languages."""
