"""Experiments on machines so small that everything about them is known: what the lesson pages show."""
