"""What compiled loops may ask of the machine: a place where they are kept, and threads.

In a file of its own that no loop is in: Numba keeps what it compiled by the date of the loop's file alone.
"""

from functools import cache
from importlib import import_module

import torch
from numba import config, set_num_threads
from numba.core.caching import FunctionCache

_MOST = int(config.NUMBA_NUM_THREADS)  # type: ignore[attr-defined]  # set as numba is imported: one a core


def _are_kept() -> bool:
    """Whether Numba may write what it compiles beside the program or into the user's folder for such things."""
    try:
        FunctionCache(_are_kept)
    except RuntimeError:  # "no locator available"
        return False
    return True


KEPT = _are_kept()  # where they are not, every process would compile for seconds, so torch's own operations are used


def parts() -> int:
    """Into how many parts to divide a loop."""
    threads = min(torch.get_num_threads(), _MOST)
    if threads == 1 or not _several_may_ask():
        return 1
    set_num_threads(threads)
    if torch.get_num_threads() != threads:  # Numba's first call takes a thread a core, in the OpenMP that torch has too
        torch.set_num_threads(threads)
    return threads


@cache
def _several_may_ask() -> bool:
    """Whether there is OpenMP or TBB for Numba: its last resort, a work queue, ends the program when two threads use it."""
    for pool in ("omppool", "tbbpool"):
        try:
            import_module(f"numba.np.ufunc.{pool}")
        except ImportError:
            continue
        return True
    return False
