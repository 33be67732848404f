"""What a sweep searches: a run, the settings in which its trials differ from it, how they are chosen and judged.

A frozen value like a RunSpec, kept as JSON in the sweep's study. No torch and no Optuna in here.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from itertools import product
from types import MappingProxyType
from typing import Any, NamedTuple

from rbm.core.language import _
from rbm.core.limits import COMMAND, Limits
from rbm.datasets.catalog import entry
from rbm.errors import ConfigError
from rbm.experiment import UNBOUNDED, ModelSpec, RunSpec, check_limits, check_units
from rbm.training.config import Knob, TrainConfig, knobs

VERSION = 1
USUAL_TRIALS = 24  # of a search that is not a grid, where nothing else is said
KNOBS: Mapping[str, Knob] = MappingProxyType({**knobs(ModelSpec), **knobs(TrainConfig)})
_MODEL = tuple(knobs(ModelSpec))

Value = int | float | str
METHODS = {
    "grid": _("every combination of the listed values, in order"),
    "random": _("combinations drawn at random, which covers many settings better than a coarse grid"),
    "tpe": _("Optuna's tree-structured Parzen estimator: where good runs were, it looks closer"),
}


class Objective(NamedTuple):
    """What runs are judged by: its title, its unit, whether more is better, what it tells, of which images."""

    title: str
    unit: str
    more_is_better: bool
    tells: str
    images: str  # that it is of


OBJECTIVES: Mapping[str, Objective] = MappingProxyType(
    {
        "log_likelihood": Objective(
            _("Log-likelihood"),
            _("nats per image"),
            True,
            _(
                "How likely a trained machine finds validation images, from annealed importance sampling (exact "
                "for small machines): what learning is for. Seconds a run."
            ),
            _("validation images"),
        ),
        "pseudo_log_likelihood": Objective(
            _("Pseudo-log-likelihood"),
            _("nats per image"),
            True,
            _(
                "How well each pixel of validation images is predicted from all the others: quick, but no likelihood. "
                "Of gaussian and relu pixels it is a density, which may be above 0."
            ),
            _("validation images"),
        ),
        "free_energy_gap": Objective(
            _("Free-energy gap"),
            _("nats per image"),
            False,
            _(
                "F(validation) − F(training), least overfitting: a machine that has learnt nothing has none, so "
                "look at the filters too."
            ),
            _("validation and training images"),
        ),
    }
)


@dataclass(frozen=True)
class Axis:
    """One setting and what it may be: listed ``values``, or anything from ``low`` to ``high`` (``log``: in ratio)."""

    name: str
    values: tuple[Value, ...] = ()
    low: float | None = None
    high: float | None = None
    log: bool = False

    def __post_init__(self) -> None:
        if self.name not in KNOBS:
            wrong = _("There is no setting {name!r} to search over; known are: {knobs}.")
            raise ConfigError(wrong.format(name=self.name, knobs=", ".join(KNOBS)))
        setting = KNOBS[self.name].with_code(self.name)
        if bool(self.values) == (self.low is not None and self.high is not None):
            wrong = _("{setting} needs either values such as 1,5,25 or a range from a low to a high number.")
            raise ConfigError(wrong.format(setting=setting))
        if len(set(self.values)) < len(self.values):
            wrong = _("{setting} lists a value twice: {values}.")
            raise ConfigError(wrong.format(setting=setting, values=", ".join(map(str, self.values))))
        if self.low is not None and self.high is not None:
            if KNOBS[self.name].choices:
                wrong = _("{setting} has no range; list some of: {choices}.")
                raise ConfigError(wrong.format(setting=setting, choices=", ".join(KNOBS[self.name].choices)))
            if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
                wrong = _("{setting} ranges from {low:g} to {high:g}; the second must be the larger.")
                raise ConfigError(wrong.format(setting=setting, low=self.low, high=self.high))
            if self.log and self.low <= 0:
                wrong = _("{setting} starts at {low:g}; a range in ratio (log) must start above 0.")
                raise ConfigError(wrong.format(setting=setting, low=self.low))

    @property
    def whole(self) -> bool:
        """Whether the setting is a whole number."""
        kind = ModelSpec if self.name in _MODEL else TrainConfig
        return isinstance(next(f.default for f in fields(kind) if f.name == self.name), int)

    @property
    def ends(self) -> tuple[Value, ...]:
        """Values that stand for all when ranges are checked."""
        if self.values:
            return self.values
        assert self.low is not None
        assert self.high is not None
        return (int(self.low), int(self.high)) if self.whole else (self.low, self.high)


def hidden_by_k() -> tuple[Axis, ...]:
    """The grid that a sweep starts from."""
    return (Axis("n_hidden", (16, 64, 256)), Axis("k", (1, 5, 25)))


@dataclass(frozen=True)
class SweepSpec:
    """A sweep. ``trials`` None: the whole grid, or USUAL_TRIALS; ``minutes`` None: as long as it takes.

    ``pruning``: runs that are worse than two thirds of the others at a ninth and at a third of their epochs are given
    up (asynchronous successive halving, Li et al. 2018). When the minutes are over, runs under way are still finished.
    """

    base: RunSpec = field(default_factory=RunSpec)
    axes: tuple[Axis, ...] = field(default_factory=hidden_by_k)
    method: str = "grid"
    objective: str = "log_likelihood"
    pruning: bool = False
    trials: int | None = None
    minutes: float | None = None
    temperatures: int = 1000  # of AIS, where that is the objective

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            wrong = _("The method is {method!r}; choose one of: {methods}.")
            raise ConfigError(wrong.format(method=self.method, methods=", ".join(METHODS)))
        if self.objective not in OBJECTIVES:
            wrong = _("The objective is {objective!r}; choose one of: {objectives}.")
            raise ConfigError(wrong.format(objective=self.objective, objectives=", ".join(OBJECTIVES)))
        if not self.axes or len({axis.name for axis in self.axes}) < len(self.axes):
            raise ConfigError(_("A search needs at least one setting to search over, and each only once."))
        for what, amount in (("trials", self.trials), ("minutes", self.minutes), ("temperatures", self.temperatures)):
            if amount is not None and not 0 < amount < math.inf:
                wrong = _("The number of {what} is {amount}; expected more than 0.")
                raise ConfigError(wrong.format(what=what, amount=amount))
        for axis in self.axes:
            for value in axis.ends:
                self.run({axis.name: value})  # ConfigError for a value out of range
            if self.method == "grid" and not axis.values:
                wrong = _("A grid needs values of {setting}, such as 1,5,25; ranges are for random and tpe.")
                raise ConfigError(wrong.format(setting=KNOBS[axis.name].with_code(axis.name)))
        self.check_limits(COMMAND)

    def check_limits(self, limits: Limits) -> None:
        """ConfigError where the search, or the largest of its runs, is more than ``limits`` allow."""
        limits.temperatures.check(self.temperatures)
        if self.trials is not None:
            limits.trials.check(self.trials)
        if self.method == "grid":
            limits.trials.check(math.prod(len(axis.values) for axis in self.axes))
        ends = {axis.name: axis.ends for axis in self.axes}
        largest = {name: (max(ends[name]),) for name in ends if not KNOBS[name].choices and name != "n_chains"}
        for values in product(*{**ends, **largest}.values()):
            check_limits(self.run(dict(zip(ends, values, strict=True))), limits)

    def check_units(self) -> None:
        """ConfigError where a combination's units would not fit the data or each other, or where two combinations would be
        judged by different rows; of sweeps that are begun."""
        ends = {axis.name: axis.ends for axis in self.axes if axis.name in _MODEL}
        runs = [self.run(dict(zip(ends, values, strict=True))) for values in product(*ends.values())]
        for run in runs:
            check_units(run)
        coded = {run.model.coding for run in runs}
        densities = [coding.visible in UNBOUNDED for coding in coded]  # of the rows as they are
        bits = not any(densities) and all(coding.n_states == 2 for coding in coded)
        alike = all(densities) or (bits and entry(self.base.dataset.name).kind == "binary")
        if len(coded) > 1 and not alike:
            wrong = _(
                "Visible units of different types or numbers of states ({visible}) learn different rows, so that nothing "
                "judges all of them: search over one kind of visible unit at a time, or on a data set of black and white."
            )
            raise ConfigError(wrong.format(visible=", ".join(sorted({coding.visible for coding in coded}))))

    @property
    def most_trials(self) -> int:
        """How many trials there will be at most."""
        if self.method != "grid":
            return self.trials or USUAL_TRIALS
        return min(self.trials or COMMAND.trials.most, len(self.cells()))

    def cells(self) -> list[dict[str, Value]]:
        """Every combination of the listed values."""
        names = [axis.name for axis in self.axes]
        return [dict(zip(names, one, strict=True)) for one in product(*(axis.values for axis in self.axes))]

    def run(self, values: Mapping[str, Value]) -> RunSpec:
        """The run of one trial; ConfigError for a value out of range."""
        model: dict[str, Any] = {name: v for name, v in values.items() if name in _MODEL}
        training: dict[str, Any] = {name: v for name, v in values.items() if name not in _MODEL}
        return replace(
            self.base, model=replace(self.base.model, **model), training=replace(self.base.training, **training)
        )

    def to_json(self) -> str:
        """The whole spec as one line of JSON, with its version."""
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("base", "axes")}
        axes = [asdict(axis) for axis in self.axes]
        return json.dumps({"version": VERSION, "base": json.loads(self.base.to_json()), "axes": axes, **own})

    @staticmethod
    def from_json(text: str) -> SweepSpec:
        """A spec from ``to_json``'s text; ConfigError for anything else."""
        try:
            raw: dict[str, Any] = json.loads(text)
            if raw.pop("version") != VERSION:
                wrong = _("This search was made by another version of the program; expected {version}.")
                raise ConfigError(wrong.format(version=VERSION))
            base = RunSpec.from_json(json.dumps(raw.pop("base")))
            axes = tuple(Axis(**{**axis, "values": tuple(axis["values"])}) for axis in raw.pop("axes"))
            return SweepSpec(base, axes, **raw)
        except (json.JSONDecodeError, AttributeError, KeyError, TypeError) as error:
            raise ConfigError(_("This is not the description of a search ({error}).").format(error=error)) from error
