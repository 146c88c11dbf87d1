"""What benchmark.py measures, each in a process of its own."""
