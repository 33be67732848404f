"""How much of anything is taken, with the reason and the sentence that is said beyond it: all limits are in this file.

Two sets: ``SCREEN`` for a class of sixty who share one laptop through a browser, ``COMMAND`` for ``python -m rbm``, whose
user has the machine alone. What is asked for is checked where it is asked for: by the page or by the command.
The limits of files that people bring follow below; the readers (``rbm.datasets.user_datasets``) say each in its own words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from rbm.errors import ConfigError

MB, GB = 2**20, 2**30


@dataclass(frozen=True)
class Limit:
    """The ``most`` of one thing. ``what``: the thing with its verb; ``why``: the reason; ``fix``: what to do instead."""

    most: int
    what: str
    why: str
    fix: str
    unit: int = 1  # in which it is told, as bytes are in MB
    unit_name: str = ""

    def problem(self, got: float) -> str:
        """What is wrong with ``got``, expected, why, and how to mend it, in one sentence; "" where nothing is."""
        if got <= self.most:  # NaN fails this
            return ""
        return (
            f"{self.what} {self._told(got)}; expected at most {self._told(self.most)}, because {self.why}: {self.fix}."
        )

    def check(self, got: float) -> None:
        """ConfigError with that sentence, if there is one."""
        problem = self.problem(got)
        if problem:
            raise ConfigError(problem)

    def _told(self, amount: float) -> str:
        number = f"{amount / self.unit:,.0f}" if isinstance(amount, int) else f"{amount / self.unit:,.6g}"
        return f"{number} {self.unit_name}".rstrip()


@dataclass(frozen=True)
class Limits:
    """How much one visitor or one command may ask for."""

    update: Limit  # hidden units × (batch + k × chains): an update is never cut, and others wait for its end
    chains: Limit  # that a run keeps, all replicas counted: each is a row of units in memory
    trials: Limit  # of one search
    temperatures: Limit  # of AIS
    ais_chains: Limit
    jobs: Limit  # runs and other work in the background that a visitor has going at once
    kept: Limit  # bytes of checkpoints in the registry: a visitor's runs; from the command line all of them
    upload: Limit  # bytes of one file
    sockets: Limit  # that one visit's token opens at once

    @classmethod
    def of(cls, **most: int) -> Limits:
        """The limits with these numbers, by name."""
        return cls(**{name: Limit(most[name], *words) for name, words in _WORDS.items()})


_WORDS: dict[str, tuple[str, str, str] | tuple[str, str, str, int, str]] = {
    "update": (
        "The work of one update, hidden units × (batch + k × chains), is",
        "whoever shares the processor waits for its end",
        "take fewer Gibbs steps, chains, replicas or hidden units",
    ),
    "chains": (
        "The number of chains that the run keeps, replicas counted, is",
        "every one of them is held in memory",
        "take fewer persistent chains or replicas",
    ),
    "trials": (
        "The number of runs that the search may take is",
        "each is trained and kept in the registry",
        "take values away, or search at random with fewer",
    ),
    "temperatures": (
        "The number of AIS temperatures is",
        "each costs a Gibbs sweep of all chains, and a bracket this fine is narrow already",
        "take fewer, or a machine that was trained less sharply",
    ),
    "ais_chains": (
        "The number of AIS chains is",
        "all of them are held in memory, and the error falls only with their square root",
        "take fewer chains and more temperatures",
    ),
    "jobs": (
        "The number of runs and other work that you have going at once is",
        "the class shares the processors",
        "the one that you began first was paused",
    ),
    "kept": (
        "The size of the checkpoints of the runs that are kept is",
        "the disk is everybody's",
        "delete some of them on the page Compare runs",
        MB,
        "MB",
    ),
    "upload": (
        "The size of the file is",
        "it is held in memory while it is read",
        "give fewer or smaller pictures",
        MB,
        "MB",
    ),
    "sockets": (
        "The number of connections of this page's visit is",
        "a page needs one, and a second while one that was cut off is still open",
        "close the page and open it again",
    ),
}

# 1,024 hidden units at k = 50 with batches of 128 are 6.7 million of work, 0.3 to 1 s on one core: a tenth of the screen's.
SCREEN = Limits.of(
    update=2**26,
    chains=20_000,
    trials=400,
    temperatures=20_000,
    ais_chains=1_000,
    jobs=6,
    kept=2 * GB,
    upload=20 * MB,  # Streamlit's maxUploadSize, .streamlit/config.toml
    sockets=4,
)
COMMAND = Limits.of(
    update=2**32,
    chains=250_000,  # what the knobs allow
    trials=10_000,
    temperatures=1_000_000,
    ais_chains=100_000,
    jobs=64,
    kept=200 * GB,
    upload=200 * MB,
    sockets=4,
)

# Files that people bring, and what is made of them.
FILE_BYTES = COMMAND.upload.most  # of one file given to the command line
UNPACKED_BYTES = 400 * MB  # what a ZIP, npz or gz may unpack to ...
RATIO = 200  # ... and for each byte of the file (beyond the first MB)
ENTRIES = 100_000  # files in a ZIP
IMAGE_PIXELS = 24_000_000  # of one picture as it comes: a phone's photograph
DECODED_PIXELS = 1_000_000_000  # of all pictures of a ZIP as they come, that is some ten seconds of decoding
VALUES = 60_000_000  # numbers in an array or a table, and pixels of a whole data set as it is kept
SIDES = range(2, 65)  # pixels of a kept picture's side, when resized
PICTURE_PIXELS = 4096  # of one kept picture
ROW_VALUES = 200_000  # columns of a table, values of one picture of an array
ROWS = 1_000_000  # pictures in a file: counted before a table is parsed
LEAST_PICTURES = 20  # so that training, validation and test each have some
CLASSES = 100
SETS, KEPT_BYTES = 100, 2_000 * MB  # data sets kept in one folder, and their size in all

# Words that people write.
TAG_LETTERS, NOTE_LETTERS, NAME_LETTERS = 64, 2000, 40


class Room(NamedTuple):
    """The bytes of a file, those that it may unpack to, and those that the numbers of a table may take."""

    file: Limit
    unpacked: int
    table: int


COMMAND_ROOM = Room(COMMAND.upload, UNPACKED_BYTES, 5 * VALUES)
SCREEN_ROOM = Room(
    SCREEN.upload, 96 * MB, 144 * MB
)  # so that an upload is read within 300 MB, the interpreter included

STATED = (
    f"Up to {FILE_BYTES // MB} MB a file ({SCREEN.upload.most // MB} MB on the page), {UNPACKED_BYTES // MB} MB unpacked "
    f"({SCREEN_ROOM.unpacked // MB} MB on the page) and {RATIO} times the packed size; {ENTRIES:,} files in a ZIP, "
    f"{IMAGE_PIXELS // 10**6} million pixels a picture and {DECODED_PIXELS // 10**6:,} million in all; as kept, "
    f"{LEAST_PICTURES} to {ROWS:,} pictures, {PICTURE_PIXELS:,} pixels each, {VALUES // 10**6} million in all and {CLASSES} "
    f"classes; {SETS} data sets of {KEPT_BYTES // MB:,} MB together."
)
