"""What a run is: data, model, training and seed, as one frozen value that is saved, sent and compared as JSON.

Reading this needs no torch: the process that serves the screen makes and shows these values all the time.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from rbm.core.language import _
from rbm.core.limits import CLASSES, Limits, both_unbounded
from rbm.core.text import plain, quoted
from rbm.datasets.coding import Coding
from rbm.datasets.entry import CATALOG, OWN, Temperature
from rbm.datasets.temperatures import checked_temperature
from rbm.errors import ConfigError
from rbm.training.config import KEEP_CHAINS, RATES, TrainConfig, check_knobs, knob, knobs

if TYPE_CHECKING:
    import torch

    from rbm.datasets.base import Dataset
    from rbm.models.rbm import RBM
    from rbm.training.loop import Trainer

SPEC_VERSION = 2
MOST_NAME = 200
# What a description of an older version means where it leaves a setting of the training out.
_OLDER: Mapping[int, Mapping[str, Any]] = MappingProxyType({1: {"schedule": "constant"}})
# Of either layer, known without torch.
UNIT_NAMES = ("bernoulli", "spin", "gaussian", "categorical", "multinary", "relu")
MOST_WEIGHTS = 2**24  # of machines with categorical units: a checkpoint of more could not be read again
LEVELS = 8  # M of ordered levels, where nobody says more
HIDDEN_NAMES = (*UNIT_NAMES, "drelu")  # those of hidden units
UNBOUNDED, MANY_STATES = ("gaussian", "relu", "drelu"), ("categorical", "multinary")


@dataclass(frozen=True)
class DatasetSpec:
    """Which data: a catalogue name, the classes kept (None for all) and the number of training images (None for all).

    ``temperature`` is that at which spins are drawn, or a tuple of several, which are the classes then; None for the critical
    one and for data that have none.
    """

    name: str = "mnist"
    classes: tuple[int, ...] | None = None
    size: int | None = None
    temperature: Temperature | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or self.name != plain(self.name) or len(self.name) > MOST_NAME:
            wrong = _("The data set's name is {name}; expected text such as 'mnist', of up to {most_name} letters.")
            raise ConfigError(wrong.format(name=quoted(self.name), most_name=MOST_NAME))
        if self.classes is not None and len(self.classes) > CLASSES:
            wrong = _("The data set's classes are {n_classes:,}; expected at most {classes}.")
            raise ConfigError(wrong.format(n_classes=len(self.classes), classes=CLASSES))
        for value in (*(self.classes or ()), self.size if self.size is not None else 1):
            if isinstance(value, bool) or not isinstance(value, int):
                wrong = _("The data set's classes and size are whole numbers; got {value}.")
                raise ConfigError(wrong.format(value=quoted(value)))
        if self.temperature is not None:
            object.__setattr__(self, "temperature", checked_temperature(self.temperature))


@dataclass(frozen=True)
class ModelSpec:
    """An RBM's size and how its visible bias starts; the number of visible units is the data's."""

    n_hidden: int = knob(
        100, _("Hidden units"),
        _("Feature detectors; 100 show well as filters, 500 model digits better with five times the weights; 1 to 3 are for "
          "tiny data."),
        low=1, high=1024, step=1, unit="units",
    )  # fmt: skip
    visible_bias: str = knob(
        "data", _("Visible bias at the start"),
        _("data: log(p/(1−p)) of each pixel's mean, so that weights need not learn the average image; zero: plain."),
        choices=("data", "zero"),
    )  # fmt: skip
    start: str = knob(
        "noise", _("Weights at the start"),
        _("Noise: small random numbers. Components: also the leading principal components of the training images, as strong "
          "as the images vary along them, so that the first modes need not be found."),
        choices=("noise", "components"),
        acts=lambda settings: "categorical" not in (settings["visible"], settings["hidden"]),
    )  # fmt: skip
    visible: str = knob(
        "bernoulli", _("Visible unit type"),
        _("What a pixel can be: bernoulli 0 or 1; spin −1 or 1; gaussian any value, with a variance that is learnt; relu any "
          "from 0 up; categorical one of M, such as M colours; multinary 0 to M − 1. Those that fit the data set are offered."),
        choices=UNIT_NAMES,
    )  # fmt: skip
    hidden: str = knob(
        "bernoulli", _("Hidden unit type"),
        _("What a feature can be: bernoulli 0 or 1; spin −1 or 1; gaussian any value; relu any from 0 up; categorical one of M; "
          "multinary 0 to M − 1; drelu any value, in a shape that is learnt. Both layers cannot be gaussian, relu or drelu."),
        choices=HIDDEN_NAMES,
    )  # fmt: skip
    n_states: int = knob(
        2, _("States M"),
        _("States of a categorical or multinary unit, on either side; grey levels become M levels. Others have their own."),
        low=2, high=256, stops=(2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 32, 64, 128, 256),
        acts=lambda settings: not {settings["visible"], settings["hidden"]}.isdisjoint(MANY_STATES),
    )  # fmt: skip

    def __post_init__(self) -> None:
        check_knobs(self)

    @property
    def coding(self) -> Coding:
        """How pictures become states of the visible units, where those are not in colour; see ``coding_of``."""
        return Coding(self.visible, self.n_states if self.visible in MANY_STATES else 2)

    @property
    def hidden_columns(self) -> int:
        """Columns of the hidden layer: one a unit, but M where it is categorical."""
        return self.n_hidden * (self.n_states if self.hidden == "categorical" else 1)

    def knob_acts(self, name: str) -> bool:
        """Whether a setting does anything beside the others."""
        return knobs(ModelSpec)[name].acts(asdict(self))

    @property
    def plain(self) -> bool:
        """Whether both layers are of Bernoulli units."""
        return (self.visible, self.hidden) == ("bernoulli", "bernoulli")


@dataclass(frozen=True)
class RunSpec:
    """One run. The same spec gives the same parameters bit for bit on the same machine and thread count."""

    dataset: DatasetSpec = field(default_factory=DatasetSpec)
    model: ModelSpec = field(default_factory=ModelSpec)
    training: TrainConfig = field(default_factory=TrainConfig)
    seed: int = 1

    def __post_init__(self) -> None:
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or not 0 <= self.seed < 2**31:
            wrong = _("seed is {seed}; expected a whole number from 0 to 2147483647.")
            raise ConfigError(wrong.format(seed=quoted(self.seed)))

    @property
    def coding(self) -> Coding:
        """How the run's pictures become states of its visible units."""
        return coding_of(self.model, self.dataset.name)

    def to_json(self) -> str:
        """The whole spec as one line of JSON, with its version."""
        return json.dumps({"version": SPEC_VERSION, **asdict(self)}, sort_keys=True)

    @staticmethod
    def from_json(text: str) -> RunSpec:
        """A spec from ``to_json``'s text; ConfigError for anything else, unknown keys included."""
        try:
            raw = json.loads(text)
        except (json.JSONDecodeError, RecursionError) as error:
            raise ConfigError(_("The run's description is not JSON: {error}.").format(error=error)) from error
        raw = _mapping(raw, "run", ("version", "dataset", "model", "training", "seed"))
        version = raw.get("version")
        if isinstance(version, bool) or version not in (*_OLDER, SPEC_VERSION):
            wrong = _("The run's description has version {version}; this program reads versions up to {spec_version}.")
            raise ConfigError(wrong.format(version=quoted(version), spec_version=SPEC_VERSION))
        dataset = _known(DatasetSpec, raw.get("dataset", {}))
        if dataset.get("classes") is not None:
            if not isinstance(dataset["classes"], list):
                wrong = _("The data set's classes are {dataset}; expected a list such as [0, 1].")
                raise ConfigError(wrong.format(dataset=quoted(dataset["classes"])))
            dataset["classes"] = tuple(dataset["classes"])
        return RunSpec(
            DatasetSpec(**dataset),
            ModelSpec(**_known(ModelSpec, raw.get("model", {}))),
            TrainConfig(**{**_OLDER.get(version, {}), **_known(TrainConfig, raw.get("training", {}))}),
            raw.get("seed", 1),
        )


def coding_of(model: ModelSpec, dataset: str) -> Coding:
    """How pictures of a data set become states of the model's visible units."""
    line = CATALOG.get(dataset)
    if line is None or model.visible != "categorical":
        return model.coding
    return replace(model.coding, palette=line.kind == "colour", letters=line.states is not None)


def _known(kind: type, raw: Any) -> dict[str, Any]:
    return _mapping(raw, kind.__name__, tuple(f.name for f in fields(kind)))


def _mapping(raw: Any, what: str, names: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(raw, Mapping):
        wrong = _("The {what} part of the description is {name}; expected an object of settings.")
        raise ConfigError(wrong.format(what=what, name=type(raw).__name__))
    unknown = sorted(set(raw) - set(names))
    if unknown:
        wrong = _("The {what} part has the unknown setting {unknown}; known are: {names}.")
        raise ConfigError(wrong.format(what=what, unknown=quoted(unknown[0]), names=", ".join(names)))
    return dict(raw)


def check_limits(spec: RunSpec, limits: Limits) -> None:
    """ConfigError where an update of the run, or the chains that it keeps, are more than ``limits`` allow.

    The work of an update is counted as hidden units × (batch + k × chains), without the pixels, which are the data's; a
    categorical unit counts as one for each of its states.
    """
    t = spec.training
    chains = (t.n_chains if t.algorithm in KEEP_CHAINS else 0) or t.batch_size
    chains *= t.n_replicas if t.algorithm in ("pt", "ptt") else 1
    limits.chains.check(chains)
    columns = spec.model.n_hidden * spec.model.n_states ** (spec.model.visible, spec.model.hidden).count("categorical")
    limits.update.check(columns * (t.batch_size + t.k * chains))


def check_units(spec: RunSpec) -> None:
    """ConfigError, in one sentence, where the units do not fit each other or the data, or would be too many weights."""
    from rbm.datasets.catalog import entry, is_available

    visible, hidden, name = spec.model.visible, spec.model.hidden, spec.dataset.name
    if visible in UNBOUNDED and hidden in UNBOUNDED:
        raise both_unbounded(visible, hidden)
    if spec.model.start == "components" and not spec.model.knob_acts("start"):
        raise ConfigError(
            _(
                "Categorical units cannot start at components, which one-hot columns do not have: let the weights start at "
                "noise, or take other units."
            )
        )
    if name not in CATALOG and not (name.startswith(OWN) and is_available(name)):
        return  # of a set that is not here nothing is known
    line = entry(name)
    if visible not in line.units:
        wrong = _("{visible} visible units do not fit {title}; choose one of: {units}.")
        raise ConfigError(wrong.format(visible=visible.capitalize(), title=line.title, units=", ".join(line.units)))
    if line.states not in (None, spec.model.n_states):
        wrong = _("{title} have {states} states a place: set the states M to {states}.")
        raise ConfigError(wrong.format(title=line.title, states=line.states))
    weights = spec.coding.columns(math.prod(line.image_shape)) * spec.model.hidden_columns
    if "categorical" in (visible, hidden) and weights > MOST_WEIGHTS:
        wrong = _(
            "The machine would have {weights:,} weights, as a categorical unit has them for each of its "
            "states; expected at most {most_weights:,}: take fewer states or hidden units."
        )
        raise ConfigError(wrong.format(weights=weights, most_weights=MOST_WEIGHTS))


_REACH: Mapping[str, float] = MappingProxyType(
    {"spin": 2.0, "gaussian": 2.0, "relu": 2.5, "drelu": 2.5}
)  # of others 1, or M − 1


def suited_rate(visible: str, hidden: str, n_states: int) -> float:
    """The learning rate that suits two types of units: the usual one over how far their states reach.

    Tried on 3,000 digits at seven rates: five times that of a spin × Gaussian machine diverges, and so does a ReLU one's.
    """
    reach = math.prod(n_states - 1 if name == "multinary" else _REACH.get(name, 1.0) for name in (visible, hidden))
    if visible == "gaussian":
        reach /= _REACH["gaussian"]  # their precision is learnt too, and takes the step's scale
    return max((rate for rate in RATES if rate * reach <= TrainConfig.learning_rate), default=min(RATES))


def with_units(settings: Mapping[str, Any], **units: Any) -> dict[str, Any]:
    """``settings`` by field name with other ``units``: visible, hidden, n_states; what does not go with them follows.

    A hidden layer that would be unbounded beside an unbounded visible one becomes Bernoulli, unless it was asked for; ordered
    levels are more than two, categorical units start at noise, and where the rate is the one that suited the old units, it
    becomes the one for the new.
    """
    old = settings["visible"], settings["hidden"], settings["n_states"]
    found = {**settings, **units}
    if "hidden" not in units and found["visible"] in UNBOUNDED and found["hidden"] in UNBOUNDED:
        found["hidden"] = "bernoulli"
    if units.get("visible") == "multinary" and "n_states" not in units and found["n_states"] == 2:
        found["n_states"] = LEVELS
    if "categorical" in (found["visible"], found["hidden"]):
        found["start"] = "noise"
    if settings["learning_rate"] == suited_rate(*old):
        found["learning_rate"] = suited_rate(found["visible"], found["hidden"], found["n_states"])
    return found


def make_dataset(spec: DatasetSpec, model: ModelSpec | None = None) -> Dataset:
    """The spec's data, downloaded first when it must be; with a ``model``, as states of its visible units."""
    from rbm.datasets.catalog import load_dataset

    data = load_dataset(spec.name, classes=spec.classes, size=spec.size, temperature=spec.temperature)
    return data if model is None else coding_of(model, spec.name).dataset(data)


def cached_dataset(spec: DatasetSpec, model: ModelSpec | None = None) -> Dataset:
    """One copy of ``make_dataset``'s for all the runs of this process: sixty students share their MNIST."""
    from rbm.datasets.catalog import revision

    newest = revision(spec.name)  # another own set may have taken the name
    return _cached(spec, newest) if model is None else _coded(spec, newest, coding_of(model, spec.name))


@lru_cache(maxsize=8)
def _cached(spec: DatasetSpec, revision: str) -> Dataset:
    return make_dataset(spec)


@lru_cache(maxsize=4)
def _coded(spec: DatasetSpec, revision: str, coding: Coding) -> Dataset:
    return coding.dataset(_cached(spec, revision))


def bare_model(spec: ModelSpec, n_columns: int, n_hidden: int, generator: torch.Generator | None = None) -> RBM:
    """A new model of the spec's units for rows of ``n_columns`` values; ConfigError when they make no whole units."""
    from rbm.models.rbm import RBM
    from rbm.units import MANY_STATES, unit

    n_states = spec.n_states if {spec.visible, spec.hidden} & set(MANY_STATES) else None
    width = unit(spec.visible, n_states).width if spec.visible in MANY_STATES else 1
    if n_columns % width:
        wrong = _(
            "Rows of {n_columns} values make no whole number of {visible} units of {width} states: give "
            "one-hot rows, one column a state."
        )
        raise ConfigError(wrong.format(n_columns=n_columns, visible=spec.visible, width=width))
    units = {"visible": spec.visible, "hidden": spec.hidden}
    return RBM(n_columns // width, n_hidden, **units, n_states=n_states, generator=generator)


def make_model(spec: RunSpec, dataset: Dataset) -> RBM:
    """The run's model before training: its weights depend on the seed and on nothing else that is random."""
    from rbm import randomness

    draw = randomness.generator(spec.seed, "model")
    model = bare_model(spec.model, dataset.n_visible, spec.model.n_hidden, draw)
    if spec.model.visible_bias == "data":
        model.fit_visible_bias(dataset.train, dataset.pixel_mean)
    if spec.model.start == "components" and spec.model.knob_acts("start"):
        from rbm.training.low_rank import begin_at_components

        begin_at_components(model, dataset.train, randomness.generator(spec.seed, "components"))
    return model


def make_trainer(spec: RunSpec, dataset: Dataset) -> Trainer:
    """The run at its start, on the device its training asks for, with the measurements that the screen shows.

    ``dataset``: rows that the visible units take, as ``make_dataset(spec.dataset, spec.model)`` gives them; of grey levels
    ``binarise`` makes those of Bernoulli units, and it does nothing for others.
    """
    from rbm import randomness
    from rbm.evaluation import mode_growth
    from rbm.evaluation.likelihood_tracker import EPOCHS, LikelihoodTracker
    from rbm.evaluation.pseudo_likelihood_tracker import PseudoLikelihoodTracker
    from rbm.training.loop import Trainer
    from rbm.training.metrics import STANDARD, Metric, Probe

    def likelihood(model: RBM, probe: Probe) -> dict[str, float]:
        found = tracker.look(model, probe.validation, trainer.epoch, trainer.seconds, over=trainer.finished)
        under_way = tracker.under_way
        return found if under_way is None else {**found, "log_likelihood_estimating": under_way}

    def modes(model: RBM, probe: Probe) -> dict[str, float]:
        due = mode_growth.due(trainer.step_number, trainer.last_report) or trainer.finished
        return mode_growth.leading(model) if due else {}

    device = pick_device(spec.training.device)
    tracker = LikelihoodTracker(
        EPOCHS[spec.training.likelihood],
        lambda epoch: randomness.generator(spec.seed, "likelihood", f"{epoch:g}", device=device),
    )
    model = make_model(spec, dataset).to(device)
    binary = spec.model.visible == "bernoulli"
    config = spec.training if binary else replace(spec.training, binarise="none")
    metrics: tuple[Metric, ...] = (*STANDARD, modes)
    if not binary or config.binarise != "none":
        metrics = (*metrics, PseudoLikelihoodTracker(model, dataset, config.binarise, lambda: trainer), likelihood)
    generator = randomness.generator(spec.seed, "training", device=device)
    trainer = Trainer(model, dataset, config, generator, metrics)  # which its likelihood asks for the time
    return trainer


def pick_device(name: str) -> str:
    """ "auto" becomes the GPU where there is one; ConfigError for a device that this machine lacks."""
    import torch

    present = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return next(device for device in ("cuda", "mps", "cpu") if present[device])
    if not present[name]:
        raise ConfigError(_("This machine has no {name} device; choose auto or cpu.").format(name=name))
    return name
