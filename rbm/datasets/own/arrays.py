"""Arrays: .npy and .npz without pickle, and IDX files; and how numbers become grey levels."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rbm.archive import Archive
from rbm.datasets.own import limits
from rbm.datasets.own.pictures import Pictures, Reading, check_size, checked, fitted, square
from rbm.errors import DatasetError

Array = NDArray[Any]
NPY = b"\x93NUMPY"
PICTURES = ("x", "images", "pictures", "data", "x_train", "train_images", "arr_0")
LABELS = ("y", "labels", "label", "targets", "y_train", "train_labels", "arr_1")
_IDX_TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R 601-2
_CHUNK = 4096  # pictures turned into grey levels at once


def parse_npy(data: bytes, what: str) -> Array:
    """The array of an .npy file of numbers or plain text. numpy's own loader would believe the header's shape."""
    file = io.BytesIO(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            version = np.lib.format.read_magic(file)
            read_header = {
                (1, 0): np.lib.format.read_array_header_1_0,
                (2, 0): np.lib.format.read_array_header_2_0,
            }[version]
            shape, fortran, dtype = read_header(file)
    except Exception as cause:  # the header is a Python literal, and its parser raises what it likes
        raise DatasetError(f"{what} is not a readable .npy file; save it again with numpy.save.") from cause
    if dtype.hasobject or dtype.kind not in "buifUS" or not 0 < dtype.itemsize <= 1024:
        raise DatasetError(f"{what} holds {dtype} where numbers are expected; save it as uint8 or float32.")
    start, count = file.tell(), math.prod(shape)
    if any(size < 1 for size in shape) or count * dtype.itemsize != len(data) - start:
        raise DatasetError(
            f"{what} announces {_shape(shape)} of {dtype} but holds {len(data) - start:,} bytes; save it again."
        )
    return np.frombuffer(data, dtype, offset=start).reshape(shape, order="F" if fortran else "C")


def parse_idx(data: bytes, what: str) -> Array:
    """An IDX file: two zero bytes, a type, the number of dimensions, their sizes in four bytes each, the numbers."""
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] not in _IDX_TYPES or not 1 <= data[3] <= 4:
        raise DatasetError(f"{what} is not an IDX file of numbers in one to four dimensions; save it again.")
    dtype, start = np.dtype(_IDX_TYPES[data[2]]), 4 + 4 * data[3]
    shape = tuple(int.from_bytes(data[i : i + 4], "big") for i in range(4, start, 4))
    if 0 in shape or len(data) < start or math.prod(shape) * dtype.itemsize != len(data) - start:
        raise DatasetError(
            f"{what} announces {_shape(shape)} but holds {len(data):,} bytes; download or save it again."
        )
    return np.frombuffer(data, dtype, offset=start).reshape(shape)


def read_npz(archive: Archive, reading: Reading) -> Pictures:
    """Pictures under a usual name such as ``x`` (or the only array), labels under a usual one such as ``y``."""
    names = {name.removesuffix(".npy"): name for name in archive.names}
    found = {name.lower(): name for name in names}
    pictures = next((found[name] for name in PICTURES if name in found), None)
    labels = next((found[name] for name in LABELS if name in found), None)
    if pictures is None and len(names) == 1:
        pictures = next(iter(names))
    if pictures is None:
        raise DatasetError(
            f"The .npz holds no array called x (or {', '.join(PICTURES[1:])}); save it with x=pictures, y=labels."
        )
    values = parse_npy(archive.read(names[pictures]), f"The array {pictures[:40]!r}")
    marks = None
    if labels is not None and labels != pictures and reading.labels != "none":
        marks = as_labels(parse_npy(archive.read(names[labels]), f"The array {labels[:40]!r}"))
    return from_array(values, marks, reading)


def as_labels(values: Array) -> list[str]:
    """Labels (N,) or (N, 1) as text; DatasetError for anything else, fractions included."""
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1 or len(values) > limits.VALUES // 2:
        raise DatasetError(f"The labels have the shape {_shape(values.shape)}; give one number or word a picture.")
    if values.dtype.kind in "US":
        try:
            return [str(label) for label in (np.char.decode(values, "utf-8") if values.dtype.kind == "S" else values)]
        except (UnicodeError, ValueError) as cause:
            raise DatasetError("The labels are not readable text; save them as whole numbers.") from cause
    if values.dtype.kind == "f" and not (np.isfinite(values).all() and (values == np.round(values)).all()):
        raise DatasetError("The labels are not whole numbers; give one class number or word a picture.")
    whole = values.astype(np.int64) if values.dtype.kind != "f" else values.clip(-1e15, 1e15).astype(np.int64)
    return [str(label) for label in whole.tolist()]


def from_array(values: Array, labels: Sequence[str] | None, reading: Reading) -> Pictures:
    """Rows (N, V) or pictures (N, h, w), with a channel axis of 1, 3 or 4 before or after h and w, as Pictures."""
    if values.dtype.kind not in "buif":
        raise DatasetError(
            f"The pictures are {values.dtype} where numbers are expected; save them as uint8 or float32."
        )
    if values.size > limits.VALUES:
        raise DatasetError(
            f"The array holds {values.size:,} numbers; at most {limits.VALUES:,} are read. Give fewer pictures."
        )
    pictures = _laid_out(values)
    n, height, width = pictures.shape[:3]
    if not 1 < height * width <= limits.ROW_VALUES:
        raise DatasetError(f"One picture has {height:,}×{width:,} values; 2 to {limits.ROW_VALUES:,} are read.")
    side = reading.size
    check_size(n, side or height, side or width)
    low, high, note = _range(pictures)
    grey = np.empty((n, side or height, side or width), dtype=np.uint8)
    for start in range(0, n, _CHUNK):
        part = _bytes(pictures[start : start + _CHUNK], low, high)
        if part.shape[1:] != grey.shape[1:]:
            part = np.stack([fitted(Image.fromarray(one), reading) for one in part])
        grey[start : start + _CHUNK] = part
    return checked(grey, None if reading.labels == "none" else labels, [note] if note else [])


def _laid_out(values: Array) -> Array:
    """(N, h, w) or (N, h, w, channels)."""
    shape = values.shape
    if values.ndim == 2:
        return values.reshape(len(values), *square(shape[1]))
    if values.ndim == 4 and shape[1] in (1, 3) and shape[3] not in (1, 3, 4):
        values = np.moveaxis(values, 1, 3)
    if values.ndim == 4 and values.shape[3] in (1, 3, 4):
        return values[..., 0] if values.shape[3] == 1 else values[..., :3]
    if values.ndim == 3:
        return values
    raise DatasetError(
        f"The array has the shape {_shape(shape)}; expected pictures (N, height, width), with colours (N, height, width, 3), "
        "or rows (N, pixels)."
    )


def _range(values: Array) -> tuple[float, float, str]:
    """Which values are black and white, and what is to be said about it."""
    low, high = float(values.min()), float(values.max())
    if not (math.isfinite(low) and math.isfinite(high) and abs(low) < 1e30 and abs(high) < 1e30):
        raise DatasetError("Some pixels are NaN or infinite; leave such pictures out or replace the values.")
    if values.dtype.kind == "b" or (low >= 0 and high <= 1):
        return 0.0, 1.0, ""
    if low >= 0 and 127 < high <= 255:
        return 0.0, 255.0, ""
    if low == high:
        return low, low + 1, "All pixels have one value, so every picture is black."
    return low, high, f"The values {low:g} to {high:g} were scaled to black and white."


def _bytes(values: Array, low: float, high: float) -> NDArray[np.uint8]:
    """Grey levels (N, h, w): low becomes 0 and high 255."""
    levels = values.astype(np.float32)
    if levels.ndim == 4:
        levels = levels @ _LUMA
    scaled = np.rint((levels - np.float32(low)) * np.float32(255 / (high - low)))
    return np.clip(scaled, 0, 255).astype(np.uint8)


def _shape(shape: Sequence[int]) -> str:
    return "×".join(str(size)[:20] for size in shape[:6]) or "one number"
