"""Where things are, so that a test may be moved without counting folders."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "tests/datasets/cases"  # files as people bring them
