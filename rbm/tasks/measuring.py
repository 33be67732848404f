"""A log-likelihood on its way: computed on a worker in slices, watched from the screen, kept in the registry."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from rbm.errors import RbmError
from rbm.jobs import cluster
from rbm.store import Store, open_store
from rbm.tasks.likelihood import RESULT, Effort, LikelihoodJob

SLICE_SECONDS = 0.25

_log = logging.getLogger(__name__)


class Measuring:
    """The log-likelihood of a run's newest checkpoint. Every attribute may be read at any time.

    ``progress`` from 0 to 1; ``active`` until there is a ``result`` (``rbm.tasks.likelihood.summary``), a ``problem`` in a
    sentence, or ``release``.
    """

    def __init__(self, run_id: str, effort: Effort | None = None, store: Callable[[], Store] = open_store) -> None:
        self.run_id, self.progress, self.problem = run_id, 0.0, ""
        self.result: dict[str, Any] | None = None
        self.active = True
        self._effort, self._store, self.released = effort or Effort(), store, False
        threading.Thread(target=self._work, name="rbm-measuring", daemon=True).start()

    def release(self) -> None:
        """Nobody watches any more: no further slice."""
        self.released = True

    def _work(self) -> None:
        try:
            self._measure()
        except RbmError as error:
            self.problem = str(error)
        except Exception as error:
            _log.exception("the likelihood of run %s could not be computed", self.run_id)
            self.problem = f"The computation was lost ({type(error).__name__}); start it again."
        self.active = False

    def _measure(self) -> None:
        store = self._store()
        data = store.checkpoint(self.run_id)
        client = cluster.connect().client
        job = client.submit(LikelihoodJob, data, self._effort, actor=True, pure=False).result()
        at = int(job.step_number)
        while not self.released:
            step = job.advance(SLICE_SECONDS).result()
            self.progress = step.done / step.total
            if step.result is not None:
                store.add_evaluation(self.run_id, at, RESULT, step.result)
                self.result = step.result
                return
