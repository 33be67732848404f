"""What a study hands back: a table, and under which circumstances it came about. As Markdown to read, as JSON to keep."""

import json
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import torch

Cell = str | int | float
Say = Callable[[str], None]  # is told what is being done, a line at a time


class Column(NamedTuple):
    """A title with its unit, and the decimal places of its numbers."""

    title: str
    digits: int = 2


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
        lines += ["| " + " | ".join(_text(x, c) for x, c in zip(row, columns, strict=True)) + " |" for row in rows]
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


def _text(cell: Cell, column: Column) -> str:
    return f"{cell:.{column.digits}f}".replace("-", "−") if isinstance(cell, float) else str(cell)
