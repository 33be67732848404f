"""What a person waits for is quality: seconds of training until the likelihood of test images passes a mark.

The task is stochastic MNIST with 500 hidden units: grey levels are drawn anew at every update, the test images once. Each
engine is given a small search of its own over rate, length and batch; a training is judged once, at its end, when rates that
fall have fallen. Only the training is timed. A training has passed a mark when AIS and reverse AIS agree within a nat,
enough chains count in both, and the lower of the two likelihoods is above it; an engine's time to a mark is that of its
quickest training that did.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from rbm import randomness
from rbm.benchmarks.engines import digits
from rbm.benchmarks.packages import package
from rbm.benchmarks.race import Unavailable
from rbm.core.warming import compile_loops
from rbm.evaluation.verdict import unreliable
from rbm.models.rbm import RBM
from rbm.studies.measure import Judgement, JudgingEffort, held_out, judge
from rbm.training.config import TrainConfig
from rbm.training.loop import Trainer

MARKS = (-110.0, -100.0, -95.0, -90.0)  # nats an image
AGREE = 1.0  # nats
EFFORT = JudgingEffort(temperatures=2000, population=300, population_temperatures=500, most=8000)
N_HIDDEN, BATCH = 500, 100
OURS = "this engine"


class TimedRecipe(NamedTuple):
    """One training of one engine: ``train`` makes the machine and takes all the time that is counted."""

    engine: str
    settings: str
    train: Callable[[], RBM]


class JudgedTraining(NamedTuple):
    """What a training took and reached."""

    engine: str
    settings: str
    seconds: float
    judgement: Judgement

    @property
    def likelihood(self) -> float:
        """The lower of both estimates, nats."""
        return min(self.judgement.forward, self.judgement.reverse)

    @property
    def chains(self) -> float:
        """How many count in the estimate in which fewer do."""
        return min(self.judgement.forward_ess, self.judgement.reverse_ess)

    def passed(self, mark: float) -> bool:
        known = abs(self.judgement.gap) <= AGREE and not unreliable(self.chains)
        return known and self.likelihood >= mark


def quickest(trainings: Sequence[JudgedTraining], engine: str, mark: float) -> JudgedTraining | None:
    """The training of that engine that passed the mark in the least time; None where none did."""
    return min((t for t in trainings if t.engine == engine and t.passed(mark)), key=lambda t: t.seconds, default=None)


def run(
    recipes: Sequence[TimedRecipe], say: Callable[[str], None], *, effort: JudgingEffort = EFFORT
) -> tuple[list[JudgedTraining], dict[str, str]]:
    """All that can take part, in turn; and of the others why not."""
    compile_loops()  # the race is of training, not of compiling
    images, done, skipped = held_out(digits(), "stochastic"), [], {}
    for engine, settings, train in recipes:
        if engine in skipped:
            continue
        started = time.perf_counter()
        try:
            machine = train()
        except Unavailable as reason:
            skipped[engine] = str(reason)
            continue
        seconds = time.perf_counter() - started
        done.append(JudgedTraining(engine, settings, seconds, judge(machine, images, digits().train, 1, effort)))
        found, count = done[-1].judgement, done[-1].chains
        nats = f"{found.forward:.2f} / {found.reverse:.2f} nats"
        say(f"{engine}, {settings}: {seconds:.1f} s, {nats}, {count:.0f} chains count")
    return done, skipped


def recipes() -> list[TimedRecipe]:
    """The searches: lengths that grow, two rates each."""
    found = [_ours(epochs, rate) for epochs in (1, 2, 4, 8, 25) for rate in (0.05, 0.1)]
    for engine, train, rates in (
        ("scikit-learn", _scikit_learn, (0.05, 0.1)),
        ("plain recipe", _plain, (3e-4, 1e-3)),
        ("rbms", _rbms, (0.01, 0.05)),
        ("learnergy", _learnergy, (0.05, 0.1)),
    ):
        found += [_theirs(engine, train, epochs, rate) for epochs in (1, 4, 15) for rate in rates]
    return found


def _ours(epochs: int, rate: float) -> TimedRecipe:
    def train() -> RBM:
        model = RBM(digits().n_visible, N_HIDDEN, generator=randomness.generator(1, "model"))
        model.fit_visible_bias(digits().train, digits().pixel_mean)
        config = TrainConfig(
            algorithm="pcd", learning_rate=rate, schedule="linear", batch_size=BATCH, epochs=epochs, momentum=0.0
        )
        trainer = Trainer(model, digits(), config, randomness.generator(1, "training"))
        while not trainer.finished:
            trainer.step()
        return model

    return TimedRecipe(OURS, f"PCD-1, rate {rate:g} falling to 0 in {_epochs(epochs)}, batch {BATCH}", train)


def _theirs(engine: str, train: Callable[[int, float], RBM], epochs: int, rate: float) -> TimedRecipe:
    return TimedRecipe(engine, f"rate {rate:g}, {_epochs(epochs)}, batch {BATCH}", lambda: train(epochs, rate))


def _epochs(n: int) -> str:
    return f"{n} epoch{'s' if n > 1 else ''}"


def _scikit_learn(epochs: int, rate: float) -> RBM:
    """BernoulliRBM.fit, which takes grey levels, in its faster format."""
    module = package("sklearn.neural_network", "scikit-learn")
    rows: Any = digits().train.numpy().astype(np.float32)
    theirs = module.BernoulliRBM(N_HIDDEN, learning_rate=rate, batch_size=BATCH, n_iter=epochs, random_state=1).fit(
        rows
    )
    return _machine(theirs.components_.T, theirs.intercept_visible_, theirs.intercept_hidden_)


def _plain(epochs: int, rate: float) -> RBM:
    """CD-1 by autograd and Adam, as in ``engines.plain_recipe``."""
    layer = torch.nn.Linear(digits().n_visible, N_HIDDEN)
    visible_bias = torch.nn.Parameter(torch.zeros(digits().n_visible))
    optimizer = torch.optim.Adam([*layer.parameters(), visible_bias], lr=rate)

    def free_energy(v: Tensor) -> Tensor:
        return -(v @ visible_bias) - F.softplus(layer(v)).sum(1)

    for images in _drawn(epochs):
        h = torch.bernoulli(torch.sigmoid(layer(images)))
        v = torch.bernoulli(torch.sigmoid(F.linear(h, layer.weight.T, visible_bias)))
        loss = free_energy(images).mean() - free_energy(v.detach()).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return _machine(layer.weight.T, visible_bias, layer.bias)


@torch.no_grad()
def _rbms(epochs: int, rate: float) -> RBM:
    """Its centred PCD-1 update on as many chains as the batch has images, and the SGD of its training script."""
    classes, training = package("rbms.bernoulli_bernoulli.classes", "rbms"), package("rbms.training.pcd", "rbms")
    width = digits().n_visible
    params = classes.BBRBM(torch.randn(width, N_HIDDEN) * 1e-4, torch.zeros(width), torch.zeros(N_HIDDEN))
    for p in params.parameters():
        p.grad = torch.zeros_like(p)
    optimizer = torch.optim.SGD(params.parameters(), lr=rate, maximize=True)
    chains = params.init_chains(BATCH)
    for images in _drawn(epochs):
        optimizer.zero_grad(set_to_none=False)
        chains, _ = training.fit_batch_pcd((images, torch.ones(len(images), 1)), chains, params, 1, 1.0)
        optimizer.step()
    return _machine(params.weight_matrix, params.vbias, params.hbias)


def _learnergy(epochs: int, rate: float) -> RBM:
    """RBM.fit, an epoch at a time."""
    module = package("learnergy.models.bernoulli", "learnergy")
    theirs = module.RBM(digits().n_visible, N_HIDDEN, steps=1, learning_rate=rate, momentum=0.5)
    for _ in range(epochs):
        images = torch.bernoulli(digits().train)
        theirs.fit(torch.utils.data.TensorDataset(images, torch.zeros(len(images))), batch_size=BATCH, epochs=1)
    return _machine(theirs.W, theirs.a, theirs.b)


def _drawn(epochs: int) -> Iterator[Tensor]:
    """All images in a new order every epoch, grey levels drawn anew."""
    data = digits().train
    for _ in range(epochs):
        for rows in torch.randperm(len(data)).split(BATCH):
            yield torch.bernoulli(data[rows])


@torch.no_grad()
def _machine(weight: Any, visible_bias: Any, hidden_bias: Any) -> RBM:
    """Somebody else's parameters, W (V, H), as a machine of ours."""
    model = RBM(*weight.shape)
    for parameter, values in zip(model.parameters(), (weight, visible_bias, hidden_bias), strict=True):
        parameter.copy_(torch.as_tensor(values))
    return model
