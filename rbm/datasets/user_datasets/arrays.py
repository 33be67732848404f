"""Arrays: .npy without pickle, and IDX files; their axes; and how numbers become grey levels."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rbm.core import limits
from rbm.core.language import _
from rbm.datasets.user_datasets import colours
from rbm.datasets.user_datasets.axes import pictures_first, shape_text
from rbm.datasets.user_datasets.ink import Ink, Survey, opaque
from rbm.datasets.user_datasets.levels import WHITES, Levels, judge
from rbm.datasets.user_datasets.pictures import Bytes, Pictures, Reading, check_count, check_size, checked
from rbm.datasets.user_datasets.sizes import fitted, layout, scaled_note
from rbm.errors import DatasetError

Array = NDArray[Any]
NPY = b"\x93NUMPY"
_IDX_TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
_AT_ONCE = 2**21  # numbers that are turned into grey levels at once
_USUAL = {"uint8": (255.0,), "uint16": (65535.0,)}  # the white that such an array has where nothing is to be said


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
        raise DatasetError(
            _("{what} is not a readable .npy file; save it again with numpy.save.").format(what=what)
        ) from cause
    if dtype.hasobject or dtype.kind not in "buifUS" or not 0 < dtype.itemsize <= 1024:
        fault = _("{what} holds {dtype} where numbers are expected; save it as uint8 or float32.")
        raise DatasetError(fault.format(what=what, dtype=dtype))
    start, count = file.tell(), math.prod(shape)
    if any(type(size) is not int or size < 1 for size in shape) or count * dtype.itemsize != len(data) - start:
        fault = _("{what} announces {shape} of {dtype} but holds {n_data:,} bytes; save it again.")
        raise DatasetError(fault.format(what=what, shape=shape_text(shape), dtype=dtype, n_data=len(data) - start))
    return np.frombuffer(data, dtype, offset=start).reshape(shape, order="F" if fortran else "C")


def parse_idx(data: bytes, what: str) -> Array:
    """An IDX file: two zero bytes, a type, the number of dimensions, their sizes in four bytes each, the numbers."""
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] not in _IDX_TYPES or not 1 <= data[3] <= 4:
        raise DatasetError(
            _("{what} is not an IDX file of numbers in one to four dimensions; save it again.").format(what=what)
        )
    dtype, start = np.dtype(_IDX_TYPES[data[2]]), 4 + 4 * data[3]
    shape = tuple(int.from_bytes(data[i : i + 4], "big") for i in range(4, start, 4))
    if 0 in shape or len(data) < start or math.prod(shape) * dtype.itemsize != len(data) - start:
        fault = _("{what} announces {shape} but holds {n_data:,} bytes; download or save it again.")
        raise DatasetError(fault.format(what=what, shape=shape_text(shape), n_data=len(data)))
    return np.frombuffer(data, dtype, offset=start).reshape(shape)


def as_labels(values: Array) -> tuple[list[str], str]:
    """Labels (N,), (N, 1) or (1, N), or (N, C) with one 1 in a row, as text, and what is to be said about them.

    Raises :class:`DatasetError` for anything else, fractions included.
    """
    if values.ndim == 2 and 1 in values.shape:
        values = values.reshape(-1)
    if values.ndim == 2 and values.dtype.kind in "buif" and is_one_hot(values):
        told = _("The labels are the columns of the 1 in each row of {shape} numbers.").format(
            shape=shape_text(values.shape)
        )
        return [str(label) for label in values.argmax(1).tolist()], told
    if values.ndim != 1 or len(values) > limits.VALUES // 2:
        fault = _("The labels have the shape {shape}; give one number or word a picture.")
        raise DatasetError(fault.format(shape=shape_text(values.shape)))
    if values.dtype.kind == "U" and not _unicode(values):  # numpy would make texts that Python itself cannot
        raise DatasetError(_("The labels hold numbers that are no characters; save them as text or whole numbers."))
    if values.dtype.kind in "US":
        try:
            text = np.char.decode(values, "utf-8") if values.dtype.kind == "S" else values
            return [str(label) for label in text], ""
        except (UnicodeError, ValueError) as cause:
            raise DatasetError(_("The labels are not readable text; save them as whole numbers.")) from cause
    if values.dtype.kind == "f" and not (np.isfinite(values).all() and (values == np.round(values)).all()):
        raise DatasetError(_("The labels are not whole numbers; give one class number or word a picture."))
    whole = values.astype(np.int64) if values.dtype.kind != "f" else values.clip(-1e15, 1e15).astype(np.int64)
    return [str(label) for label in whole.tolist()], ""


def _unicode(values: Array) -> bool:
    """Whether the text in an array (N,) is made of characters: code points up to 10FFFF, no half of a surrogate pair."""
    points = np.ascontiguousarray(values).view(np.dtype(np.uint32).newbyteorder(values.dtype.byteorder))
    return not bool(((points > 0x10FFFF) | ((points >= 0xD800) & (points < 0xE000))).any())


def is_one_hot(values: Array) -> bool:
    """Whether each row of (N, C) has one 1 and zeros, and each column has some 1."""
    if values.shape[1] < 2 or values.shape[1] > limits.CLASSES:
        return False
    return bool(((values == 0) | (values == 1)).all() and (values.sum(1) == 1).all() and values.any(0).all())


def from_array(
    values: Array,
    labels: Sequence[str] | None,
    reading: Reading,
    notes: Sequence[str] = (),
    parts: Bytes | None = None,
    usual: tuple[float, ...] | None = None,
) -> Pictures:
    """Rows (N, V) or pictures (N, h, w), with a channel axis of 1, 3 or 4 before or after h and w, as Pictures.

    ``usual``: the whites that need no word, by the array's type where it is not given.
    """
    if values.dtype.kind not in "buif":
        fault = _("The pictures are {dtype} where numbers are expected; save them as uint8 or float32.")
        raise DatasetError(fault.format(dtype=values.dtype))
    if values.size > limits.VALUES:
        fault = _("The array holds {size:,} numbers; at most {values:,} are read. Give fewer pictures.")
        raise DatasetError(fault.format(size=values.size, values=limits.VALUES))
    values, counted = pictures_first(values, None if labels is None else len(labels), reading)
    pictures, laid_out = _laid_out(values, reading)
    n, height, width = pictures.shape[:3]
    if height * width == 1:
        fault = _(
            "Each row has one value, so there are no pictures to read; expected images, or rows of at least 2 numbers."
        )
        raise DatasetError(fault)
    if height * width > limits.ROW_VALUES:
        fault = _(
            "One picture has {height:,}×{width:,} values; at most {row_values:,} are read. Make the pictures smaller."
        )
        raise DatasetError(fault.format(height=height, width=width, row_values=limits.ROW_VALUES))
    check_count(n)
    if laid_out:  # a line stays one
        reading = Reading(None, reading.fit, reading.labels)
    check_size(n, *(reading.shape or (height, width)))
    levels = _levels(pictures, _USUAL.get(values.dtype.name, WHITES) if usual is None else usual)
    grey, read = _grey(pictures, levels, reading)
    told = [*notes, counted, laid_out, levels.note, *read, scaled_note([(height, width)], reading)]
    return checked(grey, None if reading.labels == "none" else labels, [note for note in told if note], parts)


def _laid_out(values: Array, reading: Reading) -> tuple[Array, str]:
    """(N, h, w) or (N, h, w, channels), and what is to be said about rows that are no square."""
    shape = values.shape
    if values.ndim == 2:
        height, width, note = layout(shape[1], reading)
        return values.reshape(len(values), height, width), note
    if values.ndim == 4 and shape[1] in (1, 3) and shape[3] not in (1, 3, 4):
        values = np.moveaxis(values, 1, 3)
    if values.ndim == 4 and values.shape[3] in (1, 3, 4):
        return (values[..., 0] if values.shape[3] == 1 else values), ""
    if values.ndim == 3:
        return values, ""
    fault = _(
        "The array has the shape {shape}; expected pictures (N, height, width), with colours (N, height, "
        "width, 3), or rows (N, pixels)."
    )
    raise DatasetError(fault.format(shape=shape_text(shape)))


def _slices(pictures: Array) -> Iterator[slice]:
    step = max(1, _AT_ONCE // math.prod(pictures.shape[1:]))
    return (slice(start, start + step) for start in range(0, len(pictures), step))


def _levels(pictures: Array, usual: tuple[float, ...]) -> Levels:
    """Black and white of all pictures and of their opacity. DatasetError, with their count, for values that are no numbers."""
    low, high, wrong, where = math.inf, -math.inf, 0, []
    for part in _slices(pictures):
        some = pictures[part]
        if some.dtype.kind == "f":
            bad = ~np.isfinite(some).reshape(len(some), -1).all(1)
            wrong += int((~np.isfinite(some)).sum())
            where += [part.start + int(i) for i in np.flatnonzero(bad)]
        low, high = min(low, float(some.min())), max(high, float(some.max()))
    if wrong:
        fault = _(
            "{wrong:,} of {size:,} pixels are NaN or infinite, in {n_where:,} of {n_pictures:,} pictures (the "
            "first is number {where:,}); put a number there, such as 0 for black, or leave these pictures out."
        )
        raise DatasetError(
            fault.format(
                wrong=wrong, size=pictures.size, n_where=len(where), n_pictures=len(pictures), where=where[0] + 1
            )
        )
    return judge(low, high, usual)


def _grey(pictures: Array, levels: Levels, reading: Reading) -> tuple[Bytes, list[str]]:
    """Grey levels (N, h, w) at the size that was asked for, and how transparency and colours were read."""
    ink = _ink(pictures, levels) if pictures.ndim == 4 and pictures.shape[3] == 4 else None
    shape = reading.shape or pictures.shape[1:3]
    grey, coloured = np.empty((len(pictures), *shape), dtype=np.uint8), False
    for part in _slices(pictures):
        some = (pictures[part].astype(np.float32) - np.float32(levels.black)) * np.float32(levels.factor)
        coloured = coloured or (some.ndim == 4 and colours.are_in(some / 255))
        if ink is not None:
            some = np.stack([opaque(one[..., :3] @ colours.LUMA / 255, one[..., 3] / 255, ink) for one in some]) * 255
        elif some.ndim == 4:
            some = some[..., :3] @ colours.LUMA
        whole = np.clip(np.rint(some), 0, 255).astype(np.uint8)
        if whole.shape[1:] != shape:
            whole = np.stack([fitted(Image.fromarray(one), reading) for one in whole])
        grey[part] = whole
    return grey, ["" if ink is None else ink.note, colours.note(coloured)]


def _ink(pictures: Array, levels: Levels) -> Ink | None:
    """What is drawn on transparency, None where nothing is transparent."""
    survey, least = Survey(), math.inf
    for part in _slices(pictures):
        some = (pictures[part].astype(np.float32) - np.float32(levels.black)) * np.float32(levels.factor / 255)
        least = min(least, float(some[..., 3].min()))
        survey.add((some[..., :3] @ colours.LUMA).astype(np.float32), some[..., 3])
    return survey.ink() if least < 1 else None
