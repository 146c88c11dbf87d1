"""Runs behind an HTTP interface, the one that clients of LibreTranslate speak."""
