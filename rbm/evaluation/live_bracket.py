"""The likelihood's error band while the model still learns: AIS and reverse AIS a few temperatures at a time.

Training goes on with the model; the bracket is computed on a copy of it as it was, in whatever time there is to spare.
Cut in slices or not, the same generator gives the same numbers, bit for bit. Letters: N chains, V visible units.
"""

import copy
from collections.abc import Callable, Generator

import torch
from torch import Tensor

from rbm.core.language import _
from rbm.core.rests import worked
from rbm.errors import ConfigError
from rbm.evaluation import ais
from rbm.evaluation.ais import Bracket, Estimate, Path
from rbm.evaluation.population import anneal
from rbm.models.rbm import RBM
from rbm.samplers import from_visible, gibbs

SHARE = 0.05  # of the time that training takes


class LiveBracket:
    """One :func:`ais.bracket` of a model as it is now, advanced by a caller who has something else to do.

    Attributes: ``total`` and ``left``, its steps: a population annealed to where the reverse chains start (without a
    ``start``), n_sweeps Gibbs sweeps, then every temperature forward, then every one back, each step about as long as the
    others if there are as many chains. ``result`` is None until the last; ``families``: how many of the population's
    first chains the reverse ones come from, None with a start.
    """

    def __init__(
        self,
        model: RBM,
        start: Tensor | None = None,
        *,
        n_chains: int = 100,
        n_temperatures: int = 1000,
        n_sweeps: int = 0,
        generator: torch.Generator,
        base: Tensor | None = None,
    ) -> None:
        """Parameters and ``start`` (N, V) are copied, so training may go on; ``generator`` must not be training's.

        Reverse chains must begin at samples of the model. Without a ``start`` they come from :mod:`population` annealing of
        ``n_chains``. From images, or from chains that training kept, they would stay in the modes where those are: on a
        784–100 machine of PCD, 200 sweeps from images left the end from above 2 to 4 nats below that from below.
        ``n_sweeps`` Gibbs sweeps follow either way. ``base`` as in :func:`ais.reverse_log_partition`. ShapeError,
        ConfigError for what AIS refuses.
        """
        if start is not None:
            start = model.check(start, "start", model.visible_columns)
            model.visible_unit.check_states(start, "start")
        ais.check_size(n_chains if start is None else min(n_chains, len(start)), n_temperatures)
        if n_sweeps < 0:
            wrong = _("Chains cannot move back: got n_sweeps={n_sweeps}, expected 0 or more.")
            raise ConfigError(wrong.format(n_sweeps=n_sweeps))
        frozen = copy.deepcopy(model).requires_grad_(False)
        v = None if start is None else start.detach().clone()
        path = Path(frozen, None if base is None else base.detach().clone())
        self.total = self.left = n_sweeps + (2 if v is not None else 3) * n_temperatures
        self.result: Bracket | None = None
        self.families: int | None = None
        self._owed = 0.0  # seconds; negative after a step that took longer than there was
        self._work = self._steps(frozen, path, v, n_chains, ais.temperatures(n_temperatures), n_sweeps, generator)

    def advance(self, n_steps: int) -> Bracket | None:
        """At most ``n_steps`` more; the bracket once it is done, from then on at no cost."""
        for __ in range(min(n_steps, self.left)):
            self.left -= 1
            self._step()
        return self.result

    def keep_pace(self, seconds: float, *, share: float = SHARE, clock: Callable[[], float] = worked) -> Bracket | None:
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

    def _steps(
        self,
        model: RBM,
        path: Path,
        v: Tensor | None,
        n_chains: int,
        betas: list[float],
        n_sweeps: int,
        generator: torch.Generator,
    ) -> Generator[Tensor, None, Bracket]:
        """Every step in turn, and the bracket: in the order in which :func:`ais.bracket` draws its random numbers."""
        if v is None:
            found = yield from anneal(path, n_chains, betas, generator)
            v, self.families = found.v, found.families
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
