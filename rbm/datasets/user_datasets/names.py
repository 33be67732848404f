"""What columns, arrays, files and folders are usually called: one list for every reader."""

from __future__ import annotations

import re

TRAIN, VALIDATION, TEST = 0, 1, 2  # the parts of a data set, as numbers that are kept with the pictures
LABELS = (
    "label",
    "labels",
    "class",
    "classes",
    "target",
    "targets",
    "category",
    "digit",
    "letter",
    "species",
    "y",
    "y_true",
)
PICTURES = ("x", "images", "image", "pictures", "data", "features", "pixels", "imgs")
COUNTERS = ("", "id", "ids", "index", "idx", "no", "nr", "row", "row_id", "rownames", "unnamed_0")
_PARTS = {
    **dict.fromkeys(("train", "training", "tr"), TRAIN),
    **dict.fromkeys(("val", "valid", "validation", "dev"), VALIDATION),
    **dict.fromkeys(("test", "testing", "te", "t10k"), TEST),
}
_FILLERS = {"set", "images", "image", "imgs", "data", "pictures", "split"}


def words(name: str) -> list[str]:
    """The words of a name: "trainLabels" and "train-labels" are "train" and "labels", "xtest" is "x" and "test"."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=^[XYxy])(?=(?:tr|te|va)[a-z]*$)", "_", name.strip())
    return [word for word in re.split(r"[^a-z0-9]+", apart.lower()) if word]


def part(name: str) -> int | None:
    """The part of a data set that a file or an array is named after, None where it names none or two."""
    found = {_PARTS[word] for word in words(name) if word in _PARTS}
    return found.pop() if len(found) == 1 else None


def is_part_folder(name: str) -> bool:
    """Whether a folder is called "train", "test_images" or the like, and nothing else."""
    return part(name) is not None and all(word in _PARTS or word in _FILLERS for word in words(name))


def plain(name: str) -> str:
    """The name without the part, its words joined: "y_train" and "Y Train" are "y"."""
    return "_".join(word for word in words(name) if word not in _PARTS)


def is_label(name: str) -> bool:
    """Whether a column or an array of that name holds classes."""
    return plain(name) in LABELS


def is_pictures(name: str) -> bool:
    """Whether an array of that name holds pictures. "train" alone does not say."""
    return plain(name) in PICTURES


def is_counter(name: str) -> bool:
    """Whether a column of that name counts or names the rows."""
    return "_".join(words(name)) in COUNTERS
