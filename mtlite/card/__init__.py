"""The card of a run: a page for whoever gets the run, and the metadata that the Hugging Face Hub reads."""
