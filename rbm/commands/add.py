"""``python -m rbm add``: runs that come as files, from the Runs page of another server or from a notebook."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from rbm.commands._runs import read
from rbm.store import importing, open_store


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="a run's ZIP, or a checkpoint (.safetensors)"
    )


def run(arguments: Namespace) -> None:
    store = open_store()
    for path in arguments.files:
        added = store.run(importing.add(store, path.name, read(path)))
        print(f"run {added.id} · {added.status} · {store.checkpoint_path(added.id)}")
