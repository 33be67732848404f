"""What else takes time: AIS, exact enumeration and Gibbs sweeps, each as the engine offers it."""

import time
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from rbm import randomness
from rbm.benchmarks.beside import Checkout
from rbm.benchmarks.engines import digits
from rbm.benchmarks.race import Setting, Unavailable
from rbm.evaluation import ais, exact
from rbm.models.rbm import RBM
from rbm.samplers import chains, gibbs

GIBBS_SWEEPS = 100


class TimedTask(NamedTuple):
    """One piece of work and the seconds it took, one number a run."""

    name: str
    runs: tuple[float, ...]

    @property
    def median(self) -> float:
        return median(self.runs)


def measure(
    runs: int, *, n_hidden: int = 500, n_chains: int = 100, n_temperatures: int = 1000, other: Checkout | None = None
) -> tuple[TimedTask, ...]:
    """AIS and Gibbs sweeps of a 784–``n_hidden`` machine, and log Z of a 784–16 one in full; interleaved.

    AIS by ``other`` too, where its engine can; why one cannot, the races have said.
    """
    big, small = _model(n_hidden), _model(16)
    draw = randomness.generator(1, "tasks")
    base = ais.base_biases(digits().train)
    state = chains.from_visible(big, digits().test[:n_chains], draw)

    def sweeps() -> None:
        now = state
        for _ in range(GIBBS_SWEEPS):
            now, _ = gibbs.sweep(big, now, draw)

    def by_products() -> None:
        path = ais.Path(big, base)
        walking = ais.Annealing(path, path.start(n_chains, draw))
        for old, new in pairwise(ais.temperatures(n_temperatures)):
            walking.step(old, new, draw)

    work: dict[str, Callable[[], object]] = {
        f"AIS, {n_chains} chains × {n_temperatures:,} temperatures, 784–{n_hidden}": lambda: ais.log_partition(
            big, n_chains=n_chains, n_temperatures=n_temperatures, generator=draw, base=base
        ),
        "the same by torch's products, as it was": by_products,
    }
    if other is not None:
        with suppress(Unavailable):
            engine = other.engine(Setting(n_hidden))
            work[f"the same by {other.name}"] = lambda: engine.anneal(n_chains, n_temperatures)
    work |= {
        "exact log Z, 784–16 (65,536 states)": lambda: exact.log_partition(small),
        f"{GIBBS_SWEEPS} Gibbs sweeps of {n_chains} chains, 784–{n_hidden}": sweeps,
    }
    taken: dict[str, list[float]] = {name: [] for name in work}
    for turn in range(runs + 1):
        for name, do in work.items():
            started = time.perf_counter()
            do()
            if turn:  # the first round warms up
                taken[name].append(time.perf_counter() - started)
    return tuple(TimedTask(name, tuple(seconds)) for name, seconds in taken.items())


def _model(n_hidden: int) -> RBM:
    model = RBM(digits().n_visible, n_hidden, generator=randomness.generator(1, "model"))
    model.fit_visible_bias(digits().train, digits().pixel_mean)
    return model
