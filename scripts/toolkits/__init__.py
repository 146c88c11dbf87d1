"""Trainings of other toolkits beside those of mtlite: see other_toolkits.py."""
