"""Models: parameters, energy and conditionals; no loops over time, no files."""
