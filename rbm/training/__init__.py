"""Training: gradients in closed form, optimisers, and the loop as an iterator of events."""

from rbm.training.config import TrainConfig
from rbm.training.events import MEASURES, Measure, TrainEvent
from rbm.training.history import History

__all__ = ["MEASURES", "History", "Measure", "TrainConfig", "TrainEvent"]
