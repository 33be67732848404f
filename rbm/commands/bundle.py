"""``python -m rbm bundle``: make the machines that come with the program, one after another, and the numbers of its lessons."""

import argparse
import sys

from rbm import bundled
from rbm.errors import ConfigError
from rbm.evaluation.verdict import quoted
from rbm.lessons import known

LESSONS = "lessons"
ALL = (*bundled.NAMES, LESSONS)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of: {', '.join(ALL)}; all if left out")
    parser.add_argument("--anew", action="store_true", help="also those whose file is there already")


def run(args: argparse.Namespace) -> int:
    """Make what is missing; an interrupted bundle goes on with the machine at which it stopped."""
    if unknown := set(args.names) - set(ALL):
        raise ConfigError(f"No machine is called {min(unknown)!r}; choose from {', '.join(ALL)}.")
    names = args.names or ALL
    if LESSONS in names and (args.anew or not known.FILE.exists()):
        from rbm.studies import lessons  # torch, which nothing above needs

        lessons.make()
    for name in (name for name in names if name != LESSONS):
        if args.anew or not (bundled.FOLDER / f"{name}.safetensors").exists():
            from rbm.studies import bundle

            print(name, file=sys.stderr, flush=True)
            bundle.make(name, lambda line: print(line, file=sys.stderr, flush=True))
        about = bundled.load(name).about
        stated = about["likelihood"]
        nats = quoted(stated["value"], stated["ess"])
        print(f"{name}: {about['title']}, epoch {about['epochs']}, {nats} nats, {stated['of']}")
    size = sum(path.stat().st_size for path in bundled.FOLDER.glob("*.safetensors"))
    print(f"{size / 1e6:.2f} MB of {bundled.MOST_BYTES / 1e6:g}")
    return 0
