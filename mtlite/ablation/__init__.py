"""Topologies × seeds × options on one corpus, and the report that says which differences are more than chance."""
