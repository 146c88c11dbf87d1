"""The same model written with other means, for `scripts/benchmark.py` to measure beside ours."""
