"""``python -m rbm reproduce NAME``: a number of the literature, obtained here and now; ``--list`` names them."""

import argparse
import inspect
import sys
import time
from pathlib import Path

from rbm.errors import ConfigError
from rbm.studies import STUDIES, recipe


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", help=f"one of: {', '.join(STUDIES)}")
    parser.add_argument("--list", action="store_true", help="say what each study asks and how long it takes")
    parser.add_argument(
        "--seeds", type=int, nargs="+", default=[1], metavar="SEED", help="one training each; 1 if none"
    )
    parser.add_argument(
        "--epochs",
        type=int,
        metavar="N",
        help="instead of the study's own (of its main training); fewer are a quick look",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also keep the result, numbers in full")


def run(args: argparse.Namespace) -> int:
    """Print the study's table (Markdown) to standard output, its progress to standard error."""
    if args.list:
        for name, known in STUDIES.items():
            print(f"{name:10} {known.asks} About {known.minutes:g} minutes a seed on two quiet cores.")
        return 0
    if args.name is None:
        raise ConfigError(f"Which study? Name one of: {', '.join(STUDIES)}; --list says more.")
    study = recipe(args.name)
    sizes = {} if args.epochs is None else {"epochs": args.epochs}
    if args.epochs is not None and "epochs" not in inspect.signature(study).parameters:
        raise ConfigError(f"The study {args.name} is not measured in epochs: leave --epochs out.")
    from rbm.studies import report  # torch, which neither --list nor a wrong name needs

    machine, started = report.machine(), time.perf_counter()
    table = study(tuple(args.seeds), lambda line: print(line, file=sys.stderr, flush=True), **sizes)
    seconds = time.perf_counter() - started
    made = report.Report(args.name, STUDIES[args.name].asks, table, tuple(args.seeds), seconds, machine)
    print(made.markdown())
    if args.json is not None:
        try:
            args.json.write_text(made.json() + "\n", "utf-8")
        except OSError as error:
            raise ConfigError(
                f"{args.json} cannot be written ({error.strerror or error}); the table above is whole."
            ) from error
    return 0
