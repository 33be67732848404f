"""The registry as one visitor may change it: by the rule of ``rbm.store.owners``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rbm.store.owners import COPY_IT, Visitor, check
from rbm.store.records import Run
from rbm.store.registry import Store


class Guarded:
    """The registry as one visitor may change it. StoreError as from the registry, NotYoursError by the rule."""

    def __init__(self, store: Store, visitor: Visitor) -> None:
        self.store, self.visitor = store, visitor

    def run(self, run_id: str) -> Run:
        """A run that the visitor may change, train on for one."""
        run = self.store.run(run_id)
        check(
            self.visitor,
            run.visitor,
            f"Run {run_id}",
            self.store.names(),
            COPY_IT,
        )
        return run

    def delete(self, run_ids: Sequence[str]) -> None:
        """Out of sight, all of them or none."""
        self.store.delete(self._all(run_ids))

    def restore(self, run_ids: Sequence[str]) -> None:
        """Undo ``delete``."""
        self.store.restore(self._all(run_ids))

    def set_tags(self, run_id: str, tags: Iterable[str]) -> None:
        """These tags and no others."""
        self.store.set_tags(self.run(run_id).id, tags)

    def set_note(self, run_id: str, note: str) -> None:
        """A person's words about the run."""
        self.store.set_note(self.run(run_id).id, note)

    def set_name(self, run_id: str, name: str) -> None:
        """What a person calls the run."""
        self.store.set_name(self.run(run_id).id, name)

    def copy(self, run_id: str) -> str:
        """Anybody's run as one of the visitor's own; returns its id."""
        return self.store.copy(run_id, self.visitor)

    def _all(self, run_ids: Sequence[str]) -> list[str]:
        return [self.run(run_id).id for run_id in run_ids]
