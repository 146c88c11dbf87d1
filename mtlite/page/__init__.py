"""One HTML file with trained models inside, which opens from disk and needs no network."""
