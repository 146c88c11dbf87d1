"""One file per topology: what it reads, what it remembers, when it writes."""
