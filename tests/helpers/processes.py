"""Which of a program's processes are workers, and which one they are forked from."""

from contextlib import suppress

import psutil

SPAWNED, FORKING = "spawn_main", "multiprocessing.forkserver"


def workers(above: psutil.Process) -> list[psutil.Process]:
    """Those below it: forked on Linux, spawned elsewhere."""
    return [
        one for one, words, parents in _below(above) if SPAWNED in words or (FORKING in words and FORKING in parents)
    ]


def forking(above: psutil.Process) -> list[psutil.Process]:
    """The one below it that workers are forked from, as soon as there is one."""
    return [one for one, words, parents in _below(above) if FORKING in words and FORKING not in parents]


def _below(above: psutil.Process) -> list[tuple[psutil.Process, str, str]]:
    """Each process with its own command line and its parent's; a forked one has the same as what it comes from."""
    found = []
    for one in above.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            found.append((one, " ".join(one.cmdline()), " ".join(one.parent().cmdline())))
    return found
