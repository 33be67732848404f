"""From files to pictures: what a file is, is told by its first bytes, never by its name."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from rbm.archive import Archive, Limits
from rbm.datasets.own import limits
from rbm.datasets.own.arrays import NPY, as_labels, from_array, parse_idx, parse_npy, read_npz
from rbm.datasets.own.images import read_images
from rbm.datasets.own.pictures import Pictures, Reading
from rbm.datasets.own.table import read_table
from rbm.errors import DatasetError

_ZIP, _GZIP, _IDX = (b"PK\x03\x04", b"PK\x05\x06"), b"\x1f\x8b", b"\0\0"
_PICKLE = b"\x80"
_LIMITS = Limits(limits.ENTRIES, limits.UNPACKED_BYTES, limits.RATIO)


def read(files: Sequence[bytes], reading: Reading | None = None) -> Pictures:
    """One file (ZIP of images, .npy, .npz, CSV, IDX images) or two (IDX images and labels, in any order), gzipped or not.

    Everything is held in memory, within ``limits``. Raises :class:`DatasetError`, in one sentence, for anything else.
    """
    reading = reading or Reading()
    if len(files) not in (1, 2):
        raise DatasetError(f"Give one file, or a pair of IDX files with images and labels; got {len(files)} files.")
    for data in files:
        if len(data) > limits.FILE_BYTES:
            raise DatasetError(
                f"The file has {len(data) / limits.MB:,.0f} MB; at most {limits.FILE_BYTES // limits.MB} are read."
            )
    plain = [_gunzip(data) if data[:2] == _GZIP else data for data in files]
    return _pair(plain[0], plain[1], reading) if len(plain) == 2 else _single(plain[0], reading)


def _single(data: bytes, reading: Reading) -> Pictures:
    if not data.strip():
        raise DatasetError("The file is empty.")
    if data.startswith(_ZIP):
        archive = Archive(data, _LIMITS, DatasetError)
        arrays = bool(archive.names) and all(name.endswith(".npy") for name in archive.names)
        return read_npz(archive, reading) if arrays else read_images(archive, reading)
    if data.startswith(NPY):
        return from_array(parse_npy(data, "The file"), None, reading)
    if data.startswith(_IDX):
        values = parse_idx(data, "The file")
        if values.ndim == 1:
            raise DatasetError("The IDX file holds labels alone; give the file of images with it.")
        return from_array(values, None, reading)
    if data.startswith(_PICKLE):
        raise DatasetError(
            "The file looks like a pickle, which could run programs and is never opened; save it as .npz."
        )
    return read_table(data, reading)


def _pair(one: bytes, other: bytes, reading: Reading) -> Pictures:
    if not (one.startswith(_IDX) and other.startswith(_IDX)):
        raise DatasetError(
            "Two files are read together only as IDX images and IDX labels; pack other files into one ZIP."
        )
    parsed = [parse_idx(data, f"The {place} file") for data, place in ((one, "first"), (other, "second"))]
    images, labels = sorted(parsed, key=lambda values: -values.ndim)
    if labels.ndim != 1 or images.ndim == 1:
        raise DatasetError("One of the two IDX files must hold images and the other labels.")
    return from_array(images, as_labels(labels), reading)


def _gunzip(data: bytes) -> bytes:
    """The one member of a gzip file, unpacked no further than the limits."""
    most = min(limits.UNPACKED_BYTES, max(limits.MB, limits.RATIO * len(data)))
    unpacker = zlib.decompressobj(31)  # 31: gzip with its checksum
    try:
        plain = unpacker.decompress(data, most + 1)
    except zlib.error as cause:
        raise DatasetError(f"The gzip file is damaged ({cause}); download or pack it again.") from cause
    if len(plain) > most:
        raise DatasetError(
            f"The gzip file unpacks to more than {most / limits.MB:,.0f} MB: at most {limits.UNPACKED_BYTES // limits.MB} MB and "
            f"{limits.RATIO} times its own size are read."
        )
    if not unpacker.eof or unpacker.unused_data:
        raise DatasetError("The gzip file is incomplete or followed by something else; download or pack it again.")
    return plain
