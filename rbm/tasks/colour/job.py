"""Learning colour images as a task: looks at the machine while it learns, with its chains stepped from noise."""

from __future__ import annotations

import copy
from collections.abc import Generator
from itertools import chain

import numpy as np
import torch

from rbm import randomness
from rbm.bundled import BundledMachine
from rbm.datasets.base import Dataset
from rbm.models.rbm import RBM
from rbm.samplers import chains as start
from rbm.samplers import gibbs
from rbm.tasks.colour import FILTERS, SIDE, ColourLook, encoding
from rbm.tasks.colour.pictures import load
from rbm.training.config import TrainConfig
from rbm.training.loop import Trainer
from rbm.training.metrics import STANDARD

SHOWN = 10
LOOKS = 60  # over the whole training
SWEEPS = 25  # of the chains between two looks
# Levels count up to M − 1 where on-off units count to 1, and steps grow with their square. At 0.05 the pseudo-likelihood of faces
# fell again from the fifth epoch on with two levels, and from the first with a palette.
RATES = {"multinary": 0.05, "categorical": 0.002, "gaussian": 0.02}
TWO_LEVELS = 0.02


def learn(
    source: str = "faces",
    kind: str = "multinary",
    n_states: int = 8,
    n_hidden: int = 200,
    epochs: int = 30,
    count: int = 4000,
    seed: int = 1,
    looks: int = LOOKS,
) -> Generator[ColourLook, None, RBM]:
    """PCD on ``count`` images of a source, told at the start and ``looks`` times on the way; returns the machine.

    ConfigError and DatasetError as ``pictures.load`` and ``encoding.make`` raise them; DivergenceError with the trainer's words.
    """
    images = load(source, count, seed)
    code = encoding.make(kind, images, n_states)
    dataset = _dataset(source, code.rows(images))
    model = RBM(
        _units(code, dataset.n_visible),
        n_hidden,
        visible=code.visible,
        n_states=code.n_states,
        generator=randomness.generator(seed, "colour"),
    )
    model.fit_visible_bias(dataset.train, dataset.pixel_mean)
    trainer = Trainer(
        model, dataset, training(kind, n_states, epochs), randomness.generator(seed, "training"), STANDARD
    )
    draw = randomness.generator(seed, "colour", "chains")
    walkers = start.from_noise(model, SHOWN, draw)
    shown = dataset.validation[:SHOWN]
    every = max(1, trainer.total_steps // looks)
    for number, event in enumerate(chain([trainer.report()], trainer.events(every)), 1):
        with torch.no_grad():
            walkers, dreams = _walk(model, walkers, draw)
            back = model.visible_mean(model.hidden_mean(shown))
            look = ColourLook(
                event.epoch,
                epochs,
                float(np.square(code.images(back) - code.images(shown)).mean()),
                event.metrics["free_energy_train"],
                event.metrics["free_energy_validation"],
                code.images(shown),
                code.images(back),
                code.filters(strongest(model)),
                code.images(dreams),
                number * SWEEPS,
            )
        yield look
    return model


@torch.no_grad()
def told(machine: BundledMachine) -> list[ColourLook]:
    """What learning drawn faces by levels has told of a machine that comes with the program; the pictures are its last ones."""
    about, kept, model = machine.about, machine.beside, machine.model()
    code = encoding.ChannelLevels((SIDE, SIDE), about["settings"]["n_states"])
    shown = torch.from_numpy(kept["originals"].astype(np.float32))
    originals, samples = code.images(shown), kept["samples"].astype(np.float32) / np.float32(255)
    back, filters = code.images(model.visible_mean(model.hidden_mean(shown))), code.filters(strongest(model))
    return [
        ColourLook(epoch, about["epochs"], error, low, high, originals, back, filters, samples, about["sweeps"])
        for epoch, error, low, high in about["news"]
    ]


def training(kind: str, n_states: int, epochs: int) -> TrainConfig:
    """PCD with a rate that falls to nothing; smaller steps for units that count further."""
    rate = RATES[kind] / ((n_states - 1) ** 2 / 4 if kind == "multinary" and n_states > 3 else 1)
    rate = TWO_LEVELS if (kind, n_states) == ("multinary", 2) else rate
    return TrainConfig(
        algorithm="pcd",
        learning_rate=rate,
        schedule="linear",
        momentum=0.5,
        batch_size=50,
        n_chains=50,
        epochs=epochs,
        weight_decay=0.0001,
        binarise="none",
        likelihood="never",
    )


@torch.no_grad()
def strongest(model: RBM) -> torch.Tensor:
    """The weights (V, FILTERS) of the hidden units that have most of them, in the zero-sum gauge.

    What all states of a categorical pixel share says nothing, and in another gauge would count as strength.
    """
    gauged = copy.deepcopy(model)
    gauged.zero_sum_gauge()
    return gauged.weight[:, gauged.weight.norm(dim=0).argsort(descending=True)[:FILTERS]]


def _walk(model: RBM, walkers: start.Chains, draw: torch.Generator) -> tuple[start.Chains, torch.Tensor]:
    """The chains further, and ⟨v|h⟩ of their last sweep: drawn levels would hide the picture behind their own noise."""
    for _ in range(SWEEPS):
        walkers, info = gibbs.sweep(model, walkers, draw)
    return walkers, info.visible_mean


def _units(code: encoding.Encoding, columns: int) -> int:
    return columns // code.n_states if code.visible == "categorical" and code.n_states else columns


def _dataset(source: str, rows: torch.Tensor) -> Dataset:
    """The rows as a data set: nine tenths to learn, one to validate and test with."""
    cut = max(SHOWN, len(rows) // 10)
    train, held = rows[:-cut], rows[-cut:]
    some, others = torch.zeros(len(train), dtype=torch.long), torch.zeros(cut, dtype=torch.long)
    return Dataset(source, source, train, held, held, some, others, others, (rows.shape[1],), "real", ("any",))
