"""A log-likelihood on its way: computed on a worker in slices, watched from the screen, kept in the registry."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from rbm.jobs.job import Job, Work
from rbm.store import Store, open_store
from rbm.tasks.likelihood import RESULT, Effort, LikelihoodJob, Step


class Measuring(Job):
    """The log-likelihood of a run's newest checkpoint, begun at once. Every attribute may be read at any time.

    ``progress`` from 0 to 1; ``active`` until there is a ``result`` (``rbm.tasks.likelihood.summary``), a ``problem`` in a
    sentence, or ``release``.
    """

    lease_seconds = math.inf  # it may go on while another page is read

    def __init__(self, run_id: str, effort: Effort | None = None, store: Callable[[], Store] = open_store) -> None:
        super().__init__()
        self.run_id, self.progress = run_id, 0.0
        self.result: dict[str, Any] | None = None
        self._effort, self._store = effort or Effort(), store
        self.start()

    @property
    def active(self) -> bool:
        return self._pumping

    @property
    def problem(self) -> str:
        return self.message

    def _work(self) -> Work:
        return LikelihoodJob, (self._store().checkpoint(self.run_id), self._effort)

    def _take(self, value: Any) -> None:
        step: Step = value
        self._revivals = 0
        self.progress = step.done / step.total
        if step.result is not None:
            self._store().add_evaluation(self.run_id, step.at, RESULT, step.result)
            self.result, self.status = step.result, "finished"

    def _set_back(self) -> str:
        self.progress = 0.0
        return super()._set_back()
