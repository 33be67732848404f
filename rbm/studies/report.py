"""What a study hands back: a table, and under which circumstances it came about. As Markdown to read, as JSON to keep."""

import json
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import torch

from rbm.evaluation import verdict

Cell = str | int | float
Say = Callable[[str], None]  # is told what is being done, a line at a time


class Column(NamedTuple):
    """A title with its unit, and the decimal places of its numbers.

    ``rests_on``: of a likelihood, the column that holds the effective sample size of its log Z. ``bracket``: whether the
    column tells how far the two estimates lie apart. Either is printed with the mark of :mod:`rbm.evaluation.verdict`.
    """

    title: str
    digits: int = 2
    rests_on: str = ""
    bracket: bool = False


class Table(NamedTuple):
    """``rows`` of as many cells as there are ``columns``; ``notes``: what must be known to read them, a sentence each."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...]


class Recipe(Protocol):
    """A study's ``run``; its sizes are further keyword arguments, with the study's own as defaults."""

    def __call__(self, seeds: Sequence[int], say: Say, **sizes: Any) -> Table: ...


class Report(NamedTuple):
    """A table with its circumstances: ``seconds`` of wall time in all, ``machine`` as :func:`machine` tells it."""

    study: str
    asks: str
    table: Table
    seeds: tuple[int, ...]
    seconds: float
    machine: Mapping[str, str]

    def markdown(self) -> str:
        """The table, its notes and one line on how it came about."""
        columns, rows, notes = self.table
        lines = ["| " + " | ".join(c.title for c in columns) + " |", "|---" * len(columns) + "|"]
        lines += ["| " + " | ".join(_texts(row, columns)) + " |" for row in rows]
        told = ", ".join(f"{name} {value}" for name, value in self.machine.items())
        seeds = f"seed{'s' if len(self.seeds) > 1 else ''} {', '.join(map(str, self.seeds))}"
        head = f"**{self.study}**: {self.asks}"
        return "\n".join([head, "", *lines, "", *notes, f"({seeds}; {self.seconds:.0f} s in all; {told})"])

    def json(self) -> str:
        """Everything, the numbers in full."""
        columns, rows, notes = self.table
        return json.dumps(
            {
                "study": self.study,
                "asks": self.asks,
                "columns": [c.title for c in columns],
                "rows": [list(row) for row in rows],
                "notes": list(notes),
                "seeds": list(self.seeds),
                "seconds": self.seconds,
                "machine": dict(self.machine),
            },
            indent=1,
        )


def machine() -> dict[str, str]:
    """The processor, what runs on it, and how busy it was: the load average tells whether a wall time can be believed."""
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "threads": str(torch.get_num_threads()),
        "load at the start": load,
        "Python": platform.python_version(),
        "torch": torch.__version__,
        "system": platform.system(),
    }


def _processor() -> str:
    """Its name: Linux alone keeps a good one in a file."""
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _texts(row: Sequence[Cell], columns: Sequence[Column]) -> list[str]:
    """The row's cells as they are printed, each likelihood with its mark."""
    by_title = {column.title: cell for column, cell in zip(columns, row, strict=True)}
    return [_text(cell, column, by_title.get(column.rests_on)) for cell, column in zip(row, columns, strict=True)]


def _text(cell: Cell, column: Column, ess: Cell | None) -> str:
    if not isinstance(cell, float):
        return str(cell)
    crossed = column.bracket and verdict.crossed(cell)
    return verdict.quoted(cell, None if ess is None else float(ess), column.digits) + (" (crossed)" if crossed else "")
