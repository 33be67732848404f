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
        self._bits = torch.empty(0, dtype=torch.int64, device=generator.device)

    def flip(self, p: Tensor, out: Tensor | None = None) -> Tensor:
        """Samples in {0, 1} with P(1) = p, written to ``out`` (p's shape and dtype) when it is given."""
        words = (p.numel() + 3) // 4
        if self._bits.numel() < words:
            self._bits = torch.empty(words, dtype=torch.int64, device=p.device)
        # Without explicit ends random_ leaves the sign bit of an int64 unset: name the whole range.
        bits = self._bits[:words].random_(-(2**63), None, generator=self.generator)
        uniform = bits.view(torch.int16)[: p.numel()].view(p.shape)  # -32768 ... 32767, each equally likely
        # The half makes P(1) = round(65536 p) / 65536: without it p is always rounded up, and a rare unit fires too often.
        threshold = torch.add(-32768.5, p, alpha=65536.0) if p.dtype == torch.float32 else p.float() * 65536.0 - 32768.5
        out = torch.empty_like(p) if out is None else out
        return torch.gt(threshold, uniform, out=out)
