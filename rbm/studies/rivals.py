"""The RBM and its rivals under one clock: whose digits can be read first, and who ends best?

The claim of the sources: an RBM gives readable digits after a few epochs, well before a GAN of about the same number of
weights. Here "readable" is a Fréchet distance (features of a small digit classifier, ``rbm.evaluation.digit_features``)
below that of real digits with a tenth of their pixels flipped. All train on the app's 54,000 training images, on one
thread and for the same seconds of processor time; the RBM by PCD-1 at a constant rate, the others by Adam at the field's
usual rates; nothing was tuned for this table.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

import torch

from rbm.datasets.base import Dataset
from rbm.studies.report import Cell, Column, Say, Table
from rbm.tasks.baselines import comparison
from rbm.tasks.baselines.comparison import MODELS, BaselineLook, BaselineVerdict, Opening

STOPS = (1.0, 5.0, 20.0)  # seconds, beside the end
YARDSTICK = "a tenth flipped"
NEVER = "not in time"


def run(
    seeds: Sequence[int],
    say: Say,
    *,
    dataset: Dataset | str = "mnist",
    n_hidden: int = 500,
    seconds: float = 60.0,
    n_samples: int = 1000,
    n_temperatures: int = 1000,
) -> Table:
    """All five models with each seed, ``seconds`` of training each."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the clock is one thread's
    stops = (*(stop for stop in STOPS if stop < seconds), seconds)
    rows: list[tuple[Cell, ...]] = []
    notes: list[str] = []
    try:
        for seed in seeds:
            news = comparison.compare(
                tuple(MODELS),
                n_hidden=n_hidden,
                seconds=seconds,
                seed=seed,
                n_samples=n_samples,
                n_temperatures=n_temperatures,
                dataset=dataset,
            )
            opening, looks, verdicts = _listen(news, say)
            limit = opening.yardsticks[YARDSTICK]
            rows += [
                _row(name, seed, opening.weights[name], looks[name], verdicts[name], stops, limit) for name in MODELS
            ]
            notes.append(claim(seed, looks, limit))
    finally:
        torch.set_num_threads(threads)
    known = ", ".join(f"{name} {d:.1f}" for name, d in opening.yardsticks.items())
    return Table(_columns(stops), tuple(rows), (*notes, HOW.format(n=n_samples, known=known)))


HOW = (
    "Fréchet distances of {n:,} pictures from the test images, in per cent of the digits' own variance; yardsticks: {known}. "
    "AATS of as many black-and-white draws against test images: one half is ideal, images' side high where parts of the data "
    "are missed, pictures' side high where pictures crowd. Log-likelihood: nats per test image, grey levels drawn once; an "
    "RBM's from reverse AIS to AIS, a VAE's lower bound. An autoencoder's pictures are decoded draws of a Gaussian fitted to "
    "its codes. An RBM's come from {n:,} chains begun at noise, 20 sweeps from one look to the next. Making and judging "
    "pictures is not on the clock."
)


def claim(seed: int, looks: Mapping[str, Sequence[BaselineLook]], limit: float) -> str:
    """The claim, and what came out."""
    found = {name: first_readable(looks[name], limit) for name in ("rbm", "gan", "dcgan")}
    told = [f"the {MODELS[name]} {_when(look)}" for name, look in found.items()]
    own = found["rbm"]
    others = [look for name, look in found.items() if name != "rbm" and look is not None]
    first = own is not None and all(look.mark > own.mark for look in others)
    verdict = "It holds here" if first else "It is not borne out"
    return (
        f"Seed {seed}. Claimed: an RBM's digits are readable after a few epochs, well before a GAN's of its size. {verdict}: "
        f"readable (Fréchet at most {limit:.1f}) {', '.join(told)}."
    )


def first_readable(looks: Sequence[BaselineLook], limit: float) -> BaselineLook | None:
    """The first look at a distance of ``limit`` or less."""
    return next((look for look in looks if look.frechet <= limit), None)


def _when(look: BaselineLook | None) -> str:
    return NEVER if look is None else f"after {look.mark:g} s, {look.epoch:.1f} epochs"


Heard = tuple[Opening, dict[str, list[BaselineLook]], dict[str, BaselineVerdict]]


def _listen(news: Iterable[comparison.News], say: Say) -> Heard:
    """All the news, a line told at each look."""
    looks: dict[str, list[BaselineLook]] = {name: [] for name in MODELS}
    verdicts: dict[str, BaselineVerdict] = {}
    opening = Opening({}, {})
    for one in news:
        if isinstance(one, Opening):
            opening = one
        elif isinstance(one, BaselineLook):
            looks[one.model].append(one)
            say(f"  {MODELS[one.model]} after {one.mark:g} s, {one.epoch:.1f} epochs: Fréchet {one.frechet:.1f}")
        elif isinstance(one, BaselineVerdict):
            verdicts[one.model] = one
    return opening, looks, verdicts


def _columns(stops: Sequence[float]) -> tuple[Column, ...]:
    return (
        Column("model"),
        Column("seed"),
        Column("weights"),
        Column("epochs", 1),
        *(Column(f"Fréchet, {stop:g} s", 1) for stop in stops),
        Column("AATS"),
        Column("images' side"),
        Column("pictures' side"),
        Column("sure of the digit"),
        Column("readable after"),
        Column("log-likelihood"),
    )


def _row(
    name: str,
    seed: int,
    weights: int,
    looks: Sequence[BaselineLook],
    verdict: BaselineVerdict,
    stops: Sequence[float],
    limit: float,
) -> tuple[Cell, ...]:
    last = looks[-1]
    first = first_readable(looks, limit)
    return (
        MODELS[name],
        seed,
        f"{weights:,}",
        last.epoch,
        *(next(look.frechet for look in looks if look.mark == stop) for stop in stops),
        last.aats,
        last.data_side,
        last.sample_side,
        last.sure,
        NEVER if first is None else f"{first.mark:g} s, {first.epoch:.1f} epochs",
        _likelihood(verdict),
    )


def _likelihood(verdict: BaselineVerdict) -> str:
    if math.isnan(verdict.low):
        return "none"
    low = f"{verdict.low:.1f}".replace("-", "−")
    told = f"≥ {low}" if math.isinf(verdict.high) else f"{low} to " + f"{verdict.high:.1f}".replace("-", "−")
    return f"{told} ({verdict.mark})" if verdict.mark else told
