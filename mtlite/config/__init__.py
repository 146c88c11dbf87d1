"""Options, the recipe that gives them, the table of topologies, and what is chosen where an option is left open."""
