"""The version, once: the package, its build and what a run writes down read it here."""

__version__ = "0.2.0"
