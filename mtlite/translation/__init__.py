"""From a run directory and text to translations and their scores."""
