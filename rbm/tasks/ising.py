"""An RBM of spins learns an Ising lattice or ring at one temperature, or at several in turn, and is measured as the lattice is.

Visible and hidden units are spins ±1. It learns by CD-k from the data, not by persistent chains: below T_c those stay in one
sign each, and the biases run after whichever has more. Letters: L side (LINE of the ring), n = L² spins, T temperature.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from rbm.datasets.entry import LINE, RING
from rbm.evaluation import lattice
from rbm.evaluation.lattice import LatticeMeans, WithError
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec, bare_model, cached_dataset
from rbm.training.config import TrainConfig

if TYPE_CHECKING:
    import torch

    from rbm.core.spins import Sizes
    from rbm.models.rbm import RBM

Floats = npt.NDArray[np.float64]
HIDDEN = {LINE: 32, 4: 32, 8: 64, 16: 128}  # by side
EPOCHS, QUICK_EPOCHS = 60, 25
LOOKS = 15  # while it learns
CHAINS, SHOWN = 400, 12
WARM, RECORDED = 200, 600  # sweeps before chains are measured, and of those their memory is told from ...
MOST_RECORDED = 4 * RECORDED  # ... where that is not yet enough
TRIPLES = 500  # of spins, whose couplings are looked at
LATTICES = 20  # whose memory is measured without a machine,
STEPS, MOST_STEPS = 1_000, 16_000  # over so many steps at least and at most: until they are
LONG, EXACT = 200, 0.1  # so many times τ, and its error that part of it
UNKNOWN = WithError(math.nan, math.nan)


class IsingLook(NamedTuple):
    """A machine that learns: how far it is, its chains begun at noise, and the couplings of its p(v).

    ``bonds`` (2L, 2L) and ``away`` (L, L) are ``couplings.bond_picture`` and ``by_distance``, of the ring all of J (n, n) and
    the mean of each of its diagonals in their place; ``neighbours`` the mean of neighbours and the
    error of it, ``spread`` their standard deviation, ``rest`` the mean |J| of all other pairs, ``triples`` that of triples.
    """

    share: float
    seconds: float
    chains: npt.NDArray[np.int8]  # (SHOWN, n)
    means: LatticeMeans
    correlation: tuple[WithError, ...]  # C(r), r = 0 ... L/2
    bonds: Floats
    away: Floats
    neighbours: WithError
    spread: float
    rest: float
    triples: float
    memory: WithError | None = None  # τ of |m| in Gibbs sweeps, once it has learnt


class TemperaturePoint(NamedTuple):
    """Data and machine at one temperature, and how many sweeps |m| is remembered by three chains, NaN where not measured yet."""

    temperature: float
    data: LatticeMeans
    machine: LatticeMeans
    gibbs: WithError
    metropolis: WithError
    wolff: WithError


def run_spec(side: int, temperature: float, *, epochs: int, seed: int, k: int = 5) -> RunSpec:
    """The run as a value; its rows are spins."""
    training = TrainConfig(
        algorithm="cd", k=k, learning_rate=0.1, schedule="linear", batch_size=100, epochs=epochs, momentum=0.0,
        weight_decay=0.0, binarise="none", likelihood="never",
    )  # fmt: skip
    model = ModelSpec(HIDDEN[side], "zero", visible="spin", hidden="spin")
    return RunSpec(
        DatasetSpec(RING if side == LINE else f"ising_{side}", temperature=temperature), model, training, seed
    )


def learn(side: int, temperature: float, epochs: int = EPOCHS, seed: int = 1) -> Iterator[IsingLook]:
    """Looks at the machine while it learns, and a last one with its memory."""
    spec, begun = run_spec(side, temperature, epochs=epochs, seed=seed), time.perf_counter()
    chains = None
    for model, share in training(spec):
        chains = IsingChains(model, seed) if chains is None else chains
        chains.sweep(WARM if share == 1 else WARM // 4)
        memory = chains.memory() if share == 1 else None
        yield _look(model, chains, side, temperature)._replace(
            share=share, seconds=time.perf_counter() - begun, memory=memory
        )


def training(spec: RunSpec, looks: int = LOOKS) -> Iterator[tuple[RBM, float]]:
    """The machine after each part of its training, and the share that is done."""
    from rbm import randomness
    from rbm.training.loop import Trainer

    data = cached_dataset(spec.dataset, spec.model)
    model = bare_model(spec.model, data.n_visible, spec.model.n_hidden, randomness.generator(spec.seed, "model"))
    trainer = Trainer(model, data, spec.training, randomness.generator(spec.seed, "training"))
    while not trainer.finished:
        trainer.step()
        if trainer.finished or trainer.step_number % max(1, trainer.total_steps // looks) == 0:
            yield model, trainer.step_number / trainer.total_steps


def through(
    side: int, temperatures: tuple[float, ...], epochs: int = QUICK_EPOCHS, seed: int = 1
) -> Iterator[TemperaturePoint]:
    """A machine at each temperature in turn; then each again with the memory of the lattice, for which no machine waits."""
    points = []
    for temperature in temperatures:
        spec = run_spec(side, temperature, epochs=epochs, seed=seed)
        *_, (model, _) = training(spec)
        chains = IsingChains(model, seed)
        chains.sweep(WARM)
        remembered = chains.memory()
        data = lattice.measured(data_spins(spec, side), temperature)
        made = lattice.measured(chains.spins(side), temperature)
        points.append(TemperaturePoint(temperature, data, made, remembered, UNKNOWN, UNKNOWN))
        yield points[-1]
    for point in points:
        metropolis, wolff = lattice_memory(side, point.temperature, seed)
        yield point._replace(metropolis=metropolis, wolff=wolff)


def data_spins(spec: RunSpec, side: int) -> Floats:
    """The training rows as lattices (N, L, L)."""
    rows = cached_dataset(spec.dataset).train.numpy()
    return lattice.lattices(2 * rows - 1, side)


def lattice_memory(side: int, temperature: float, seed: int) -> tuple[WithError, WithError]:
    """τ of |m| of Metropolis and of Wolff, both in sweeps: Wolff's clusters count as the part of the spins that they flip."""
    from rbm.datasets.ising import IsingLattice

    lattices = [IsingLattice(side, temperature, seed + i) for i in range(LATTICES)]
    for one in lattices:
        one.settle()
    metropolis, _ = _remembered(lambda steps: [(one.metropolis_sizes(steps), 0) for one in lattices])
    wolff, flipped = _remembered(lambda steps: [one.cluster_sizes(steps) for one in lattices])
    sweep = flipped / lattices[0].spins.size
    return metropolis, WithError(wolff.value * sweep, wolff.error * sweep)


def _remembered(further: Callable[[int], list[tuple[Sizes, int]]]) -> tuple[WithError, float]:
    """τ of chains that go ``further`` until each is long enough to tell it, and the spins flipped in a step."""
    found, x, flipped = UNKNOWN, np.empty((0, LATTICES)), 0
    while len(x) < MOST_STEPS and not (len(x) >= LONG * found.value and found.error <= EXACT * found.value):
        sizes, counts = zip(*further(max(len(x), STEPS)), strict=True)
        x, flipped = np.concatenate([x, np.stack(sizes, 1)]), flipped + sum(counts)
        found = lattice.autocorrelation_time(x)
    return found, flipped / x.size


class IsingChains:
    """CHAINS Gibbs chains of a machine, begun at noise, that go on while it learns."""

    def __init__(self, model: RBM, seed: int) -> None:
        from rbm.randomness import generator
        from rbm.samplers import from_noise

        self._model, self._source = model, generator(seed, "ising chains")
        self._chains = from_noise(model, CHAINS, self._source)

    def sweep(self, count: int) -> None:
        """Every chain so many sweeps further."""
        from rbm.samplers import gibbs

        for _ in range(count):
            self._chains, _ = gibbs.sweep(self._model, self._chains, self._source)

    def memory(self) -> WithError:
        """τ of |m| in sweeps, from chains that go on until it is known as well as the lattice's is, but not for ever."""
        x = self.sizes(RECORDED)
        found = lattice.autocorrelation_time(x)
        while len(x) < MOST_RECORDED and not found.error <= EXACT * found.value:
            x = np.concatenate([x, self.sizes(len(x))])
            found = lattice.autocorrelation_time(x)
        return found

    def sizes(self, count: int) -> Floats:
        """|m| of every chain after each of so many further sweeps: (count, CHAINS)"""
        found = np.empty((count, CHAINS))
        for t in range(count):
            self.sweep(1)
            found[t] = np.abs(self._chains.v.mean(1).numpy())
        return found

    def spins(self, side: int) -> Floats:
        """Where they stand: (CHAINS, L, L)"""
        v: torch.Tensor = self._chains.v
        return lattice.lattices(v.numpy(), side)


def _look(model: RBM, chains: IsingChains, side: int, temperature: float) -> IsingLook:
    from rbm.evaluation import couplings

    s = chains.spins(side)
    j = couplings.effective(model)
    read = couplings.on_lattice(j, side)
    return IsingLook(
        share=0.0,
        seconds=0.0,
        chains=s[:SHOWN].reshape(SHOWN, -1).astype(np.int8),
        means=lattice.measured(s, temperature),
        correlation=tuple(lattice.blocked(np.mean, at) for at in lattice.correlations(s).T),
        bonds=j.numpy() if side == LINE else couplings.bond_picture(j, side),
        away=_circulant(couplings.by_distance(j, side)[0]) if side == LINE else couplings.by_distance(j, side),
        neighbours=read.mean,
        spread=read.spread,
        rest=read.rest.value,
        triples=float(couplings.among(model, _triples(len(j))).abs().mean()),
    )


def _circulant(away: Floats) -> Floats:
    """The couplings (n, n) of a ring whose spins are all alike, from those by distance with the spin itself in the middle."""
    n = len(away)
    return np.stack([np.roll(away, i - n // 2) for i in range(n)])


@lru_cache(maxsize=4)
def _triples(n: int) -> torch.Tensor:
    """TRIPLES of n spins, always the same."""
    import torch

    from rbm.evaluation import correlations
    from rbm.randomness import generator

    return correlations.groups(torch.arange(n), 3, TRIPLES, generator(n, "triples"))
