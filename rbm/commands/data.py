"""``python -m rbm data``: bring your own pictures, list what is kept, remove and restore it."""

from __future__ import annotations

import argparse
from pathlib import Path

from rbm.core import limits
from rbm.datasets.user_datasets import save
from rbm.errors import DatasetError

FITS = ("pad", "crop", "stretch")
COUNTED = ("auto", "first", "last")
TURNS = (0, 90, 180, 270)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The four things one can do, and the choices of ``add``."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser(
        "add", help="keep a ZIP of images, IDX files, an .npy, .npz, or a CSV or other text", epilog=limits.STATED
    )
    add.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="one file, or several that belong together, such as an IDX pair; gzipped or not",
    )
    add.add_argument("--name", required=True, help="small letters, digits, - and _; runs then call it own:NAME")
    add.add_argument(
        "--size", default="28", help="pixels of a side, height × width such as 20x28, or 'keep' (default: 28)"
    )
    add.add_argument("--fit", choices=FITS, default="pad", help="how pictures come to that size (default: pad)")
    add.add_argument("--counted", choices=COUNTED, default="auto", help="which axis of an array counts the pictures")
    add.add_argument("--labels", default="auto", help="auto, none, or in a table first, last or a column's name")
    add.add_argument("--mirror", action="store_true", help="swap left and right, before turning")
    add.add_argument("--turn", type=int, choices=TURNS, default=0, help="degrees clockwise")
    add.add_argument("--invert", action="store_true", help="make dark bright: strokes should be bright on dark")
    add.add_argument("--stretch-contrast", action="store_true", help="spread each picture from black to white")
    add.add_argument(
        "--binary", type=float, metavar="SHARE", help="black and white: white above this share, such as 0.5"
    )
    actions.add_parser("list", help="what is kept, and where")
    for action, what in (("remove", "take a set out of the list"), ("restore", "undo remove")):
        actions.add_parser(action, help=what).add_argument("name")


def run(arguments: argparse.Namespace) -> None:
    """Do it, and say in a line what was done."""
    {"add": _add, "list": _list, "remove": _remove, "restore": _restore}[arguments.action](arguments)


def _add(arguments: argparse.Namespace) -> None:
    from rbm.datasets.user_datasets.look import Look, finish
    from rbm.datasets.user_datasets.pictures import Reading
    from rbm.datasets.user_datasets.read import read
    from rbm.datasets.user_datasets.sizes import parse_size

    save.check_name(arguments.name)
    levels = "grey" if arguments.binary is None else "binary"
    look = Look(
        arguments.invert,
        "each" if arguments.stretch_contrast else "as it is",
        levels,
        0.5 if arguments.binary is None else arguments.binary,
        arguments.turn,
        arguments.mirror,
    )
    reading = Reading(parse_size(arguments.size), arguments.fit, arguments.labels, arguments.counted)
    paths = [Path(file) for file in arguments.files]
    pictures = finish(read([_bytes(path) for path in paths], reading, [path.name for path in paths]), look)
    one = save.save(arguments.name, pictures, paths[0].name)
    for note in pictures.notes:
        print(note)
    print(f"Kept own:{one.name}: {_line(one)}")


def _list(arguments: argparse.Namespace) -> None:
    for one in save.kept():
        print(f"own:{one.name}: {_line(one)}")
    print(f"Kept in {save.own_folder()}")


def _remove(arguments: argparse.Namespace) -> None:
    save.remove(arguments.name)
    print(f"Removed own:{arguments.name}. Undo: python -m rbm data restore {arguments.name}")


def _restore(arguments: argparse.Namespace) -> None:
    save.restore(arguments.name)
    print(f"Restored own:{arguments.name}")


def _line(one: save.UserDataset) -> str:
    height, width = one.image_shape
    classes = f"{len(one.class_names)} classes" if len(one.class_names) > 1 else "no labels"
    division = ", its own test or validation part" if one.divided else ""
    return f"{one.n:,} {one.kind} pictures of {height}×{width}, {classes}{division}, from {one.source or 'a file'}"


def _bytes(path: Path) -> bytes:
    """A file's content, unless it is too large to be read at all."""
    try:
        with path.open("rb") as file:
            return file.read(limits.FILE_BYTES + 1)  # one more, so that ``read`` sees that there is more
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror or error}.") from error
