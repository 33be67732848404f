"""How time grows with hidden units, batch, k and data, and what the largest data set takes of memory."""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch

from rbm import randomness
from rbm.benchmarks.engines import digits, trainer
from rbm.benchmarks.race import Setting
from rbm.datasets.base import Dataset
from rbm.errors import RbmError
from rbm.models.rbm import RBM
from rbm.training.config import TrainConfig
from rbm.training.loop import Trainer

ROUNDS, BATCHES = 3, 10  # a point is the fastest of so many rounds, of so many updates in each: what nothing disturbed
WARM_UP = 3

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
    """Seconds measured at each x. ``unit`` is what the seconds are for."""

    title: str
    unit: str
    x: tuple[int, ...]
    seconds: tuple[float, ...]

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
) -> tuple[GrowthCurve, ...]:
    """One knob at a time, the others at 500 hidden units, batches of 64, k = 1."""
    return (
        _curve("hidden units", "an update", hidden, lambda x: _update(Setting(x, 64, 1))),
        _curve("images a batch", "an update", batches, lambda x: _update(Setting(500, x, 1))),
        _curve("Gibbs steps k", "an update", ks, lambda x: _update(Setting(500, 64, x))),
        _curve("training images", "an epoch", sizes, lambda x: epoch(digits().select(size=x), 100)),
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


def _curve(title: str, unit: str, x: Sequence[int], measure: Callable[[int], float]) -> GrowthCurve:
    rounds = [[measure(value) for value in x] for _ in range(ROUNDS)]
    return GrowthCurve(title, unit, tuple(x), tuple(map(min, zip(*rounds, strict=True))))


def _update(setting: Setting) -> float:
    job = trainer(setting)
    taken = []
    for _ in range(BATCHES + WARM_UP):
        started = time.perf_counter()
        job.step()
        taken.append(time.perf_counter() - started)
    return min(taken[WARM_UP:])
