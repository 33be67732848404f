"""Fantasies of a deep machine, stepped: the same three questions for either kind. N pictures, V pixels."""

from collections.abc import Sequence

import torch

from rbm.models.dbm import DeepBoltzmannMachine
from rbm.models.dbn import DeepBeliefNet
from rbm.models.parameters import Array
from rbm.randomness import generator
from rbm.samplers import dreams
from rbm.samplers.chains import from_noise, from_visible
from rbm.samplers.gibbs import sweep
from rbm.tasks.deep.job import restore
from rbm.tasks.deep.plan import Learned


class DeepDream:
    """Chains of one machine: ``pixels`` (N, V), probabilities, as they stand; ``sweeps`` done so far."""

    def __init__(
        self, kind: str, layers: Sequence[Learned], n: int, seed: int, images: torch.Tensor | None = None
    ) -> None:
        """From noise at the top, or from where ``images`` lead, one after another and over again where they are fewer."""
        if images is not None:
            images = images[torch.arange(n) % len(images)]
        self.machine = restore(kind, layers)
        self._generator, self.sweeps = generator(seed, "dream"), 0
        if isinstance(self.machine, DeepBeliefNet):
            self._chains = dreams.start(self.machine, n, self._generator, images)
        elif images is None:
            self._chains = from_noise(self.machine.joint, n, self._generator)
        else:
            q1, _ = self.machine.mean_field(images)
            self._chains = from_visible(
                self.machine.joint, torch.bernoulli(q1, generator=self._generator), self._generator
            )
        self.pixels: Array = self._look()

    def advance(self, sweeps: int) -> None:
        """So many sweeps of the top RBM, or of all layers of a Boltzmann machine."""
        chain = self.machine.joint if isinstance(self.machine, DeepBoltzmannMachine) else self.machine.top
        for _ in range(sweeps):
            self._chains, _ = sweep(chain, self._chains, self._generator)
        self.sweeps += sweeps
        self.pixels = self._look()

    @torch.no_grad()
    def _look(self) -> Array:
        """Pixels' probabilities where the chains stand."""
        if isinstance(self.machine, DeepBoltzmannMachine):
            pixels = self.machine.outer_means(self._chains.v)[0]
        else:
            pixels = dreams.dream(self.machine, self._chains, self._generator, 0)[1]
        return pixels.numpy()
