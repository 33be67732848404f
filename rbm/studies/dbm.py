"""A deep Boltzmann machine of 500-1000 units on MNIST, stochastic binarisation: the bound on its test log-likelihood.

Published: −84.62 (Salakhutdinov & Hinton, Deep Boltzmann Machines, 2009, table 1), after some hundred epochs of 5 Gibbs steps.
Here the layers are learned greedily with the doubled weights and then all together by PCD with the centred gradient, the
rate falling to nothing; what is judged is the running mean of the parameters, for the reason that ``best500`` gives.
"""

import math
import time
from collections.abc import Sequence

from rbm import randomness
from rbm.datasets.base import Dataset, undivided
from rbm.datasets.catalog import load_dataset
from rbm.errors import RbmError
from rbm.evaluation import deep_boltzmann
from rbm.evaluation.ais import Bracket
from rbm.evaluation.verdict import quoted
from rbm.models.dbm import DeepBoltzmannMachine
from rbm.studies.fitting import RunningMean, to_the_end
from rbm.studies.measure import JudgingEffort, from_above, held_out
from rbm.studies.report import Column, Say, Table
from rbm.training.config import TrainConfig
from rbm.training.deep_boltzmann import DeepBoltzmannTrainer, learn_layers
from rbm.training.greedy import LayerEvent

SIZES = (500, 1000)
GREEDY = 5  # epochs a layer
EPOCHS = 60
MEAN_FIELD_STEPS = 3  # while learning; ten times as many when judged
MEMORY = 0.9995
EFFORT = JudgingEffort(temperatures=3000, population=500, population_temperatures=1000)
COLUMNS = (
    Column("hidden units"),
    Column("seed"),
    Column("epochs, greedy a layer + together"),
    Column("seconds", 0),
    Column("bound, AIS", rests_on="ESS"),
    Column("± of log Z"),
    Column("ESS", 1),
    Column("bound, reverse AIS", rests_on="ESS, reverse"),
    Column("ESS, reverse", 1),
    Column("bracket", bracket=True),
    Column("published bound, AIS"),
)
HOW = (
    "Nats per test image, mean over all of them; which images were drawn makes that uncertain by ± {images:.1f}. The bound is "
    "variational (mean field), and AIS tends to give too little of log Z, which flatters: reverse AIS errs the other way. AIS: "
    "{chains} chains, {temperatures:,} temperatures, from zero biases and from h¹'s mean rates, the lower bound quoted."
)


def greedy_training(epochs: int) -> TrainConfig:
    """Of either layer: CD-1."""
    return TrainConfig(
        algorithm="cd", k=1, learning_rate=0.05, schedule="linear", batch_size=100, epochs=epochs,
        momentum=0.5, weight_decay=0.0002, centred="off",
    )  # fmt: skip


def training(epochs: int) -> TrainConfig:
    """Of the whole machine."""
    return TrainConfig(
        algorithm="pcd", k=1, learning_rate=0.05, schedule="linear", batch_size=100, epochs=epochs,
        momentum=0.0, weight_decay=0.0,
    )  # fmt: skip


def run(
    seeds: Sequence[int],
    say: Say,
    *,
    dataset: Dataset | None = None,
    sizes: tuple[int, int] = SIZES,
    greedy: int = GREEDY,
    epochs: int = EPOCHS,
    effort: JudgingEffort = EFFORT,
) -> Table:
    """One machine a seed."""
    data = undivided(load_dataset("mnist") if dataset is None else dataset)
    v, rows, doubts, images = held_out(data, "stochastic"), [], [], 0.0
    for seed in seeds:
        started = time.perf_counter()
        model = fit(data, sizes, greedy, epochs, seed, say)
        seconds = time.perf_counter() - started
        say("judging")
        forward, base = deep_boltzmann.log_partition(
            model, data.train[:1000], n_chains=effort.chains, n_temperatures=effort.temperatures, seed=seed
        )
        reverse = from_above(model.joint, base, seed, effort)
        verdict = Bracket(forward, reverse)
        bounds = deep_boltzmann.lower_bound(model, v, 0.0)
        images = max(images, float(bounds.std()) / math.sqrt(len(v)))
        mean = float(bounds.mean())
        if not verdict.trustworthy:
            doubts.append(f"seed {seed}: {verdict.reason}")
        rows.append((
            "-".join(map(str, sizes)), seed, f"{greedy} + {epochs}", seconds, mean - forward.value, forward.standard_error,
            forward.ess, mean - reverse.value, reverse.ess, reverse.value - forward.value, "−84.62",
        ))  # fmt: skip
        ends = quoted(mean - forward.value, forward.ess), quoted(mean - reverse.value, reverse.ess)
        say(f"  bound {ends[0]} by AIS, {ends[1]} by reverse AIS")
    return Table(COLUMNS, tuple(rows), (HOW.format(images=images, **effort._asdict()), *doubts))


def fit(data: Dataset, sizes: tuple[int, int], greedy: int, epochs: int, seed: int, say: Say) -> DeepBoltzmannMachine:
    """The running mean of a machine's parameters at the end of its training."""
    layer, model = 0, None
    for news in learn_layers(sizes, data, greedy_training(greedy), seed):
        if isinstance(news, LayerEvent):
            if news.layer != layer:
                layer = news.layer
                say(f"seed {seed}: layer {layer} alone")
        else:
            model = news
    if model is None:
        raise RbmError("Greedy learning ended without a machine.")
    say(f"seed {seed}: both together")
    trainer = DeepBoltzmannTrainer(
        model, data, training(epochs), randomness.generator(seed, "together"), mean_field_steps=MEAN_FIELD_STEPS
    )
    mean = RunningMean(model, MEMORY)
    to_the_end(trainer, model, mean, say)
    return mean.model
