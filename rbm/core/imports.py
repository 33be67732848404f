"""Large libraries are imported by one thread at a time.

The server imports them in a thread of its own while pages are already opened. Where two threads come into a package whose
modules need each other, as scikit-learn's do, from two sides, each waits for what the other holds; Python sees it and lets one
go on with a module that is half there: "cannot import name 'clone' from partially initialized module 'sklearn.base'".
"""

import importlib
from threading import RLock
from types import ModuleType

LOCK = RLock()


def library(module: str) -> ModuleType:
    """The module of that name, whole. ImportError where it is not installed."""
    with LOCK:
        return importlib.import_module(module)
