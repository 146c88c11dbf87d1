"""Finished runs side by side: their outcomes, and which differences hold."""
