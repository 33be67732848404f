"""The registry of runs: every run that was trained, its numbers by step, and its checkpoints. No torch in here.

Rows are in SQLite or PostgreSQL; checkpoints are safetensors files in a folder beside them, so that a notebook opens
one by its path. Several servers may share one registry (and must then share the folder).
"""

from rbm.store.database import default_folder
from rbm.store.records import MOVING, OVER, SILENT_SECONDS, Evaluation, Progress, Run, Saved
from rbm.store.registry import Store, open_store

__all__ = [
    "MOVING",
    "OVER",
    "SILENT_SECONDS",
    "Evaluation",
    "Progress",
    "Run",
    "Saved",
    "Store",
    "default_folder",
    "open_store",
]
