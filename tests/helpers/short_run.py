"""A run of a few updates on bars and stripes, for tests of what is kept of runs."""

from rbm.experiment import DatasetSpec, ModelSpec, RunSpec, make_dataset, make_trainer
from rbm.training.config import TrainConfig
from rbm.training.history import History

SPEC = RunSpec(
    DatasetSpec("bars_and_stripes"),
    ModelSpec(7),
    TrainConfig(algorithm="pcd", optimizer="adam", epochs=9, batch_size=8),
)


def trained(spec: RunSpec = SPEC, steps: int = 11):
    trainer = make_trainer(spec, make_dataset(spec.dataset))
    history = History(event for event in (trainer.step(report=True) for _ in range(steps)) if event)
    return trainer, history
