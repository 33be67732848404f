"""What tests of things that go on by themselves share: waiting for something, and the run that nothing interrupted."""

import time
from collections.abc import Callable

import numpy as np
import torch

from rbm.experiment import RunSpec, make_dataset, make_trainer


def wait(condition: Callable[[], bool], seconds: float = 90.0, what: str = "it") -> None:
    """Until the condition holds; the test fails when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds:g} s"
        time.sleep(0.02)


def trained(spec: RunSpec) -> np.ndarray:
    """The weights of the same run, uninterrupted and without a cluster, with one thread like a worker's."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        trainer = make_trainer(spec, make_dataset(spec.dataset))
        while not trainer.finished:
            trainer.step()
    finally:
        torch.set_num_threads(threads)
    return trainer.model.weight.detach().numpy()
