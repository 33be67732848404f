"""A run told to a person: its name, its settings and likelihood in words, and all of it as one page to keep."""
