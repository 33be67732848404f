"""Samples beside the data: are they as near to it as it is to itself, and which images do they resemble?

Distances are squared Euclidean, which for pixels 0 and 1 is the number of pixels that differ (Hamming). They come from
matrix products |a − b|² = |a|² + |b|² − 2ab, a bounded block of rows at a time: whole numbers are exact in float32,
grey levels to about 1e-6 of |a|² + |b|². Letters: N, M images, V pixels, B bins.
"""

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from rbm.core.language import _
from rbm.errors import ConfigError, DivergenceError, ShapeError
from rbm.models.rbm import RBM

BLOCK = 2**22  # distances held at once, 16 MB in float32
SURE = 2.0  # standard errors from 1/2 that count as a finding
LOPSIDED = 0.2  # difference of the two sides that counts as one, if it is also four standard errors


class Neighbours(NamedTuple):
    """The k nearest of each image, nearest first: ``rows`` (N, k) of the reference, ``distance`` (N, k) squared Euclidean."""

    rows: Tensor
    distance: Tensor


class Resemblance(NamedTuple):
    """AATS: how well nearest neighbours tell samples from data; ½ is ideal, 0 copies, 1 nothing alike.

    ``data_side``: of the *images*, the share whose nearest neighbour is another image and not a sample. High: parts of
    the data that no sample comes near (missed modes). ``sample_side``: of the *samples*, the share whose nearest
    neighbour is another sample. High: samples crowd together (collapsed, or not like the data); low: they sit on
    images (memorised). ``value``: the mean of both, which is ½ also for a blur in the middle of the data, near to
    every image (data side 0) and to itself (sample side 1): read all three. ``standard_error`` of the value if the
    distributions are equal, at most.
    """

    data_side: float
    sample_side: float
    standard_error: float

    @property
    def value(self) -> float:
        """AA = (data_side + sample_side) / 2."""
        return (self.data_side + self.sample_side) / 2

    @property
    def verdict(self) -> str:
        """One sentence, fit to be shown to a person."""
        sides = _(
            "{data_side:.2f} of the images and {sample_side:.2f} of the samples are nearest their own kind"
        ).format(data_side=self.data_side, sample_side=self.sample_side)
        lopsided = self.data_side - self.sample_side
        if abs(lopsided) > max(LOPSIDED, 2 * SURE * self.standard_error):
            if lopsided > 0:
                return _("Much of the data has no sample near it: {sides}.").format(sides=sides)
            return _("The samples crowd together amid the data: {sides}.").format(sides=sides)
        if abs(self.value - 0.5) <= SURE * self.standard_error:
            return _(
                "Samples cannot be told from data by their neighbours: {value:.2f} ± {standard_error:.2f}."
            ).format(value=self.value, standard_error=self.standard_error)
        if self.value < 0.5:
            return _("The samples lie closer to the data than the data to itself, as copies do: {sides}.").format(
                sides=sides
            )
        return _("Samples can be told from data: {sides}; one half is ideal.").format(sides=sides)


class Histogram(NamedTuple):
    """Several sets in common bins: ``edges`` (B + 1,) in nats, ``counts`` (B,) of each set by name."""

    edges: Tensor
    counts: Mapping[str, Tensor]


@torch.no_grad()
def resemblance(data: Tensor, samples: Tensor, *, ties: float = 0.5) -> Resemblance:
    """AATS of data T (N, V) and as many samples S (N, V), their nearest-neighbour adversarial accuracy:

        AA = ½ (⟨1[d_TS > d_TT]⟩_T + ⟨1[d_ST > d_SS]⟩_S)

    with d_TS the distance of an image to the nearest sample, d_TT to the nearest *other* image, and so on. Binary
    pictures are often equally far from both: such a tie counts ``ties``, ½ by default, so that equal distributions give
    ½ even where all states occur many times. Published code takes the formula to the letter, which is ``ties=0``: its
    values are lower by half the share of ties, and compare with ours only where there are none. The error is √2 times that
    of 2N coins, as if all were in pairs that are each other's nearest and so count twice (Henze, Annals of Statistics 16,
    1988).
    ShapeError for unequal sizes, for which ½ is not the ideal of each side, and for fewer than 2 rows.
    Source: Yale et al., Generation and Evaluation of Privacy Preserving Synthetic Health Data, Neurocomputing 416, 2020.
    """
    _matching(data, samples)
    if len(data) != len(samples) or len(data) < 2:
        wrong = _(
            "AATS compares equally many images and samples, at least 2, got {n_data} and {n_samples}: cut the "
            "larger set with [:n]."
        )
        raise ShapeError(wrong.format(n_data=len(data), n_samples=len(samples)))
    data = _floats(data)
    samples = samples.to(data)
    across_data, across_samples = _both_ways(data, samples)
    data_side = _share_farther(across_data, data, ties)
    return Resemblance(data_side, _share_farther(across_samples, samples, ties), 0.5 / math.sqrt(len(data)))


def privacy_loss(train: Tensor, test: Tensor, samples: Tensor) -> float:
    """AA of unseen images minus AA of training images, each set (N, V): 0 is ideal.

    Above 0 the samples resemble what the model was shown more than what it was not: it has memorised. Same errors and
    source as :func:`resemblance`.
    """
    return resemblance(test, samples).value - resemblance(train, samples).value


@torch.no_grad()
def nearest(query: Tensor, reference: Tensor, k: int = 1, *, skip_self: bool = False) -> Neighbours:
    """The k nearest rows of ``reference`` (M, V) of each row of ``query`` (N, V), ties settled arbitrarily.

    ``skip_self``: query *is* reference, and no row is its own neighbour. ShapeError for different V, ConfigError unless
    1 ≤ k ≤ the number of candidates.
    """
    _matching(query, reference)
    candidates = len(reference) - skip_self
    if not 1 <= k <= candidates:
        wrong = _("Each image has {candidates} candidates for a neighbour; got k={k}.")
        raise ConfigError(wrong.format(candidates=candidates, k=k))
    query = _floats(query)
    reference = query if skip_self else reference.to(query)
    index, distance = [], []
    for start, block in _distances(query, reference):
        if skip_self:
            block.diagonal(start).fill_(math.inf)
        values, indices = block.min(1, keepdim=True) if k == 1 else block.topk(k, dim=1, largest=False)
        index.append(indices)
        distance.append(values)
    return Neighbours(torch.cat(index), torch.cat(distance))


@torch.no_grad()
def free_energies(model: RBM, sets: Mapping[str, Tensor], bins: int = 40) -> Histogram:
    """F(v) of sets of pictures, each (N, V), such as train, validation, samples and noise, in common bins.

    What a model that has learnt shows: samples where the data is, noise far above. Validation above train: it overfits.
    Samples below the data: chains have gathered in a mode that the data does not have. DivergenceError if a free energy
    is not finite, ConfigError for no set or no bin, ShapeError for an empty set.
    """
    if not sets or bins < 1:
        wrong = _("A histogram needs at least one set and one bin, got {n_sets} and bins={bins}.")
        raise ConfigError(wrong.format(n_sets=len(sets), bins=bins))
    values = {name: _free_energy(model, v, name) for name, v in sets.items()}
    low = min(float(f.min()) for f in values.values())
    high = max(float(f.max()) for f in values.values())
    if low == high:
        low, high = low - 0.5, high + 0.5
    edges = torch.linspace(low, high, bins + 1, dtype=torch.float64)
    return Histogram(edges, {name: torch.histogram(f, edges).hist.long() for name, f in values.items()})


def _free_energy(model: RBM, v: Tensor, name: str) -> Tensor:
    """F of each row, (N,) float64 on the CPU, the pictures a bounded block at a time."""
    if len(v) == 0:
        raise ShapeError(_("The set {name!r} has no pictures; leave it out.").format(name=name))
    v = model.check(v, name, model.visible_columns)
    model.visible_unit.check_states(v, name)
    rows = max(BLOCK // model.weight.shape[1], 1)
    f = torch.cat([model.free_energy(part) for part in v.split(rows)]).double().cpu()
    if not bool(f.isfinite().all()):
        wrong = _("Free energies of {name!r} are not finite: the model has diverged; lower the learning rate.")
        raise DivergenceError(wrong.format(name=name))
    return f


def _share_farther(across: Tensor, rows: Tensor, ties: float) -> float:
    """The share of rows (N, V) whose nearest in the other set, ``across`` (N,) away, is farther than one of their own."""
    within = nearest(rows, rows, skip_self=True).distance.squeeze(1)
    return float(((across > within).double() + ties * (across == within).double()).mean())


def _both_ways(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Distance of each row of a (N, V) to the nearest of b (M, V), and of each of b to the nearest of a: (N,), (M,)."""
    of_a, of_b = [], torch.full((len(b),), math.inf, dtype=a.dtype, device=a.device)
    for __, block in _distances(a, b):
        of_a.append(block.amin(1))
        torch.minimum(of_b, block.amin(0), out=of_b)
    return torch.cat(of_a), of_b


def _distances(a: Tensor, b: Tensor) -> Iterator[tuple[int, Tensor]]:
    """Blocks of rows of the distances (N, M) of a (N, V) to b (M, V), each with the number of its first row.

    One block is overwritten by the next.
    """
    rows = max(BLOCK // len(b), 1)
    of_b = b.square().sum(1)
    memory = a.new_empty(min(rows, len(a)), len(b))
    for start in range(0, len(a), rows):
        part = a[start : start + rows]
        block = memory[: len(part)]
        torch.addmm(of_b, part, b.T, alpha=-2.0, out=block)
        yield start, block.add_(part.square().sum(1, keepdim=True)).clamp_(min=0.0)


def _floats(x: Tensor) -> Tensor:
    return x if x.dtype == torch.float64 else x.float()


def _matching(a: Tensor, b: Tensor) -> None:
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or 0 in (len(a), len(b)):
        wrong = _(
            "The sets have shapes {first} and {second}, expected (N, V) and (M, V), not empty: flatten "
            "pictures with x.flatten(1)."
        )
        raise ShapeError(wrong.format(first=tuple(a.shape), second=tuple(b.shape)))
