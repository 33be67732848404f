"""How much of a stranger's data is taken. Each refusal names its limit; ``STATED`` says them all for a page or a manual."""

from typing import NamedTuple

MB = 2**20
FILE_BYTES = 200 * MB  # of one file given to the command line; the page takes as much as Streamlit's maxUploadSize
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


class Room(NamedTuple):
    """The bytes that a file may unpack to, and that the numbers of a table may take."""

    unpacked: int
    table: int


COMMAND = Room(UNPACKED_BYTES, 5 * VALUES)
PAGE = Room(96 * MB, 144 * MB)  # so that an upload is read within 300 MB, the interpreter included

STATED = (
    f"Up to {FILE_BYTES // MB} MB a file (20 MB on the page), {UNPACKED_BYTES // MB} MB unpacked ({PAGE.unpacked // MB} MB on "
    f"the page) and {RATIO} times the packed size; {ENTRIES:,} files in a ZIP, {IMAGE_PIXELS // 10**6} million pixels a picture "
    f"and {DECODED_PIXELS // 10**6:,} million in all; as kept, {LEAST_PICTURES} to {ROWS:,} pictures, {PICTURE_PIXELS:,} pixels "
    f"each, {VALUES // 10**6} million in all and {CLASSES} classes; {SETS} data sets of {KEPT_BYTES // MB:,} MB together."
)
