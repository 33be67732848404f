"""Compiling ahead of need: the first use of a loop on a machine takes about a second, every later one a hundredth."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from filelock import FileLock, Timeout
from platformdirs import user_cache_dir

from rbm.core import annealing, columns, free_energies, kernels, lines, row_sweeps, rows, spins, threads

LONGEST = 120.0  # seconds in which whoever compiles must be done, before others do it too


def compile_loops() -> None:
    """Run every compiled loop once on next to nothing; what Numba makes of them is kept on disk for all processes.

    The screen and its workers start together. On a machine that is new to them one of them compiles, for forty seconds of a core,
    and the others wait and load what it has made, in less than a second and a hundred megabytes of memory less.
    """
    first_alone(Path(user_cache_dir("boltzmann-explorer", appauthor=False)) / "compiling", _compile)


def first_alone(place: Path, work: Callable[[], None]) -> None:
    """Do the work: alone, while nobody else does; or else once whoever does it is done, beside all who waited for that.

    ``place`` is the file by which processes know of each other; where it cannot be written they do it all at once.
    """
    lock = FileLock(place)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        _wait_for(lock)
    except (OSError, NotImplementedError):
        pass  # no folder, or no file system, for such a file: nobody knows of anybody then
    try:
        work()
    finally:
        lock.release()  # nothing where it is not held


def _wait_for(lock: FileLock) -> None:
    try:
        lock.acquire(timeout=LONGEST)
    except Timeout:
        return
    lock.release()


def _compile() -> None:
    _one_thread()
    if threads.parts() > 1:
        _several_threads()


def _one_thread() -> None:
    p, row, chosen = torch.zeros(4, 4), torch.zeros(4), torch.zeros(1, dtype=torch.long)
    kernels.flip(p, 0, p.clone())
    kernels.flip_rows(p, chosen, 0, p[:1].clone())
    kernels.draw(p.clone(), 0, p.clone())
    kernels.sample(p, 0, p.clone())
    free_energies.log_ratio(p, 0.0, 1.0)
    free_energies.flip_log_probability(p, p, p, row)
    _lines(p, p)
    kernels.centred(p, p, row.clone(), 0.0, 1.0, torch.zeros(8, 4), row.clone())
    kernels.advance(p.clone(), p.clone(), 0.0, (row, row), (row.clone(), row.clone()))
    kernels.follow(row.clone(), row.clone(), row, 0.0, 0.0)
    lattice, words = np.ones(16, np.int8), np.zeros(1, np.uint64)
    spins.record(lattice, 2, 1.0, 1, words, lattice[None].copy())
    spins.clusters(lattice, 2, 1.0, 1, words)
    spins.metropolis(lattice, 2, 1.0, 1, words)
    spins.cluster_sizes(lattice, 2, 1.0, words, np.empty(1, np.int64))
    spins.metropolis_sizes(lattice, 2, 1.0, words, np.empty(1, np.int64))
    _add_rows()


def _several_threads() -> None:
    p, chosen = torch.zeros(1, kernels.WORTH_SHARING), torch.zeros(1, dtype=torch.long)
    kernels.flip_rows(p, chosen, 0, p.clone())
    kernels.draw(p.clone(), 0, p.clone())
    kernels.sample(p, 0, p.clone())
    free_energies.log_ratio(p, 0.0, 1.0)
    _lines(torch.zeros(1, 4), torch.zeros(1, kernels.WORTH_SHARING))
    _add_rows()


def _lines(v: torch.Tensor, x: torch.Tensor) -> None:
    n = torch.zeros(v.shape[1], dtype=torch.float64)
    ends = lines.Ends(n, n + 1, n, n - 1, n + 2, n, n)
    rule = lines.Rule(n[:1] + 0.5, n[:1], False, 1.0)
    for states in (lines.BERNOULLI, lines.States(4, one_hot=True)):  # multinary ones too are compiled with these
        lines.log_density(v, x, torch.zeros(len(n), x.shape[1]), ends, rule, states)


def _add_rows() -> None:
    p = torch.zeros(4, 4)
    _, ones = rows.hidden_field(p, p, p[0])
    rows.places(p)
    room, layers = row_sweeps.Buffers(4, 4, 4), row_sweeps.Layers(p, p[0], p[0])
    keys = np.zeros((2, 2), np.uint32)
    row_sweeps.begin(p, torch.arange(4), room, layers, keys)
    row_sweeps.sweep(p, room, layers, keys)
    annealing.Loops(p, p, p[0], p[0]).step(0.0, 1.0, p[0], keys)
    states = torch.zeros(columns.FEWEST, 4)
    columns.Columns(len(states), 4).product(states, p, states.clone())
    layer = (p[0].clone(), p[1].clone(), p[2].clone())
    rows.OnePass().step((ones, p), (ones, p), (p.clone(), p.clone()), layer, layer, p[0], (0.0,) * 5)
