"""What a file is, by its first bytes; what is said of kinds that are not read; and gzip's inside, within limits."""

from __future__ import annotations

import codecs
import re
import zlib
from pathlib import PurePath

from rbm.core import limits
from rbm.core.language import _
from rbm.errors import DatasetError

_GZIP = b"\x1f\x8b"
_MAGIC = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x93NUMPY", "npy"),
    (b"\x89PNG", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
    (b"II*\0", "image"),
    (b"MM\0*", "image"),
    (b"\0\0\1\0", "picture"),  # an icon
    (b"\0\0\0\x0cjP", "picture"),  # JPEG 2000
    (b"8BPS", "picture"),
    (b"\x89HDF", "hdf"),
    (b"MATLAB 7.3", "hdf"),
    (b"MATLAB 5", "matlab"),
    (b"PAR1", "parquet"),
    (b"ARROW1", "parquet"),
    (b"SQLite format 3", "sqlite"),
    (b"\xd0\xcf\x11\xe0", "old office"),
    (b"7z\xbc\xaf", "packed"),
    (b"Rar!", "packed"),
    (b"BZh", "packed"),
    (b"\xfd7zXZ", "packed"),
    (b"(\xb5/\xfd", "packed"),
    (_GZIP, "gzip"),
    (b"RIFF", "film"),
    (b"\x80", "pickle"),
    (b"\0\0", "idx"),
)
_FIRST_ENTRIES = (  # in a ZIP that a program wrote
    (re.compile(rb"\[Content_Types\]\.xml|_rels/\.rels|(docProps|xl|word|ppt)/[\w/]*\.xml"), "office"),
    (re.compile(rb"mimetypeapplication/vnd\.oasis"), "opendocument"),
    (re.compile(rb"[^/]*/data\.pkl"), "pickle"),  # PyTorch
)
_JSON = re.compile(rb'\{\s*["}]|\[\s*[\[{"]')
_UTF_16 = re.compile(rb"\xff\xfe.\0|\xfe\xff\0.", re.DOTALL)
_FTYP = re.compile(rb"....ftyp(hei|hev|mif1|msf1|avi)?", re.DOTALL)  # what phones write: pictures, otherwise films
_NUMBER = re.compile(r"[-+]?\.?\d[\d.]*(e[-+]?\d+)?", re.IGNORECASE)
_PROSE = 0.2  # text of which a smaller share of the words are numbers is no table
PICTURES = (
    ".png", ".jpg", ".webp", ".tif", ".bmp", ".gif", ".jpeg", ".jfif", ".jpe", ".tiff", ".pgm", ".ppm", ".pbm", ".pnm"
)  # fmt: skip
_REFUSED = {
    "empty": _("The file is empty; save or download it again."),
    "image": (
        _(
            "The file is one picture; {least_pictures} or more are needed: give them together, or pack them into a ZIP."
        ).format(least_pictures=limits.LEAST_PICTURES)
    ),
    "pickle": _(
        "The file looks like a pickle (Python's .pkl, PyTorch's .pt), which could run programs and is never opened; save "
        "its arrays as .npz."
    ),
    "hdf": _("The file is HDF5 (or MATLAB's 7.3), which is not read; save its arrays as .npz."),
    "matlab": _(
        "The file is MATLAB's, which is not read; save its arrays as .npz (scipy.io.loadmat, then numpy.savez)."
    ),
    "parquet": _("The file is Parquet or Arrow, which is not read; save the table as CSV."),
    "sqlite": _("The file is a database (SQLite), which is not read; save its table as CSV."),
    "excel": _("The file is an Excel workbook, which is not read; save the sheet as CSV."),
    "opendocument": _(
        "The file is an OpenDocument (.ods, .odt), which is not read; save the sheet as CSV, or the pictures as PNG in a ZIP."
    ),
    "office": _(
        "The file is a document of an Office program (such as .docx or .pptx), which is not read; save its pictures as PNG in "
        "a ZIP, or its table as CSV."
    ),
    "old office": _(
        "The file is of an older Office program (.xls, .doc), which is not read; save the sheet as CSV, or the pictures as "
        "PNG in a ZIP."
    ),
    "heic": _(
        "The file is a picture in HEIC or AVIF, as phones take them, which is not read; save the pictures as JPEG or PNG, "
        "{least} or more in a ZIP."
    ).format(least=limits.LEAST_PICTURES),
    "picture": _(
        "The file is a picture of a kind that is not read (icon, JPEG 2000, Photoshop or SVG); save the pictures as PNG, {least} "
        "or more in a ZIP."
    ).format(least=limits.LEAST_PICTURES),
    "film": _(
        "The file is a film or a sound, which is not read; save the film's frames as PNG and pack them into a ZIP."
    ),
    "page": _(
        "The file is a web page (HTML) or XML, as sites send in place of a file that needs a login; download the file itself: "
        "a ZIP of images, IDX, .npy, .npz or CSV."
    ),
    "json": _("The file is JSON (or a notebook), which is not read; save the pictures as .npy or one a row as CSV."),
    "utf-16": _("The file looks like text in UTF-16, which is not read; save the table as CSV in UTF-8."),
    "prose": _(
        "The file is text with hardly any numbers, and no table; give a CSV with one picture a row, a ZIP of images, IDX, .npy "
        "or .npz."
    ),
    "packed": _("The file is packed as 7z, RAR, bzip2, xz or zstd, which is not read; pack it as ZIP."),
    "gzip": _("The file is gzip within gzip, which is not read; unpack it once."),
    "pdf": _("The file is a PDF, which is not read; save its pages as PNG and pack them into a ZIP."),
    "tar": _("The file is a tar archive, which is not read; pack its files as ZIP."),
    "arff": _("The file is Weka's ARFF, which is not read; save the table as CSV."),
    "zip": _("There is a ZIP within the ZIP; pack the files themselves."),
    "zip beside": _("There is a ZIP or .npz among several files; give it alone."),
}
HOLDERS = ("zip", "pickle", "hdf", "matlab", "excel", "opendocument")  # of data, rather than of words about a table


def kind(data: bytes) -> str:
    """ "zip", "npy", "idx", "image", "table" for other text or whatever else, or a kind that is refused."""
    if not data.strip():
        return "empty"
    if (data[:4] == b"RIFF" and data[8:12] == b"WEBP") or (data[:2] == b"BM" and data[6:10] == bytes(4)):
        return "image"
    if data[:1] == b"P" and data[1:2] in b"123456" and data[2:3].isspace():
        return "image"
    if b"%PDF-" in data[:1024]:  # readers of PDF look for it so far, and some programs write something before it
        return "pdf"
    if data[257:262] == b"ustar":
        return "tar"
    if data[:4096].lstrip().lower().startswith((b"@relation", b"%")) and b"@attribute" in data[:65536].lower():
        return "arff"
    if _UTF_16.match(data):
        return "utf-16"
    if found := _FTYP.match(data):
        return "heic" if found[1] else "film"
    known = next((name for magic, name in _MAGIC if data.startswith(magic)), "")
    return _written(data) if known == "zip" else known or _text(data[:65536])


def _written(data: bytes) -> str:
    """What a ZIP is, by the name (and where nothing is packed, the beginning) of its first entry."""
    found = next((name for entry, name in _FIRST_ENTRIES if entry.match(data, 30)), "zip")
    if found == "pickle" and b"/version" not in data:
        return "zip"
    return "excel" if found == "office" and b"xl/work" in data else found


def _text(head: bytes) -> str:
    """What a text is by its beginning: "table" unless it is something else for certain."""
    plain = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if plain.startswith(b"<"):
        return "picture" if b"<svg" in plain[:1024].lower() else "page"
    if _JSON.match(plain):
        return "json"
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(plain)  # which may end within a character
    except UnicodeDecodeError:
        return "table"
    lines = [line for line in text.splitlines() if line.strip()]
    below = lines[1:] or lines[: len(head) < 65536]  # the first may be a header
    cells = [cell for line in below[:200] for cell in re.split(r"[\s,;|]+", line.strip())]
    is_prose = text.count(" ") > sum(map(text.count, ",;\t|"))
    few = sum(_NUMBER.fullmatch(cell) is not None for cell in cells) < _PROSE * len(cells)
    return "prose" if is_prose and few else "table"


def misnamed(name: str) -> str:
    """Why a file of that name, which holds what would be read as a table, is none; "" where the name says nothing of it."""
    ending = PurePath(name.lower()).suffix
    if ending == ".pdf":
        return _REFUSED["pdf"]
    if ending in PICTURES:
        return _(
            "The file is called {ending} but holds no picture; save it as one again, or call a table .csv."
        ).format(ending=ending)
    return ""


def is_refused(name: str) -> bool:
    """Whether files of that kind are not read wherever they lie."""
    return name in _REFUSED and name not in ("empty", "image")


def refusal(name: str) -> str:
    """Why a file of that kind is not read, and what to do."""
    return _REFUSED[name]


def plain(data: bytes, most_unpacked: int) -> bytes:
    """The file itself, or where it is gzip its one member, unpacked no further than the limits."""
    if data[:2] != _GZIP:
        return data
    most = min(most_unpacked, max(limits.MB, limits.RATIO * len(data)))
    unpacker = zlib.decompressobj(31)  # 31: gzip with its checksum
    try:
        inside = unpacker.decompress(data, most + 1)
    except zlib.error as cause:
        wrong = _("The gzip file is damaged ({cause}); download or pack it again.")
        raise DatasetError(wrong.format(cause=cause)) from cause
    if len(inside) > most:
        wrong = _(
            "The gzip file unpacks to more than {most:,.0f} MB: at most {most_unpacked} MB and {ratio} times "
            "its own size are read."
        )
        raise DatasetError(
            wrong.format(most=most / limits.MB, most_unpacked=most_unpacked // limits.MB, ratio=limits.RATIO)
        )
    if not unpacker.eof or unpacker.unused_data:
        raise DatasetError(_("The gzip file is incomplete or followed by something else; download or pack it again."))
    return inside
