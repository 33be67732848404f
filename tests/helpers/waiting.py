"""What tests of things that go on by themselves share: waiting for something, and the run that nothing interrupted.

Wait for states, never for counts or seconds: how much is done in a second is the machine's own affair, and a busy one may
stand still for many. A run that must still be training when the test looks has ENDLESS epochs.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
import torch

from rbm.experiment import RunSpec, make_dataset, make_trainer

T = TypeVar("T")
PATIENCE = 180.0  # seconds; only a test that fails waits for all of them
ENDLESS = 5000  # epochs; the most that there may be, hours on all of MNIST


def wait(condition: Callable[[], bool], seconds: float = PATIENCE, what: str = "it") -> None:
    """Until the condition holds; the test fails when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds:g} s"
        time.sleep(0.02)


def finished(coroutine: Coroutine[Any, Any, T]) -> T:
    """What it returns. On a thread of its own: browser tests leave this one with an event loop that runs."""
    with ThreadPoolExecutor(1) as own:
        return own.submit(asyncio.run, coroutine).result()


def trained(spec: RunSpec, steps: int | None = None) -> np.ndarray:
    """The weights of the same run, uninterrupted (up to update ``steps``) and without a cluster, with one thread like a
    worker's."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        trainer = make_trainer(spec, make_dataset(spec.dataset))
        while not trainer.finished and trainer.step_number != steps:
            trainer.step()
    finally:
        torch.set_num_threads(threads)
    return trainer.model.weight.detach().numpy()
