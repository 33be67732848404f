"""What a machine learns of the Ising model: couplings, energies and magnetisations, for three temperatures and two sizes.

Spin units on both sides, 10,000 states by Wolff's clusters, CD-10, batches of 100, rate 0.1 falling linearly, 100 epochs, no
momentum and no decay; biases start at 0. The couplings are those of p(v) once the hidden units are summed out, exactly
(``rbm.evaluation.couplings``), against βJ = 1/T; energy and magnetisation per spin of 400 Gibbs chains begun at noise, 400
sweeps later. After Cossu et al. 2019 and Decelle et al. 2024, who recover couplings from such machines.
"""

from collections.abc import Sequence

import numpy as np

from rbm.datasets.base import Dataset
from rbm.datasets.entry import ISING_CRITICAL
from rbm.evaluation import couplings, exact, lattice
from rbm.evaluation.lattice import WithError
from rbm.lessons import finite_lattice
from rbm.models.rbm import RBM
from rbm.studies.report import Cell, Column, Say, Table
from rbm.tasks.ising import IsingChains, data_spins, run_spec, training

TEMPERATURES = (2.0, ISING_CRITICAL, 3.5)
SIDES = (4, 8)
SWEEPS = 400
COLUMNS = (
    Column("lattice"),
    Column("T", 3),
    Column("seed"),
    Column("βJ of the data", 3),
    Column("neighbours' mean J"),
    Column("their deviation", 3),
    Column("other pairs' mean J, absolute"),
    Column("e, machine"),
    Column("e, data"),
    Column("e, exact", 4),
    Column("m absolute, machine"),
    Column("m absolute, data"),
    Column("m absolute, exact"),
    Column("KL, nats"),
)
NOTES = (
    "J: effective couplings of p(v), exact; ± is the standard error over the 2n pairs of neighbours, which hold one value in the "
    "data, and over all other pairs, which hold nought. They average over all 2ⁿ states alike, also those that data below T_c "
    "never show, so far pairs are least sure there.",
    "e, m: energy and |magnetisation| per spin of 400 chains from noise, of 10,000 states of data, and exactly (all states "
    "at 4×4, Kaufman's partition function at 8×8); ± by the jackknife over 20 blocks. KL(Ising‖machine), exact, at 4×4.",
)


def run(
    seeds: Sequence[int],
    say: Say,
    *,
    dataset: Dataset | None = None,
    sides: Sequence[int] = SIDES,
    temperatures: Sequence[float] = TEMPERATURES,
    epochs: int = 100,
    sweeps: int = SWEEPS,
) -> Table:
    """A machine for each lattice, temperature and seed; ``dataset`` is not asked, the spins are drawn here."""
    rows = []
    for side in sides:
        for temperature in temperatures:
            for seed in seeds:
                say(f"{side}×{side} at T = {temperature:.3f}, seed {seed}")
                rows.append(_row(side, temperature, seed, epochs, sweeps))
                say(f"  J = {rows[-1][4]} of {1 / temperature:.3f}")
    return Table(COLUMNS, tuple(rows), NOTES)


def _row(side: int, temperature: float, seed: int, epochs: int, sweeps: int) -> tuple[Cell, ...]:
    spec = run_spec(side, temperature, epochs=epochs, seed=seed, k=10)
    *_, (model, _) = training(spec, looks=1)
    read = couplings.on_lattice(couplings.effective(model), side)
    chains = IsingChains(model, seed)
    chains.sweep(sweeps)
    made = lattice.measured(chains.spins(side), temperature)
    data = lattice.measured(data_spins(spec, side), temperature)
    truth = finite_lattice.exactly(side, temperature)
    return (
        f"{side}×{side}", temperature, seed, 1 / temperature, _told(read.mean, 3), read.spread, _told(read.rest, 3),
        _told(made.energy, 4), _told(data.energy, 4), truth.energy,
        _told(made.magnetisation, 4), _told(data.magnetisation, 4),
        "none" if truth.magnetisation is None else f"{truth.magnetisation:.4f}",
        f"{divergence(model, temperature):.4f}" if side == finite_lattice.SMALL else "none",
    )  # fmt: skip


def divergence(model: RBM, temperature: float) -> float:
    """KL(Ising‖machine) in nats over all states of a 4×4 lattice."""
    v, p = exact.visible_distribution(model)
    e = lattice.energies(lattice.lattices(v.numpy(), finite_lattice.SMALL)) * model.n_visible
    weight = np.exp(-(e - e.min()) / temperature)
    q = weight / weight.sum()
    return float(q @ (np.log(q) - np.log(p.numpy())))


def _told(estimate: WithError, digits: int) -> str:
    return f"{estimate.value:.{digits}f} ± {estimate.error:.{digits}f}".replace("-", "−")
