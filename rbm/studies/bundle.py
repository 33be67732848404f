"""The machines that come with the program, made: trained, rounded to half precision, and judged as they then are.

Each has a recipe of its own and is written as soon as it is done, so that an interrupted bundle goes on with the next
(``python -m rbm bundle``). What is stated of a machine is measured of the rounded parameters: who loads the file obtains the
same again (``tests/test_bundled.py``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch

from rbm import bundled, randomness
from rbm.bundled import BundledMachine, Made
from rbm.datasets.base import Dataset
from rbm.evaluation import mode_growth
from rbm.evaluation.ais import DEVIATIONS
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec, cached_dataset, make_trainer
from rbm.models.parameters import Parameters
from rbm.models.rbm import RBM
from rbm.samplers import chains as start
from rbm.samplers import gibbs
from rbm.studies import best500
from rbm.studies.fitting import EVERY, RunningMean
from rbm.studies.measure import Judgement, JudgingEffort, held_out, judge, reconstruction_error
from rbm.studies.report import Say
from rbm.tasks import labels
from rbm.tasks.colour import encoding, pictures
from rbm.tasks.colour import job as colour
from rbm.tasks.deep import job as deep
from rbm.tasks.deep.judging import judge as judge_deep
from rbm.tasks.deep.plan import Curve, DeepSpec, Learned
from rbm.tasks.likelihood import fixed_data, summary
from rbm.training.config import TrainConfig
from rbm.training.events import TrainEvent
from rbm.training.greedy import make_dbn, train_greedily
from rbm.training.metrics import free_energies

SEED = 1
EFFORT = JudgingEffort(temperatures=4000, population=500, population_temperatures=1000, most=16_000)
TOLD = 40  # events that are kept of a training, beside those with a likelihood
DIGITS_EPOCHS = 25  # of the larger machine of digits
DIGITS = 6  # of every number in them
SWEEPS = 2000  # of the chains whose pictures are kept with the faces
FACES: Mapping[str, Any] = MappingProxyType(
    {"source": "faces", "kind": "multinary", "n_states": 8, "n_hidden": 150, "epochs": 60, "count": 4000, "seed": SEED}
)
LABELS: Mapping[str, Any] = MappingProxyType(
    {"labels": "softmax", "n_hidden": 200, "objective": "both", "epochs": 10, "seed": SEED, "dataset": "mnist"}
)
DEEP = DeepSpec(sizes=(200, 200), epochs=25, images=None, seed=SEED)
# After CD-1 the chains of the top layer end in a picture that is no digit: there persistent chains must have been.
TOP = best500.training("stochastic", DEEP.epochs)


def make(name: str, say: Say, folder: Path = bundled.FOLDER) -> Path:
    """Train, judge and keep the machine of that name (one of ``bundled.NAMES``)."""
    began = time.perf_counter()
    made = _MAKERS[name](say)
    path = folder / f"{name}.safetensors"
    bundled.write(path, made.about, made.layers, made.beside)
    found = measured(bundled.read(path), say)
    seconds = {"seconds_in_all": round(time.perf_counter() - began)}
    bundled.write(path, {**made.about, **found, **seconds}, made.layers, made.beside)
    return path


def digits(spec: RunSpec, memory: float, say: Say) -> Made:
    """A run of the Train page, of whose parameters the running mean is kept where ``memory`` is above 0."""
    dataset = cached_dataset(spec.dataset)
    trainer = make_trainer(spec, dataset)
    mean = RunningMean(trainer.model, memory) if memory else None
    events, said = [trainer.report()], 0
    while not trainer.finished:
        event = trainer.step()
        events += [] if event is None else [event]
        if mean is not None and trainer.step_number % EVERY == 0:
            mean.follow(trainer.model)
        if int(trainer.epoch) > said:
            said = int(trainer.epoch)
            say(f"  epoch {said} of {spec.training.epochs}, {trainer.seconds:.0f} s of training")
    layer = bundled.rounded(Parameters.of(trainer.model if mean is None else mean.model))
    with torch.no_grad():
        activity = layer.to_model().hidden_mean(dataset.validation).mean(0)
    t = spec.training
    about = {
        "title": f"MNIST digits · {spec.model.n_hidden} hidden · {t.algorithm.upper()}-{t.k}", "kind": "run", "epochs": t.epochs,
        "seed": spec.seed, "seconds": round(trainer.seconds, 1), "spec": spec.to_json(), "memory": memory,
        "steps": trainer.step_number, "news": _thinned(events),
    }  # fmt: skip
    return Made(about, [layer], {"activity": activity.numpy().astype(np.float16)})


def _thinned(events: Sequence[TrainEvent]) -> list[Any]:
    """[step, epoch, seconds, numbers] of some events: the last, every so many before it, and all that tell a likelihood or
    the modes of W."""
    every = max(1, len(events) // TOLD)
    ends = (len(events) - 1) % every
    told = {"log_likelihood_high", mode_growth.NAMES[0]}
    kept = [e for i, e in enumerate(events) if i % every == ends or told & e.metrics.keys()]
    return [[e.step, _short(e.epoch), _short(e.seconds), {n: _short(x) for n, x in e.metrics.items()}] for e in kept]


def _short(number: float) -> float:
    return float(f"{number:.{DIGITS}g}")


def labelled(say: Say) -> Made:
    """The Labels page's machine, from its own task."""
    began, told, machine = time.perf_counter(), [], None
    for news in _saying(labels.train(**LABELS), say):
        machine = news.machine or machine
        told.append([_short(x) if x is not None else None for x in news[:4]])
    if machine is None:
        raise AssertionError("training sends a machine at its end")
    every = max(1, len(told) // TOLD)
    about = {
        "title": "MNIST digits and labels · 200 hidden · PCD-1", "kind": "labels", "epochs": LABELS["epochs"], "seed": SEED,
        "seconds": round(time.perf_counter() - began, 1), "settings": dict(LABELS),
        "news": [one for i, one in enumerate(told) if (len(told) - 1 - i) % every == 0 or one[3] is not None],
    }  # fmt: skip
    return Made(about, [bundled.rounded(machine)], {})


def faces(say: Say) -> Made:
    """The colour page's machine of drawn faces, from its own task, with pictures of ten chains from noise."""
    began, told = time.perf_counter(), []
    task = _Ending(colour.learn(**FACES))
    for look in _saying(task, say):
        told.append([_short(x) for x in (look.epoch, *look[2:5])])
    layer = bundled.rounded(Parameters.of(task.value))
    seconds = round(time.perf_counter() - began, 1)
    model, draw = layer.to_model(), randomness.generator(SEED, "bundled faces")
    walkers = start.from_noise(model, colour.SHOWN, draw)
    with torch.no_grad():
        for _ in range(SWEEPS):
            walkers, info = gibbs.sweep(model, walkers, draw)
    code = encoding.ChannelLevels((look.originals.shape[1], look.originals.shape[2]), FACES["n_states"])
    about = {
        "title": "Drawn faces · 150 hidden · PCD-1", "kind": "colour", "epochs": FACES["epochs"], "seed": SEED,
        "seconds": seconds, "settings": dict(FACES), "sweeps": SWEEPS, "news": told,
    }  # fmt: skip
    beside = {"originals": code.rows(look.originals).numpy(), "samples": np.rint(code.images(info.visible_mean) * 255)}
    return Made(about, [layer], {key: array.astype(np.uint8) for key, array in beside.items()})


def belief_net(say: Say) -> Made:
    """A belief net as the deep page's, but that PCD learns the two layers at the top, from which it dreams."""
    began, data = time.perf_counter(), cached_dataset(DatasetSpec(DEEP.dataset))
    net, configs = make_dbn(data.n_visible, DEEP.sizes, SEED), [deep.alone(DEEP), TOP]
    news = list(_saying(deep.news_of(train_greedily(net, data, configs, SEED, (free_energies,))), say))
    layers = [bundled.rounded(one) for one in news if isinstance(one, Learned)]
    curves = [one for one in news if isinstance(one, Curve)]
    every = max(1, len(curves) // TOLD)
    kept = [c for i, c in enumerate(curves) if i % every == 0 or i + 1 == len(curves) or curves[i + 1].stage != c.stage]
    about = {
        "title": f"MNIST digits · belief net of {' and '.join(map(str, DEEP.sizes))} hidden · CD-1, top PCD-1", "kind": "deep",
        "epochs": DEEP.epochs, "seed": SEED, "seconds": round(time.perf_counter() - began, 1), "settings": asdict(DEEP),
        "news": [[c.stage, _short(c.epoch), {n: _short(x) for n, x in c.values.items()}] for c in kept],
    }  # fmt: skip
    return Made(about, layers, {})


_MAKERS: Mapping[str, Callable[[Say], Made]] = MappingProxyType(
    {
        "digits-500": lambda say: digits(
            RunSpec(model=ModelSpec(n_hidden=500), training=best500.training("stochastic", DIGITS_EPOCHS), seed=SEED),
            best500.MEMORY,
            say,
        ),
        "digits-100": lambda say: digits(RunSpec(training=TrainConfig(epochs=20), seed=SEED), 0.0, say),
        "labels": labelled,
        "faces": faces,
        "dbn": belief_net,
    }
)


class _Ending:
    """A generator that is iterated over, and the machine that it returned when it was through."""

    value: RBM

    def __init__(self, news: Generator[Any, None, RBM]) -> None:
        self._news = news

    def __iter__(self) -> Iterator[Any]:
        self.value = yield from self._news


def _saying(news: Iterable[Any], say: Say, seconds: float = 20.0) -> Iterator[Any]:
    """The same, with a line now and then."""
    last = time.monotonic()
    for count, one in enumerate(news, 1):
        if time.monotonic() - last > seconds:
            last = time.monotonic()
            say(f"  {count} news so far, epoch {getattr(one, 'epoch', 0.0):.1f}")
        yield one


def measured(machine: BundledMachine, say: Say) -> dict[str, Any]:
    """What is stated of it: its mean log-likelihood of test images in nats, and the error of their reconstruction."""
    say("judging")
    if machine.about["kind"] == "deep":
        net = deep.restore(DEEP.kind, [Learned(**vars(one), layer=i) for i, one in enumerate(machine.layers, 1)])
        bound = judge_deep(net, cached_dataset(DatasetSpec(DEEP.dataset)), SEED, EFFORT.temperatures)
        v = held_out(cached_dataset(DatasetSpec(DEEP.dataset)), "stochastic")
        stated = {
            "of": "test images, a lower bound", "images": bound.n_images, "value": bound.nats, "error": bound.error,
            "ess": bound.effective, "chains": bound.n_chains,
        }  # fmt: skip
        return {"likelihood": stated, "reconstruction_error": reconstruction_error(machine.model(), v)}
    v, train = rows(machine)
    found = judge(machine.model(), v, train, SEED, EFFORT)
    stated = {
        "of": "test images", "images": len(v), "value": found.forward, "error": found.error, "ess": found.forward_ess,
        "reverse": found.reverse, "reverse_ess": found.reverse_ess, "doubt": found.doubt,
        "temperatures": found.temperatures, "images_error": found.images_error,
    }  # fmt: skip
    told = {"likelihood": stated, "reconstruction_error": found.reconstruction}
    return {**told, "evaluation": _evaluation(machine, v, found)} if machine.about["kind"] == "run" else told


def _evaluation(machine: BundledMachine, v: torch.Tensor, found: Judgement) -> dict[str, Any]:
    """The same log Z as the registry keeps one, so that the page of runs shows it as any other."""
    model = machine.model()
    with torch.no_grad():
        mean = float(-model.free_energy(v).double().mean())
    log_z, reverse = mean - found.forward, mean - found.reverse
    ends = log_z - DEVIATIONS * found.error, max(reverse, log_z + DEVIATIONS * found.error)
    made = {
        "method": "ais", "log_z_reverse": reverse, "log_z_error": found.error, "ess": found.forward_ess,
        "ess_reverse": found.reverse_ess, "trustworthy": not found.doubt, "reason": found.doubt, "gap": reverse - log_z,
        "crossed": reverse < log_z, "n_chains": EFFORT.chains, "n_temperatures": found.temperatures,
    }  # fmt: skip
    return summary(model, fixed_data(RunSpec.from_json(machine.about["spec"])), log_z, ends, made)


def rows(machine: BundledMachine) -> tuple[torch.Tensor, torch.Tensor]:
    """Test and training rows (N, V) as the machine's visible units take them; grey levels of the test drawn once."""
    if machine.about["kind"] == "colour":
        images = pictures.load(FACES["source"], FACES["count"], FACES["seed"])
        coded = encoding.make(FACES["kind"], images, FACES["n_states"]).rows(images)
        cut = len(coded) // 10
        return coded[-cut:], coded[:-cut]
    data: Dataset = cached_dataset(DatasetSpec("mnist"))
    v, train = held_out(data, "stochastic"), data.train
    if machine.about["kind"] == "labels":
        beside = (torch.nn.functional.one_hot(y, 10).to(v) for y in (data.test_labels, data.train_labels))
        v, train = (torch.cat(pair, 1) for pair in zip((v, train), beside, strict=True))
    return v, train
