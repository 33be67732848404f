"""A trained machine examined: what its weights hold, whether its chains mix, and what its samples are worth.

A generator for ``rbm.jobs.task``: findings come one after the other, the quick ones first, each exact in its inputs, so that
equal machines are found equal. Pictures are rows of V pixels; N samples are compared with as many images.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from rbm.datasets.entry import POTTS
from rbm.errors import TooLargeError
from rbm.experiment import RunSpec
from rbm.models.parameters import Array, Parameters
from rbm.tasks.likelihood import fixed_data

if TYPE_CHECKING:
    from torch import Tensor

    from rbm.models.rbm import RBM

N_SAMPLES = 256
N_SWEEPS = 600  # the first half is not counted: the chains come from noise
NEWS_EVERY = 50  # sweeps
SHOWN = 10
N_MODES = 20  # of the strongest, drawn
LAGS = 200  # sweeps
QUALITIES = 4  # measured a doubling of the sweeps
COLUMNS, GROUPS = 40, 800  # that vary most, and the most pairs or triples of them whose correlations are measured,
TOGETHER = 4096  # in so many training images
PLACES = 64  # at most, of a map of which places are coupled: more cells could not be told apart
REFERENCE = 1024  # training images whose second moments samples are held to
BINS, FINE = 40, 50  # of the histogram of singular values; points of an integral over one
NOISE_REACHES, MARGIN = 30.0, 1.05  # the histogram begins that factor below noise's end, and ends above all values


class WeightModes(NamedTuple):
    """The singular values of W (K,), where noise's end, how many stand out, and the strongest ones' pictures (M, V).

    ``edges`` (B + 1,) of a histogram of the values, each a factor above the one before; ``shares`` (B,) of them in each
    bin, and ``noise`` (B,) of those of the weights as they began.
    """

    values: Array
    noise_edge: float
    n_modes: int
    participation: float
    pictures: Array
    edges: Array
    shares: Array
    noise: Array


class StepQuality(NamedTuple):
    """How good the chains' pictures were after so many sweeps from noise, ``steps`` (Q,) a part of a doubling apart, and at k.

    ``gap`` (Q,) and ``gap_error`` (Q,): by their second moments, see :mod:`rbm.evaluation.moment_gap`, that of as many test
    images being ``gap_of_data``; ``aats`` (Q,) of neighbours, ½ at best, all with one error at most.
    """

    steps: Array
    gap: Array
    gap_error: Array
    gap_of_data: float
    aats: Array
    aats_error: float


class ChainsFromNoise(NamedTuple):
    """Chains from noise so far: mean free energy of each sweep (T,) against the test images' own, and the newest pictures."""

    free_energy: Array
    data_free_energy: float
    pictures: Array
    quality: StepQuality


class Mixed(NamedTuple):
    """What the second half of the walk tells; autocorrelation (L,) of the free energy by lag. NaN: not to be told."""

    autocorrelation_time: float
    ess: float
    r_hat: float
    verdict: str
    autocorrelation: Array


class Group(NamedTuple):
    """Connected correlations of some pairs or triples of columns (T,): of images, and of the chains, with standard errors.

    ``agreement`` is Pearson's between both, ``of_images`` that between the images and as many others as there are chains;
    ``coupling`` the mean |J| of the same groups in p(v), NaN where that is not known.
    """

    images: Array
    chains: Array
    error: Array
    agreement: float
    of_images: float
    coupling: float


class Together(NamedTuple):
    """Whether the chains vary together as the images do, in pairs and in threes.

    ``contacts`` (L, L) of sequences of letters: how strongly p(v) couples two places; ``truth`` what made the data, if known.
    """

    pairs: Group
    triples: Group
    contacts: Array | None = None
    truth: Array | None = None


class Energies(NamedTuple):
    """Free energies in common bins: edges (B + 1,) and counts (B,) by set, nats; the mean of noise, which lies far off."""

    edges: Array
    counts: dict[str, Array]
    noise: float


class Likeness(NamedTuple):
    """AATS of the chains' last pictures against test images, their memorising, and the nearest training images of some.

    ``samples`` and ``nearest`` (S, V), ``differ`` (S,) their squared distance, which for zeros and ones is the number of pixels
    in which the two differ; ``privacy_loss`` above 0 says that training images are resembled more than unseen ones.
    """

    data_side: float
    sample_side: float
    standard_error: float
    verdict: str
    privacy_loss: float
    samples: Array
    nearest: Array
    differ: Array


Finding = WeightModes | ChainsFromNoise | Mixed | Together | Energies | Likeness


def examine(
    spec: str, parameters: Parameters, n_samples: int = N_SAMPLES, n_sweeps: int = N_SWEEPS, seed: int = 1
) -> Iterator[Finding]:
    """Everything about the machine of ``spec`` (RunSpec.to_json) with these parameters, finding by finding."""
    import torch

    from rbm import randomness
    from rbm.evaluation import mixing, samples
    from rbm.evaluation.moment_gap import SecondMoments
    from rbm.samplers import chains as start
    from rbm.samplers import gibbs

    # Not torch.no_grad() over all of it: left at a yield, it would hold for whatever else runs on the worker's thread.
    model = parameters.to_model().requires_grad_(False)
    yield weight_modes(model)
    run = RunSpec.from_json(spec)
    data, k = fixed_data(run), run.training.k
    asked = (
        (k - 1, k, k + 1) if run.training.algorithm == "rdm" else ()
    )  # of k steps from noise, where it should be best
    n = min(n_samples, len(data["test"]), len(data["train"]))
    draw = randomness.generator(seed, "examination")
    walkers = start.from_noise(model, n, draw)
    own = float(model.free_energy(data["test"][:n]).mean())
    reference = SecondMoments(data["train"][:REFERENCE])
    seen, judged, later = [], [], []
    for sweep in range(1, n_sweeps + 1):
        walkers, _ = gibbs.sweep(model, walkers, draw)
        seen.append(model.free_energy(walkers.v))
        if (2 * sweep >= n_sweeps and sweep % NEWS_EVERY == 0) or sweep == n_sweeps:
            later.append(walkers.v)
        if sweep in asked or int(QUALITIES * math.log2(sweep)) > int(QUALITIES * math.log2(max(sweep - 1, 0.5))):
            alike = samples.resemblance(data["test"][:n], walkers.v)
            judged.append((sweep, *reference.gap(walkers.v), alike.value))
        if sweep % NEWS_EVERY == 0 or sweep == n_sweeps:
            quality = _quality(judged, reference.gap(data["test"][:n]).value, alike.standard_error)
            yield ChainsFromNoise(_array(torch.stack(seen).mean(1)), own, _array(walkers.v[:SHOWN]), quality)
    settled = torch.stack(seen[n_sweeps // 2 :])
    found = mixing.diagnose(settled)
    memory = mixing.autocorrelation(settled)[:LAGS]
    yield Mixed(found.autocorrelation_time, found.ess, found.r_hat, found.verdict, _array(memory))
    known = _contacts(model, run.dataset.name)
    yield _moments(model, data, torch.stack(later, 1), *known)
    yield _energies(model, {name: rows[:n] for name, rows in data.items()}, walkers.v, draw)
    alike = samples.resemblance(data["test"][:n], walkers.v)
    copied = samples.privacy_loss(data["train"][:n], data["test"][:n], walkers.v)
    near = samples.nearest(walkers.v[:SHOWN], data["train"])
    yield Likeness(
        alike.data_side,
        alike.sample_side,
        alike.standard_error,
        alike.verdict,
        copied,
        _array(walkers.v[:SHOWN]),
        _array(data["train"][near.rows[:, 0]]),
        _array(near.distance[:, 0]),
    )


def weight_modes(model: RBM) -> WeightModes:
    """What the weights hold, mode by mode: a fraction of a second, so that a page can show it unasked."""
    from rbm.evaluation.spectrum import spectrum

    found = spectrum(model.weight)
    pictures = (found.values[:, None] * found.visible)[:N_MODES]
    kept = found.noise_edge, found.n_modes, found.participation
    return WeightModes(
        _array(found.values), *kept, _array(pictures), *map(_array, _histogram(found.values, *model.weight.shape))
    )


def _quality(judged: Sequence[tuple[float, ...]], gap_of_data: float, error: float) -> StepQuality:
    steps, gap, gap_error, aats = np.array(judged, dtype=np.float32).T
    return StepQuality(steps, gap, gap_error, gap_of_data, aats, error)


def _histogram(values: Tensor, n_visible: int, n_hidden: int) -> tuple[Tensor, Tensor, Tensor]:
    """Edges, shares of the values (K,) and of noise's in BINS bins even in log s: what was learnt is far above noise."""
    import torch

    from rbm.evaluation.spectrum import noise_density, noise_edge

    s, edge = values.detach().double().cpu(), noise_edge(n_visible, n_hidden)
    low, high = edge / NOISE_REACHES, max(float(s.max()), edge) * MARGIN
    steps = torch.linspace(math.log(low), math.log(high), BINS * FINE + 1, dtype=torch.float64).exp()
    edges, middles = steps[::FINE], (steps[1:] + steps[:-1]) / 2
    noise = noise_density(middles, n_visible, n_hidden) * steps.diff()
    noise[0] += (1 - noise.sum()).clamp(min=0)  # what lies below the first edge, too near to 0 for a logarithm
    shares = torch.histogram(s.clamp(min=low), edges).hist / len(s)
    noise /= noise.sum()  # the midpoints' rule may find a little more than all of it
    return edges, shares, noise.view(BINS, FINE).sum(1)


def _moments(model: RBM, data: dict[str, Any], chains: Tensor, contacts: Array | None, truth: Array | None) -> Together:
    """``chains`` (B, t, V): each at t times, which know of each other."""
    from rbm import randomness
    from rbm.evaluation import correlations

    train, others = data["train"][:TOGETHER], data["test"][: len(chains)]
    columns = correlations.most_varied(train, COLUMNS)
    found = []
    for size in (2, 3):
        of = correlations.groups(columns, size, GROUPS, randomness.generator(size, "correlations"))
        images, test = (correlations.connected(rows, of).value for rows in (train, others))
        made = correlations.connected(chains, of)
        coupling = _coupling(model, of)
        agree = correlations.agreement(images, made.value), correlations.agreement(images, test)
        found.append(Group(_array(images), _array(made.value), _array(made.standard_error), *agree, coupling))
    return Together(found[0], found[1], contacts, truth)


def _coupling(model: RBM, of: Tensor) -> float:
    """Mean |J| of the groups in p(v); NaN where it is not known, or the weights are far beyond any use."""
    from rbm.evaluation import couplings

    if not couplings.is_known(model):
        return math.nan
    try:
        return float(couplings.among(model, of).abs().mean())
    except TooLargeError:
        return math.nan


def _contacts(model: RBM, name: str) -> tuple[Array | None, Array | None]:
    """Of a machine of letters, what it couples, and beside it what the data of that name were made with."""
    from rbm.datasets import potts
    from rbm.evaluation import contacts

    if not contacts.is_known(model) or model.n_visible > PLACES:
        return None, None
    truth = _array(contacts.strengths(potts.couplings()[1])) if name == POTTS else None
    try:
        found = contacts.couplings(model)
    except TooLargeError:
        return None, None
    return _array(contacts.strengths(found)), truth


def _energies(model: RBM, data: dict[str, Any], samples: Any, draw: Any) -> Energies:
    from rbm.evaluation.samples import free_energies

    noise = model.visible_unit.uniform((len(samples), model.n_visible), draw).to(samples)
    sets = {"training": data["train"], "test": data["test"], "samples": samples}
    found = free_energies(model, sets, bins=40)
    counts = {name: _array(counts) for name, counts in found.counts.items()}
    return Energies(_array(found.edges), counts, float(model.free_energy(noise).mean()))


def _array(values: Any) -> Array:
    found: Array = values.detach().float().numpy()
    return found
