"""What a file is, by its first bytes; what is said of kinds that are not read; and gzip's inside, within limits."""

from __future__ import annotations

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
    (b"BM", "image"),
    (b"II*\0", "image"),
    (b"MM\0*", "image"),
    (b"\x89HDF", "hdf"),
    (b"MATLAB 5", "matlab"),
    (b"PAR1", "parquet"),
    (b"7z\xbc\xaf", "packed"),
    (b"Rar!", "packed"),
    (b"\x80", "pickle"),
    (b"\0\0", "idx"),
)
PICTURES = (
    ".png", ".jpg", ".webp", ".tif", ".bmp", ".gif", ".jpeg", ".jfif", ".jpe", ".tiff", ".pgm", ".ppm", ".pbm", ".pnm"
)  # fmt: skip
_REFUSED = {
    "empty": _("The file is empty."),
    "image": (
        _(
            "The file is one picture; {least_pictures} or more are needed: give them together, or pack them into a ZIP."
        ).format(least_pictures=limits.LEAST_PICTURES)
    ),
    "pickle": _("The file looks like a pickle, which could run programs and is never opened; save it as .npz."),
    "hdf": _("The file is HDF5 (or MATLAB's 7.3), which is not read; save its arrays as .npz."),
    "matlab": _(
        "The file is MATLAB's, which is not read; save its arrays as .npz (scipy.io.loadmat, then numpy.savez)."
    ),
    "parquet": _("The file is Parquet, which is not read; save the table as CSV."),
    "packed": _("The file is packed as 7z or RAR, which is not read; pack it as ZIP."),
    "pdf": _("The file is a PDF, which is not read; save its pages as PNG and pack them into a ZIP."),
    "tar": _("The file is a tar archive, which is not read; pack its files as ZIP."),
    "arff": _("The file is Weka's ARFF, which is not read; save the table as CSV."),
    "zip": _("There is a ZIP within the ZIP; pack the files themselves."),
}


def kind(data: bytes) -> str:
    """ "zip", "npy", "idx", "image", "table" for other text or whatever else, or a kind that is refused."""
    if not data.strip():
        return "empty"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image"
    if data[:1] == b"P" and data[1:2] in b"123456" and data[2:3].isspace():
        return "image"
    if b"%PDF-" in data[:1024]:  # readers of PDF look for it so far, and some programs write something before it
        return "pdf"
    if data[257:262] == b"ustar":
        return "tar"
    if data[:4096].lstrip().lower().startswith((b"@relation", b"%")) and b"@attribute" in data[:65536].lower():
        return "arff"
    return next((name for magic, name in _MAGIC if data.startswith(magic)), "table")


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
