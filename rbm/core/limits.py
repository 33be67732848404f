"""How much of anything is taken, with the reason and the sentence that is said beyond it: all limits are in this file.

Two sets: ``SCREEN`` for a class of sixty who share one laptop through a browser, ``COMMAND`` for ``python -m rbm``, whose
user has the machine alone. What is asked for is checked where it is asked for: by the page or by the command.
The limits of files that people bring follow below; the readers (``rbm.datasets.user_datasets``) say each in its own words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from rbm.core.language import _
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
        return _("{what} {got}; expected at most {most}, because {why}: {fix}.").format(
            what=self.what, got=self._told(got), most=self._told(self.most), why=self.why, fix=self.fix
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

    update: Limit  # hidden units × (batch + k × chains): an update is cut between its sweeps alone
    chains: Limit  # that a run keeps, all replicas counted: each is a row of units in memory
    trials: Limit  # of one search
    temperatures: Limit  # of AIS
    kept: Limit  # bytes of checkpoints in the registry: a visitor's runs; from the command line all of them
    upload: Limit  # bytes of one file

    @classmethod
    def of(cls, **most: int) -> Limits:
        """The limits with these numbers, by name."""
        return cls(**{name: Limit(most[name], *words) for name, words in _WORDS.items()})


_WORDS: dict[str, tuple[str, str, str] | tuple[str, str, str, int, str]] = {
    "update": (
        _("The work of one update, hidden units × (batch + k × chains), is"),
        _("whoever shares the processor waits for its sweeps"),
        _("take fewer Gibbs steps, chains, replicas or hidden units"),
    ),
    "chains": (
        _("The number of chains that the run keeps, replicas counted, is"),
        _("every one of them is held in memory"),
        _("take fewer persistent chains or replicas"),
    ),
    "trials": (
        _("The number of runs that the search may take is"),
        _("each is trained and kept in the registry"),
        _("take values away, or search at random with fewer"),
    ),
    "temperatures": (
        _("The number of AIS temperatures is"),
        _("each costs a Gibbs sweep of all chains, and a bracket this fine is narrow already"),
        _("take fewer, or a machine that was trained less sharply"),
    ),
    "kept": (
        _("The size of the checkpoints of the runs that are kept is"),
        _("the disk is everybody's"),
        _("delete some of them on the page Compare runs"),
        MB,
        "MB",
    ),
    "upload": (
        _("The size of the file is"),
        _("it is held in memory while it is read"),
        _("give fewer or smaller pictures"),
        MB,
        "MB",
    ),
}

# 1,024 hidden units at k = 50 with batches of 128 are 6.7 million of work, 0.3 to 1 s on one core: a tenth of the screen's.
# One sweep of the largest, which is never cut, is k times less.
SCREEN = Limits.of(
    update=2**26,
    chains=20_000,
    trials=400,
    temperatures=20_000,
    kept=2 * GB,
    upload=20 * MB,  # Streamlit's maxUploadSize, .streamlit/config.toml
)
COMMAND = Limits.of(
    update=2**32,
    chains=250_000,  # what the knobs allow
    trials=10_000,
    temperatures=1_000_000,
    kept=200 * GB,
    upload=200 * MB,
)
AIS_CHAINS = Limit(
    100_000,
    _("The number of AIS chains is"),
    _("all of them are held in memory, and the error falls only with their square root"),
    _("take fewer chains and more temperatures"),
)

# Of the screen alone: a command is one job, and needs no page.
JOBS = Limit(
    6,
    _("The number of runs and other work that you have going at once is"),
    _("the class shares the processors"),
    _("the one that you began first was paused"),
)
SOCKETS = Limit(
    4,
    _("The number of connections of this page's visit is"),
    _("a page needs one, and a second while one that was cut off is still open"),
    _("close the page and open it again"),
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
TEMPERATURES = Limit(
    16,
    _("The number of the data's temperatures is"),
    _("at each one spins come to equilibrium by themselves, and all share the 10,000 training images"),
    _("take fewer"),
)
SETS, KEPT_BYTES = 300, 2_000 * MB  # data sets kept in one folder, and their size in all
OWN_SETS = Limit(
    10,
    _("The number of data sets that you keep is"),
    _("the folder is everybody's"),
    _("delete one of yours"),
)
OWN_BYTES = Limit(
    200 * MB,
    _("The size of the data sets that you keep is"),
    _("the folder is everybody's"),
    _("delete one of yours"),
    MB,
    "MB",
)

# Machines that Labels, Go deep and Learn colours have learnt, in the registry; beyond these the oldest go first. Nobody has to
# ask for one or can delete one, so that it must not matter how often somebody presses Train.
MACHINES = 4  # a visitor's of each page: one to show, and those that it is compared with
MACHINES_BYTES = 32 * MB  # a visitor's in all; the largest that the pages make (own pictures of 4,096 pixels) has 21 MB
ALL_MACHINES_BYTES = 2 * GB  # everybody's: sixty visitors with all that they may keep, and as much as one may of runs

# What the registry keeps for a month of a page as its visitor left it, each choice or drawing by itself: as many characters.
# Five drawings for Hopfield's network of the largest own pictures have 21,000.
PLACE_LETTERS = 30_000

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


def both_unbounded(visible: str, hidden: str) -> ConfigError:
    """Why two layers of units without a largest state make no machine."""
    return ConfigError(
        _(
            "{visible} visible with {hidden} hidden units is refused: both are unbounded, so with large enough weights the "
            "energy falls without end and there is no distribution; give one layer bernoulli or other bounded units."
        ).format(visible=visible, hidden=hidden)
    )


STATED = _(
    "Up to {file_bytes} MB a file ({most} MB on the page), {unpacked_bytes} MB unpacked ({unpacked} MB "
    "on the page) and {ratio} times the packed size; {entries:,} files in a ZIP, {image_pixels} "
    "million pixels a picture and {decoded_pixels:,} million in all; as kept, {least_pictures} to "
    "{rows:,} pictures, {picture_pixels:,} pixels each, {values} million in all and {classes} classes; "
    "{sets} data sets of {kept_bytes:,} MB together, a visitor's {own_sets} of {own_bytes} MB."
).format(
    file_bytes=FILE_BYTES // MB,
    most=SCREEN.upload.most // MB,
    unpacked_bytes=UNPACKED_BYTES // MB,
    unpacked=SCREEN_ROOM.unpacked // MB,
    ratio=RATIO,
    entries=ENTRIES,
    image_pixels=IMAGE_PIXELS // 10**6,
    decoded_pixels=DECODED_PIXELS // 10**6,
    least_pictures=LEAST_PICTURES,
    rows=ROWS,
    picture_pixels=PICTURE_PIXELS,
    values=VALUES // 10**6,
    classes=CLASSES,
    sets=SETS,
    kept_bytes=KEPT_BYTES // MB,
    own_sets=OWN_SETS.most,
    own_bytes=OWN_BYTES.most // MB,
)
