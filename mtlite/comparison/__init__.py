"""Finished runs side by side: what each one came to, and which differences hold."""
