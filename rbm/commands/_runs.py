"""What the commands share: finding the run that a person names."""

from __future__ import annotations

import signal
import sys
import threading
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rbm.errors import CheckpointError, ConfigError, RbmError
from rbm.store import Run, open_store


def add_run_argument(parser: ArgumentParser) -> None:
    """The run, and at which step of it."""
    parser.add_argument("run", help="the id of a run in the registry, or the path of a checkpoint (.safetensors)")
    parser.add_argument(
        "--step", type=int, help="a kept checkpoint of the run by its number of updates; the newest if left out"
    )


def find(arguments: Namespace) -> tuple[bytes, Run | None]:
    """The checkpoint's bytes, and the registry's run unless a file was named."""
    if not arguments.run:
        raise ConfigError(
            "No run is named; expected its id, as the page Compare runs shows it, or a .safetensors file."
        )
    path = Path(arguments.run)
    if path.suffix == ".safetensors" or path.exists():
        if arguments.step is not None:
            raise ConfigError("--step is of a run of the registry; a file holds one step.")
        return read(path), None
    store = open_store()
    run = store.run(arguments.run)
    if arguments.step is not None:
        return store.checkpoint(run.id, arguments.step), run
    newest = store.newest_whole(run.id)
    if newest.said:
        print(newest.said, file=sys.stderr)
    return newest.data, run


def read(path: Path) -> bytes:
    """The file's content; CheckpointError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"The checkpoint {str(path)!r} cannot be read: {error.strerror or error}.") from error


MOST_THREADS = 1024
MOST = 2**31 - 1  # of what is counted; more is no request that anything here could meet


def check_positive(**values: int) -> None:
    """RbmError for the first that is not from 1 to MOST."""
    check_least(1, **values)


def check_least(least: int, **values: int) -> None:
    """RbmError for the first that is not from ``least`` to MOST."""
    for name, value in values.items():
        if not least <= value <= MOST:
            wanted = f"{least} or more" if value < least else f"at most {MOST}"
            raise RbmError(f"--{name.replace('_', '-')} is {value}; expected {wanted}.")


def check_threads(threads: int) -> None:
    """RbmError for a number that no machine has."""
    if threads > MOST_THREADS:
        raise RbmError(f"--threads is {threads}; expected at most {MOST_THREADS}.")
    check_positive(threads=threads)


def check_out(path: Path, suffix: str) -> None:
    """ConfigError, before work begins, for a file that cannot be written, or whose name says that it is another kind of file."""
    if path.is_dir():
        raise ConfigError(f"{str(path)!r} is a folder; name a file in it, such as {str(path / ('out' + suffix))!r}.")
    if path.suffix.lower() != suffix:
        raise ConfigError(f"{str(path)!r} is written as {suffix}; give it a name that ends so.")


@contextmanager
def asked_to_stop() -> Iterator[threading.Event]:
    """Set by Ctrl+C or a polite kill; what is under way ends first, so that the state stays whole."""
    stop = threading.Event()
    old = {s: signal.signal(s, lambda *_: stop.set()) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
