"""Where random numbers come from: the only place that makes and splits torch.Generators.

A generator is always an argument, made once at the edge from a seed. Children are split off by *name*, so adding one
consumer never shifts the numbers that another one sees.
"""

import hashlib

import torch
from torch import Tensor


def generator(seed: int, *names: str | int, device: torch.device | str = "cpu") -> torch.Generator:
    """A generator for one purpose: the same seed and names give the same numbers, other names independent ones.

    The child's seed is the first 8 bytes of SHA-256 over "seed/name/...", so close seeds are not close streams.
    """
    digest = hashlib.sha256("/".join(str(part) for part in (seed, *names)).encode()).digest()
    return torch.Generator(device=device).manual_seed(int.from_bytes(digest[:8], "little") >> 1)


def bernoulli(p: Tensor, generator: torch.Generator) -> Tensor:
    """Samples in {0, 1} of p's dtype and shape with P(1) = p, exact to the 24 bits of a float32 uniform.

    ``u < p`` with u in [0, 1) is right at both ends: p = 0 never fires, p = 1 always does.
    """
    return (torch.rand(p.shape, generator=generator, device=p.device, dtype=torch.float32) < p).to(p.dtype)


class Coins:
    """Fast Bernoulli draws into reused memory: 16-bit uniforms, four to each int64 drawn.

    For the training loop's inner steps, where drawing costs as much as the matrix products: ``torch.bernoulli`` takes
    about 10 ns an element, ``torch.rand`` 2 ns, this 0.5 ns. P(1) is p rounded to a multiple of 2⁻¹⁶, an error of
    at most 8e-6: far below a gradient's noise, but use :func:`bernoulli` where rare events carry the answer.
    """

    def __init__(self, generator: torch.Generator) -> None:
        self.generator = generator
        self._memory: dict[torch.Size, tuple[Tensor, Tensor, Tensor]] = {}
        self._offset = torch.tensor(-32768.5, device=generator.device)

    def flip(self, p: Tensor, out: Tensor | None = None) -> Tensor:
        """Samples in {0, 1} with P(1) = p, written to ``out`` (p's shape, any dtype) when it is given."""
        out = torch.empty_like(p) if out is None else out
        if p.device.type == "mps":  # whose random_ has no whole int64
            return out.copy_(bernoulli(p, self.generator))
        bits, uniform, threshold = self._memory.get(p.shape) or self._make(p)
        # Without explicit ends random_ leaves the sign bit of an int64 unset: name the whole range.
        bits.random_(-(2**63), None, generator=self.generator)
        # The half makes P(1) = round(65536 p) / 65536: without it p is always rounded up, and a rare unit fires too often.
        if p.dtype == torch.float32:
            torch.add(self._offset, p, alpha=65536.0, out=threshold)
        else:
            torch.mul(p, 65536.0, out=threshold).add_(self._offset)  # a power of two: exact in any format
        return torch.gt(threshold, uniform, out=out)

    def _make(self, p: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Memory for flips of p's shape: the int64 drawn, its 16-bit integers (-32768 ... 32767), thresholds to hold them to."""
        bits = torch.empty((p.numel() + 3) // 4, dtype=torch.int64, device=p.device)
        uniform = bits.view(torch.int16)[: p.numel()].view(p.shape)
        self._memory[p.shape] = bits, uniform, torch.empty(p.shape, dtype=torch.float32, device=p.device)
        return self._memory[p.shape]
