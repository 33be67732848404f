"""A deep machine learned layer by layer, told in pieces: the generator that a task runs on a worker."""

from collections.abc import Iterator, Sequence

import torch

from rbm.bundled import BundledMachine
from rbm.datasets.base import Dataset
from rbm.datasets.catalog import load_dataset
from rbm.models.dbm import DeepBoltzmannMachine, compose
from rbm.models.dbn import DeepBeliefNet
from rbm.models.rbm import RBM
from rbm.randomness import generator
from rbm.tasks.deep.judging import judge
from rbm.tasks.deep.plan import KINDS, SHOWN, Bounded, Curve, DeepSpec, FilterLook, Learned
from rbm.training.config import TrainConfig
from rbm.training.deep_boltzmann import DeepBoltzmannTrainer, learn_layers
from rbm.training.events import TrainEvent
from rbm.training.greedy import LayerEvent, make_dbn, train_greedily
from rbm.training.metrics import free_energies

LOOKS = 5  # events from one look at the filters to the next
TOLD = ("reconstruction_error", "free_energy_gap")
News = Curve | FilterLook | Learned | Bounded


def train(spec: DeepSpec) -> Iterator[News]:
    """Learn what ``spec`` says. Curves at every event, filters now and then, parameters at the end of each stage, and a
    bound on the likelihood at the end of all."""
    whole = load_dataset(spec.dataset)
    data = whole.select(size=min(spec.images or len(whole.train), len(whole.train)))
    yield from _belief_net(spec, data) if spec.kind == KINDS[0] else _boltzmann(spec, data)


def _belief_net(spec: DeepSpec, data: Dataset) -> Iterator[News]:
    dbn = make_dbn(data.n_visible, spec.sizes, spec.seed)
    yield from news_of(train_greedily(dbn, data, [alone(spec)] * len(spec.sizes), spec.seed, (free_energies,)))
    if len(data.test):
        yield judge(dbn, data, spec.seed)


def _boltzmann(spec: DeepSpec, data: Dataset) -> Iterator[News]:
    low, high = spec.sizes
    machines: list[DeepBoltzmannMachine] = []

    def layers() -> Iterator[LayerEvent]:
        for news in learn_layers((low, high), data, alone(spec), spec.seed, (free_energies,)):
            if isinstance(news, LayerEvent):
                yield news
            else:
                machines.append(news)

    yield from news_of(layers())
    (model,) = machines
    config = TrainConfig(
        algorithm="pcd", learning_rate=spec.learning_rate / 2, schedule="linear", batch_size=100, epochs=spec.together,
        momentum=0.0, weight_decay=0.0,
    )  # fmt: skip
    trainer = DeepBoltzmannTrainer(model, data, config, generator(spec.seed, "together"))
    yield _curve(2, trainer.report())
    for count, event in enumerate(trainer.events()):
        yield _curve(2, event)
        if count % LOOKS == 0 or trainer.finished:
            w1, w2 = model.weights
            yield _look(1, w1)
            yield _look(2, w1 @ w2[:, :SHOWN])
    lower, upper, b, c1, c2 = (p.detach().numpy().copy() for p in (*model.weights, *model.biases))
    yield Learned(lower, b, c1, layer=1)
    yield Learned(upper, c1, c2, layer=2)
    if len(data.test):
        yield judge(model, data, spec.seed)


def alone(spec: DeepSpec) -> TrainConfig:
    """Each layer by itself: CD-1, the rate falling to nothing."""
    return TrainConfig(
        algorithm="cd", k=1, learning_rate=spec.learning_rate, schedule="linear", batch_size=100, epochs=spec.epochs,
        momentum=0.5, centred="on" if spec.kind == KINDS[0] else "off",  # offsets know nothing of doubled layers
    )  # fmt: skip


def news_of(events: Iterator[LayerEvent]) -> Iterator[News]:
    """Curves, filters as pixels through the layers below, and each layer's parameters at its end."""
    below: torch.Tensor | None = None
    count = 0
    for layer, event, trainer in events:
        yield _curve(layer - 1, event)
        model: RBM = trainer.model
        if count % LOOKS == 0 or trainer.finished:
            weight = model.weight.detach()
            yield _look(layer, weight if below is None else below @ weight[:, :SHOWN])
        count += 1
        if trainer.finished:
            below = model.weight.detach() if below is None else below @ model.weight.detach()
            yield Learned.of(model, layer=layer)
            count = 0


def _curve(stage: int, event: TrainEvent) -> Curve:
    return Curve(stage, event.epoch, {name: event.metrics[name] for name in TOLD if name in event.metrics})


def _look(layer: int, filters: torch.Tensor) -> FilterLook:
    return FilterLook(layer, filters[:, :SHOWN].detach().half().numpy().copy())


def told(machine: BundledMachine) -> list[News]:
    """What learning a belief net that comes with the program has told, its filters as they are at the end."""
    layers = [Learned(**vars(one), layer=number) for number, one in enumerate(machine.layers, 1)]
    looks: list[News] = []
    below: torch.Tensor | None = None
    for one in layers:
        weight = torch.from_numpy(one.weight)
        looks.append(_look(one.layer, weight if below is None else below @ weight[:, :SHOWN]))
        below = weight if below is None else below @ weight
    stated = machine.about["likelihood"]
    bound = Bounded(stated["value"], stated["error"], stated["images"], stated["ess"], stated["chains"])
    return [*(Curve(*one) for one in machine.about["news"]), *looks, *layers, bound]


def restore(kind: str, layers: Sequence[Learned]) -> DeepBeliefNet | DeepBoltzmannMachine:
    """The machine that these layers make, the lowest first; those of a Boltzmann machine as they end up together."""
    rbms = [one.to_model().requires_grad_(False) for one in layers]
    if kind == KINDS[0]:
        return DeepBeliefNet(rbms)
    low, high = rbms
    return compose(low, high).requires_grad_(False)  # both hold c¹, so its mean is c¹
