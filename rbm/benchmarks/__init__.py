"""Speed, measured side by side in one run: contenders, floors, growth, and their report."""
