"""The engine of another checkout of this project, in a process of its own: yesterday's beside today's in one run."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from rbm.benchmarks.race import Advance, Setting, Unavailable

DONE = "the other engine has done it"
# Of what it imports, only what the first bench had already: older checkouts take part too.
OTHER = f"""
import sys
from functools import cache
from rbm import randomness
from rbm.benchmarks import engines, growth
from rbm.benchmarks.race import Setting
from rbm.evaluation import ais
from rbm.models.rbm import RBM
import torch

threads, n_hidden, batch_size, k = map(int, sys.argv[1:])
torch.set_num_threads(threads)
job = engines.trainer(Setting(n_hidden, batch_size, k), "float32")
draw = randomness.generator(1, "tasks")

@cache
def untrained():
    images = engines.digits()
    model = RBM(images.n_visible, n_hidden, generator=randomness.generator(1, "model"))
    model.fit_visible_bias(images.train, images.pixel_mean)
    return model, ais.base_biases(images.train)

print({DONE!r}, flush=True)
for line in sys.stdin:
    what, count, chains = line.split()
    if what == "steps":
        for _ in range(int(count)):
            job.step()
    elif what == "anneal":
        model, base = untrained()
        ais.log_partition(model, n_chains=int(chains), n_temperatures=int(count), generator=draw, base=base)
    else:
        growth.epoch(engines.digits().select(size=int(count)), n_hidden)
    print({DONE!r}, flush=True)
"""


class OtherEngine:
    """That engine in one setting: trains as it is told. Unavailable where the folder holds none."""

    def __init__(self, folder: Path, setting: Setting) -> None:
        numbers = (torch.get_num_threads(), setting.n_hidden, setting.batch_size, setting.k)
        self._process = subprocess.Popen(
            [sys.executable, "-c", OTHER, *map(str, numbers)],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._wait()

    def steps(self, count: int) -> None:
        """So many updates more."""
        self._do("steps", count)

    def epoch(self, size: int) -> None:
        """A machine of its own for an epoch of so many images."""
        self._do("epoch", size)

    def anneal(self, n_chains: int, n_temperatures: int) -> None:
        """AIS of a machine that has learnt nothing but the pixels' means, from base rates."""
        self._do("anneal", n_temperatures, n_chains)

    def close(self) -> None:
        """End its process."""
        self._process.communicate()

    def _do(self, what: str, count: int, n_chains: int = 0) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{what} {count} {n_chains}\n")
        self._process.stdin.flush()
        self._wait()

    def _wait(self) -> None:
        assert self._process.stdout is not None
        said = ""
        for line in self._process.stdout:
            if line.strip() == DONE:
                return
            said = line.strip() or said
        self.close()
        raise Unavailable(f"it ended with: {said or 'no reason given'}")


class Checkout:
    """The other engines of one folder, whose processes end together."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._started = folder, list[OtherEngine]()

    @property
    def name(self) -> str:
        """What it is called in tables."""
        return f"the engine in {self.folder.name}"

    def engine(self, setting: Setting) -> OtherEngine:
        """One, in that setting."""
        found = OtherEngine(self.folder, setting)
        self._started.append(found)
        return found

    def advance(self, setting: Setting) -> Advance:
        """The same as a contender of a race."""
        return self.engine(setting).steps

    def close(self) -> None:
        """End all their processes."""
        while self._started:
            self._started.pop().close()


@contextmanager
def checkout(folder: Path | None) -> Iterator[Checkout | None]:
    """The checkout in that folder as long as it is needed; None of none."""
    found = None if folder is None else Checkout(folder.resolve())
    try:
        yield found
    finally:
        if found is not None:
            found.close()
