"""Where random numbers come from: the only place that makes and splits torch.Generators.

A generator is always an argument, made once at the edge from a seed. Children are split off by *name*, so adding one
consumer never shifts the numbers that another one sees.
"""

import hashlib

import numpy as np
import torch
from torch import Tensor

from rbm.core import kernels


def generator(seed: int, *names: str | int, device: torch.device | str = "cpu") -> torch.Generator:
    """A generator for one purpose: the same seed and names give the same numbers, other names independent ones.

    The child's seed is the first 8 bytes of SHA-256 over "seed/name/...", so close seeds are not close streams.
    """
    digest = hashlib.sha256("/".join(str(part) for part in (seed, *names)).encode()).digest()
    return torch.Generator(device=device).manual_seed(int.from_bytes(digest[:8], "little") >> 1)


def bernoulli(p: Tensor, generator: torch.Generator) -> Tensor:
    """Samples in {0, 1} of p's dtype and shape with P(1) = p, exact to the 24 bits of a float32 uniform.

    ``u < p`` with u in [0, 1) is right at both ends: p = 0 never fires, p = 1 always does. But u takes 2²⁴ values, 0
    among them, so any p above 0 fires at least once in 2²⁴ = 17 million: a coin is never rarer than that, and one of
    p = 10⁻¹² comes up 60,000 times too often. What depends on rarer events must use probabilities, not samples.
    """
    return Coins(generator).flip(p)


def logistic(x: Tensor, generator: torch.Generator) -> Tensor:
    """``bernoulli(sigmoid(x))`` in one pass where the compiled loops fit."""
    if not kernels.fits(x):
        return bernoulli(torch.sigmoid(x), generator)
    out = torch.empty_like(x)
    kernels.sample(x, Coins(generator).key(), out)
    return out


class Coins:
    """Bernoulli draws for the training loop's inner steps, where drawing costs as much as the matrix products.

    On the CPU the uniforms come from Philox under a key drawn from the generator, in a tenth of ``torch.bernoulli``'s
    time; on other devices, and in float64, from ``torch.rand``. Exact to 24 bits either way, so no coin of p > 0 is rarer
    than 2⁻²⁴, see :func:`bernoulli`.
    """

    def __init__(self, generator: torch.Generator) -> None:
        self.generator = generator
        self._key = self._keys = torch.empty(1, dtype=torch.int64, device=generator.device)
        self._halves = np.empty((0, 2), np.uint32)

    def flip(self, p: Tensor, out: Tensor | None = None) -> Tensor:
        """Samples in {0, 1} with P(1) = p, written to ``out`` (p's shape, any dtype) when it is given."""
        if not kernels.fits(p):
            uniform = torch.rand(p.shape, generator=self.generator, device=p.device, dtype=torch.float32)
            return (uniform < p).to(p.dtype) if out is None else out.copy_(uniform < p)
        result = torch.empty_like(p) if out is None or not kernels.fits(out) else out
        kernels.flip(p, self.key(), result)
        return result if out is None or result is out else out.copy_(result)

    def flip_rows(self, data: Tensor, rows: Tensor, out: Tensor) -> Tensor:
        """Samples with P(1) = data[rows] written to ``out`` (N, V): data (D, V), rows (N,) indices."""
        if not (kernels.fits(data) and kernels.fits(out) and rows.is_contiguous()):
            return self.flip(data[rows], out)
        kernels.flip_rows(data, rows, self.key(), out)
        return out

    def draw(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """σ(x), which may take x's place, and samples with that probability."""
        if not kernels.fits(x):
            p = x.sigmoid_()
            return p, self.flip(p)
        out = torch.empty_like(x)
        kernels.draw(x, self.key(), out)
        return x, out

    def keys(self, count: int) -> kernels.Array:
        """As many keys as ``key`` would give one by one, as loops take them: each its lower and its upper half (count, 2).

        In memory that the next call uses again.
        """
        if len(self._halves) != count:
            self._keys = self._key.new_empty(count)
            self._halves = kernels.array(self._keys).view(np.uint32).reshape(count, 2)
        self._keys.random_(-(2**63), None, generator=self.generator)
        return self._halves

    def key(self) -> int:
        """64 random bits from the generator, under which a whole tensor of coins is drawn."""
        return int(self._key.random_(-(2**63), None, generator=self.generator))
