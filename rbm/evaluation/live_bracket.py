"""The likelihood's error band while the model still learns: AIS and reverse AIS a few temperatures at a time.

Training goes on with the model; the bracket is computed on a copy of it as it was, in whatever time there is to spare.
Cut in slices or not, the same generator gives the same numbers, bit for bit. Letters: N chains, V visible units.
"""

import copy
import time
from collections.abc import Callable, Generator

import torch
from torch import Tensor

from rbm.errors import ConfigError
from rbm.evaluation import ais
from rbm.evaluation.ais import Bracket, Estimate, Path
from rbm.models.rbm import RBM
from rbm.samplers import from_visible, gibbs

SHARE = 0.05  # of the time that training takes


class LiveBracket:
    """One :func:`ais.bracket` of a model as it is now, advanced by a caller who has something else to do.

    Attributes: ``total`` and ``left``, its steps: n_sweeps Gibbs sweeps, then every temperature forward, then every
    one back, each step about as long as the others if there are as many chains. ``result`` is None until the last.
    """

    def __init__(
        self,
        model: RBM,
        start: Tensor,
        *,
        n_chains: int = 100,
        n_temperatures: int = 1000,
        n_sweeps: int = 0,
        generator: torch.Generator,
        base: Tensor | None = None,
    ) -> None:
        """Parameters and ``start`` (N, V) are copied, so training may go on; ``generator`` must not be training's.

        ``start``: where the reverse chains begin, best the persistent chains of training. Those are behind a model
        that moves on: ``n_sweeps`` Gibbs sweeps of the copy let them catch up, and without persistent chains (CD)
        start from data and give hundreds. Too few make the upper end too high or too low, see
        :func:`ais.reverse_log_partition`; ``base`` as there. ShapeError, ConfigError for what AIS refuses.
        """
        start = model.check(start, "start", model.visible_columns)
        model.visible_unit.check_states(start, "start")
        ais.check_size(min(n_chains, len(start)), n_temperatures)
        if n_sweeps < 0:
            raise ConfigError(f"Chains cannot move back: got n_sweeps={n_sweeps}, expected 0 or more.")
        frozen = copy.deepcopy(model).requires_grad_(False)
        v = start.detach().to(frozen.weight, copy=True)
        path = Path(frozen, None if base is None else base.detach().clone())
        self.total = self.left = n_sweeps + 2 * n_temperatures
        self.result: Bracket | None = None
        self._owed = 0.0  # seconds; negative after a step that took longer than there was
        self._work = _work(frozen, path, v, n_chains, ais.temperatures(n_temperatures), n_sweeps, generator)

    def advance(self, n_steps: int) -> Bracket | None:
        """At most ``n_steps`` more; the bracket once it is done, from then on at no cost."""
        for _ in range(min(n_steps, self.left)):
            self.left -= 1
            self._step()
        return self.result

    def keep_pace(
        self, seconds: float, *, share: float = SHARE, clock: Callable[[], float] = time.perf_counter
    ) -> Bracket | None:
        """Advance for ``share`` of the ``seconds`` that training just took, and remember what one step took too long.

        So all calls together take at most that share and one step more. Steps are counted in wall time on a CPU; a
        GPU returns before it is done, where :meth:`advance` by a fixed number is the better way.
        """
        self._owed += share * seconds
        while self.left and self._owed > 0:
            began = clock()
            self.advance(1)
            self._owed -= clock() - began
        return self.result

    def _step(self) -> None:
        next(self._work)
        if not self.left:
            try:
                next(self._work)
            except StopIteration as end:
                self.result = end.value


def _work(
    model: RBM,
    path: Path,
    v: Tensor,
    n_chains: int,
    betas: list[float],
    n_sweeps: int,
    generator: torch.Generator,
) -> Generator[Tensor, None, Bracket]:
    """Every step in turn, and the bracket: in the order in which :func:`ais.bracket` draws its random numbers."""
    if n_sweeps:
        chains = from_visible(model, v, generator)
        for _ in range(n_sweeps):
            chains, _ = gibbs.sweep(model, chains, generator)
            yield chains.v
        v = chains.v
    log_w = yield from ais.walk(path, path.start(n_chains, generator), betas, generator)
    forward = Estimate.from_log_weights(path.log_base() + log_w)
    log_w = yield from ais.walk(path, v, betas[::-1], generator)
    return Bracket(forward, Estimate.from_inverse_log_weights(log_w - path.log_base()))
