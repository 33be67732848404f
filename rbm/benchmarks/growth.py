"""How time grows with hidden units, batch, k and data, and what the largest data set takes of memory."""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import torch

from rbm import randomness
from rbm.benchmarks.beside import Checkout
from rbm.benchmarks.engines import digits, trainer
from rbm.benchmarks.race import Setting
from rbm.datasets.base import Dataset
from rbm.errors import RbmError
from rbm.models.rbm import RBM
from rbm.training.config import TrainConfig
from rbm.training.loop import Trainer

ROUNDS, BATCHES = 6, 20  # a point is the fastest of so many rounds of so many updates: what disturbed it least
WARM_UP = 3  # of each round too: whose turn was before has taken the caches
EPOCHS, SMALL = 3, 100  # of the curve of whole epochs: rounds, and hidden units

# In a process of its own: MNIST's 60,000 images (and its 10,000 for testing) read, one epoch trained on nine tenths of
# them while the rest is measured on, then the most memory that was ever resident.
# On Linux the peak that getrusage tells begins with the parent's own, so it is read from the process's status there.
MEMORY = """
import sys
from rbm.benchmarks import engines, growth
growth.epoch(engines.digits(), 500)
if sys.platform == "linux":
    peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    print(1024 * int(peak.split()[1]))
else:
    import resource
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024))
"""


class GrowthCurve(NamedTuple):
    """Seconds measured at each x, and ``beside`` those of another engine, () of none. ``unit`` is what they are for."""

    title: str
    unit: str
    x: tuple[int, ...]
    seconds: tuple[float, ...]
    beside: tuple[float, ...] = ()

    @property
    def exponent(self) -> float:
        """p of seconds ~ x^p over the larger half of x, where fixed costs no longer show: 1 is linear."""
        half = len(self.x) // 2
        x, y = (torch.tensor(values[half:], dtype=torch.float64).log() for values in (self.x, self.seconds))
        x = x - x.mean()
        return float((x * y).sum() / x.square().sum())


def curves(
    hidden: Sequence[int] = (64, 128, 256, 512, 1024, 2048),
    batches: Sequence[int] = (16, 32, 64, 128, 256, 512, 1024),
    ks: Sequence[int] = (1, 2, 5, 10, 20, 50),
    sizes: Sequence[int] = (3375, 6750, 13500, 27000, 54000),
    other: Checkout | None = None,
) -> tuple[GrowthCurve, ...]:
    """One knob at a time, the others at 500 hidden units, batches of 64, k = 1; an engine of another checkout in turns."""
    return (
        _curve("hidden units", hidden, lambda x: Setting(x, 64, 1), other),
        _curve("images a batch", batches, lambda x: Setting(500, x, 1), other),
        _curve("Gibbs steps k", ks, lambda x: Setting(500, 64, x), other),
        _epochs(sizes, other),
    )


def epoch(dataset: Dataset, n_hidden: int) -> float:
    """Seconds of one epoch."""
    model = RBM(dataset.n_visible, n_hidden, generator=randomness.generator(1, "model"))
    job = Trainer(model, dataset, TrainConfig(epochs=1, learning_rate=0.01), randomness.generator(1, "training"))
    started = time.perf_counter()
    while not job.finished:
        job.step()
    return time.perf_counter() - started


def peak_memory() -> int:
    """Bytes resident at most while MNIST with its 60,000 images is trained on for an epoch, Python and torch included."""
    done = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RbmError(
            f"Memory could not be measured here: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}."
        )
    return int(done.stdout)


def _curve(title: str, x: Sequence[int], setting: Callable[[int], Setting], other: Checkout | None) -> GrowthCurve:
    own: list[float] = []
    others: list[float] = []
    for value in x:
        job = trainer(setting(value))

        def steps(count: int, job: Trainer = job) -> None:
            for _ in range(count):
                job.step()

        contenders = [steps] if other is None else [steps, other.advance(setting(value))]
        taken = [[_update(advance) for advance in contenders] for _ in range(1 + ROUNDS)][1:]
        fastest = tuple(map(min, zip(*taken, strict=True)))
        own.append(fastest[0])
        others += fastest[1:]
        if other is not None:
            other.close()
    return GrowthCurve(title, "an update", tuple(x), tuple(own), tuple(others))


def _epochs(sizes: Sequence[int], other: Checkout | None) -> GrowthCurve:
    theirs = None if other is None else other.engine(Setting(SMALL, 64, 1))
    own: list[float] = []
    others: list[float] = []
    for size in sizes:
        images = digits().select(size=size)
        taken = [
            (epoch(images, SMALL), _seconds(partial(theirs.epoch, size)) if theirs else 0.0) for _ in range(EPOCHS)
        ]
        own.append(min(seconds for seconds, _ in taken))
        others += [min(seconds for _, seconds in taken)] if theirs else []
    return GrowthCurve("training images", "an epoch", tuple(sizes), tuple(own), tuple(others))


def _update(advance: Callable[[int], None]) -> float:
    advance(WARM_UP)
    return _seconds(partial(advance, BATCHES)) / BATCHES


def _seconds(do: Callable[[], None]) -> float:
    started = time.perf_counter()
    do()
    return time.perf_counter() - started
