"""Learning p(x, y), p(y|x), or both at once, in a machine of pictures and labels.

Letters: N rows of a batch, P pixels, K label columns, S joint states of the labels, V = P + K, H hidden units.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from rbm import randomness
from rbm.core.language import _
from rbm.datasets.base import binarise
from rbm.errors import ConfigError
from rbm.models.labelled import LabelledRBM
from rbm.training import gradients
from rbm.training.centring import Centring
from rbm.training.config import TrainConfig
from rbm.training.data import check_rows
from rbm.training.divergence import Sanity
from rbm.training.events import TrainEvent
from rbm.training.gradients import Gradient, Phases
from rbm.training.negative import make_negative
from rbm.training.optimizers import make_optimizer, scheduled_rate
from rbm.training.penalties import limit, penalise
from rbm.training.stepped import SteppedTraining
from rbm.units import UNITS

FIRST = (5, 10, 20, 40)  # updates at which there is an event
EVERY = 40  # updates between two events from there on


@dataclass(frozen=True)
class LabelObjective:
    """What is climbed: generative · log p(x, y) + discriminative · log p(y|x), means over the batch, nats.

    (1, 0) is the joint machine, (0, 1) the discriminative one, anything between a hybrid: Larochelle & Bengio 2008,
    section 5, whose α is generative / discriminative. ConfigError for a negative share or two of 0.
    """

    generative: float = 1.0
    discriminative: float = 0.0

    def __post_init__(self) -> None:
        shares = (self.generative, self.discriminative)
        if not all(math.isfinite(s) and s >= 0 for s in shares) or not any(shares):
            wrong = _(
                "The objective's shares are {generative:g} generative and {discriminative:g} discriminative; expected none "
                "below 0 and at least one above."
            )
            raise ConfigError(wrong.format(generative=shares[0], discriminative=shares[1]))


@torch.no_grad()
def discriminative_gradient(model: LabelledRBM, x: Tensor, y: Tensor) -> Gradient:
    """∂/∂(W over U, b over d, c) of the mean of log p(y|x), exact: Larochelle & Bengio 2008, on discriminative RBMs.

    With ⟨h_j⟩ under (x, s) = σ(c + xW + sU) and r_s = [s = y] − p(s|x) for each joint state s of the labels, the field
    of unit j gets Σ_s r_s ⟨h_j⟩_s: outer products with x, with s and with 1. Pixel biases get nothing: they cancel.
    x (N, P); y as in ``LabelledRBM.join``.
    """
    x, states = model.check(x, "x", model.n_pixels), model.label_states
    field = model.label_field(x)  # (N, S, H)
    score = model.hidden_unit.log_partition(field).sum(2) + states @ model.visible_bias[model.n_pixels :]
    right = (model.columns(y)[:, None] == states).all(2).to(field)  # (N, S), a single 1 in each row
    r = (right - score.softmax(1)) / len(x)
    pull = model.hidden_unit.mean(field).mul_(r[:, :, None])  # (N, S, H)
    by_state, by_row = pull.sum(0), pull.sum(1)  # (S, H), (N, H)
    weight = torch.cat([x.T @ by_row, states.T @ by_state])
    bias = torch.cat([x.new_zeros(model.n_pixels), r.sum(0) @ states])
    return Gradient(weight, bias, by_row.sum(0))


class LabelTrainer(SteppedTraining[TrainEvent]):
    """Training as a value that can be stepped; the parts of ``rbm.training`` do what they do for a plain RBM.

    The generative part is the algorithm that ``config`` names (CD-k, PCD-k, ...) on rows (x, y). Of the grey levels
    ``config.binarise`` makes new pixels for every batch. ``lap``: updates of one epoch, or of as many epochs as hold
    EVERY updates where an epoch is short; there is an event at the end of each.
    """

    def __init__(
        self,
        model: LabelledRBM,
        x: Tensor,
        y: Tensor,
        config: TrainConfig,
        generator: torch.Generator,
        objective: LabelObjective | None = None,
    ) -> None:
        """``x`` (N, P) grey levels in [0, 1]; ``y`` as in ``LabelledRBM.join``. Sets b and d to the data's means."""
        super().__init__(len(x), config.batch_size, config.epochs, generator)
        self.lap = self.batches_per_epoch * math.ceil(EVERY / self.batches_per_epoch)
        x = model.check(x, "x", model.n_pixels)
        check_rows(x, UNITS["bernoulli"], config.binarise, "x")
        self.model, self.config, self.objective = model, config, objective or LabelObjective()
        self._x, self._y = x, model.columns(y)
        model.label_unit.check_states(self._y, "y")
        if len(self._x) != len(self._y) or not len(x):
            wrong = _("Training needs as many labels as pictures, one at least, got {labels} and {pictures}.")
            raise ConfigError(wrong.format(labels=len(y), pictures=len(x)))
        mean = torch.cat([x.mean(0, dtype=torch.float64), self._y.mean(0, dtype=torch.float64)])
        with torch.no_grad():
            model.visible_bias.copy_(model.visible_unit.bias_for(mean, len(x)))
        self._sanity = Sanity(model, x)
        self._centring = Centring(model, mean) if config.centred == "on" else None
        self._optimizer = make_optimizer(model, config.optimizer)
        self._negative = make_negative(model, config, randomness.Coins(generator))

    @torch.no_grad()
    def _learn(self, rows: Tensor, left: int) -> None:
        x, y = binarise(self._x[rows], self.config.binarise, self._generator), self._y[rows]
        v0 = torch.cat([x, y], 1)
        phases = self._phases(v0)
        gradient = self._gradient(phases, x, y)
        if self._centring is not None:
            gradient = self._centring.centre(gradient, phases)
            self._centring.before_step()
        penalise(gradient, self.model, phases, self.config)
        self._optimizer.step(gradient, scheduled_rate(self.config, self.done), self.config.momentum)
        limit(self.model, self.config.max_norm)
        if self._centring is not None:
            self._centring.after_step()

    def _event(self) -> TrainEvent:
        self._sanity.check(self.step_number, self.config.learning_rate)
        return TrainEvent(self.step_number, self.epoch, {}, self.seconds)

    def _spacing(self) -> int:
        before = self._last_report
        return min(
            next((step for step in FIRST if step > before), before + EVERY) - before, self.lap - before % self.lap
        )

    def _phases(self, v0: Tensor) -> Phases:
        if self.objective.generative:
            return self._negative.phases(v0, self.config.k)
        h = self.model.hidden_mean(v0)  # what centring and sparsity ask for; no chains
        return Phases(v0, h, v0, h, None)

    def _gradient(self, phases: Phases, x: Tensor, y: Tensor) -> Gradient:
        """Both parts, each with its share."""
        shares, parts = self.objective, []
        if shares.generative:
            whole = gradients.contrast(phases)
            self._negative.learned(whole, self.config.learning_rate)
            parts.append([g * shares.generative for g in whole] if shares.generative != 1 else list(whole))
        if shares.discriminative:
            exact = discriminative_gradient(self.model, x, y)
            parts.append([g * shares.discriminative for g in exact] if shares.discriminative != 1 else list(exact))
        return Gradient(*parts[0]) if len(parts) == 1 else Gradient(*(a.add_(b) for a, b in zip(*parts, strict=True)))
