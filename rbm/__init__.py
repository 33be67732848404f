"""The Boltzmann Explorer's engine: energy-based models, their training, sampling and evaluation, in PyTorch.

``import rbm`` costs nothing: each public name is imported when it is first used.
"""

from importlib import import_module
from typing import Any

_HOME = {
    "RBM": "rbm.models.rbm",
    "Chains": "rbm.samplers.chains",
    "Dataset": "rbm.datasets.base",
    "DatasetSpec": "rbm.experiment",
    "ModelSpec": "rbm.experiment",
    "RbmError": "rbm.errors",
    "RunSpec": "rbm.experiment",
    "TrainConfig": "rbm.training.config",
    "TrainEvent": "rbm.training.events",
    "generator": "rbm.randomness",
    "load_checkpoint": "rbm.checkpoint",
    "load_dataset": "rbm.datasets.catalog",
    "save_checkpoint": "rbm.checkpoint",
    "train": "rbm.training.loop",
}
__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'rbm' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
