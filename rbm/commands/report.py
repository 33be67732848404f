"""``python -m rbm report``: a run as one HTML file to keep or to send."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from rbm.commands._runs import add_run_argument, check_out, find
from rbm.core.files import write_atomically
from rbm.errors import ConfigError
from rbm.store import Run, open_store
from rbm.tasks.likelihood import RESULT
from rbm.training.history import History


def add_arguments(parser: ArgumentParser) -> None:
    add_run_argument(parser)
    parser.add_argument("--out", type=Path, default=Path("run.html"), help="the file; run.html if left out")


def run(arguments: Namespace) -> None:
    from rbm.checkpoint import from_bytes
    from rbm.report.page import html

    check_out(arguments.out, ".html")
    data, kept = find(arguments)
    history, evaluation = None, None
    if kept is not None:
        store = open_store()
        history, evaluation = store.history(kept.id), store.newest_evaluations(RESULT).get(kept.id)
        if arguments.step is not None:
            kept = _at(kept, arguments.step)
            history = History(event for event in history.events if event.step <= arguments.step)
            known = (one for one in store.evaluations(kept.id) if (one.name, one.step) == (RESULT, arguments.step))
            evaluation = next(known, None)
    page = html(from_bytes(data), kept, history, evaluation).encode()
    try:
        write_atomically(arguments.out, page)
    except OSError as error:
        raise ConfigError(f"The report {str(arguments.out)!r} cannot be written: {error.strerror or error}.") from error
    print(f"{len(page) / 1000:,.0f} kB, all in one file: {arguments.out}")


def _at(kept: Run, step: int) -> Run:
    """The run as it stood at one of its checkpoints."""
    epoch = next(one.epoch for one in open_store().checkpoints(kept.id) if one.step == step)
    return kept._replace(progress=kept.progress._replace(step=step, epoch=epoch))
