"""Speed, measured side by side in one run: engines, floors, growth, and their report."""
