"""``python -m rbm COMMAND``: what the engine does without a screen. Each command is a module of ``rbm.commands``."""

from __future__ import annotations

import argparse
import re
import sys
from difflib import get_close_matches
from importlib import import_module
from typing import Any

from rbm.errors import RbmError

# Name and one line of help, so that the overview imports nothing.
COMMANDS: dict[str, str] = {
    "serve": "The app in a browser; with --class for all in the same network, with a room, its QR code and the teacher's word.",
    "train": "Train a run, or go on with one, and keep it in the registry of runs.",
    "evaluate": "Log-likelihood of a run: exact where that is possible, otherwise bracketed by AIS and reverse AIS.",
    "sweep": "Search over settings: many runs on all workers, the best of them found.",
    "sample": "Samples of a run as a PNG, and their way there as a GIF.",
    "bench": "measure this engine's speed beside others' in one run",
    "report": "A run as one HTML file: settings, curves, filters, samples, likelihood, and the code that does it again.",
    "add": "Keep runs that come as files, a ZIP of the Runs page or a checkpoint, in the registry of runs.",
    "data": "bring your own pictures as a data set; list, remove and restore them",
    "bundle": "make the machines that come with the program",
    "reproduce": "reproduce a number of the literature (--list names them)",
}


class CommandParser(argparse.ArgumentParser):
    """A command's, which says itself what it does not know: the overview would print its own usage instead."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As its parent, but nothing that is not known is left for anybody else."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}{self._meant(unknown)}")
        return found, unknown

    def _meant(self, unknown: list[str]) -> str:
        options = sorted(set(re.findall(r"--[a-z][\w-]*", self.format_help())))
        near = [near for one in unknown for near in get_close_matches(one.partition("=")[0], options, n=1)]
        return f"; did you mean {' '.join(near)}?" if near else ""


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 2 for bad input, told in one sentence."""
    parser = CommandParser(prog="python -m rbm", description="The Boltzmann Explorer's engine, headless.")
    choices = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    given = sys.argv[1:] if arguments is None else arguments
    commands = {name: choices.add_parser(name, help=about, description=about) for name, about in COMMANDS.items()}
    meant = given[0] if given and given[0] in commands else ""
    try:
        if meant:  # only its module is imported
            import_module(f"rbm.commands.{meant}").add_arguments(commands[meant])
        chosen = parser.parse_args(given)
        return int(import_module(f"rbm.commands.{chosen.command}").run(chosen) or 0)
    except RbmError as error:
        print(f"python -m rbm {meant}: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
