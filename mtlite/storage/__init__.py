"""Files of a run: whole or not there, and checked when they are read."""
