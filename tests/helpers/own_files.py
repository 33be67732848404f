"""Small files of every kind that a person may bring, all of the same thirty pictures of 7×5 pixels in three classes."""

import csv
import gzip
import io
import struct
import zipfile

import numpy as np
from PIL import Image

N, HEIGHT, WIDTH = 30, 7, 5
CLASSES = ("ant", "bee", "cow")
PICTURES = np.random.default_rng(5).integers(0, 256, (N, HEIGHT, WIDTH), dtype=np.uint8)
PICTURES[0, 0, :2] = 0, 255  # so that the range of bytes is known
LABELS = np.arange(N) % 3


def png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "png")
    return file.getvalue()


def zipped(files: dict[str, bytes], packed: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packed) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def images_zip() -> bytes:
    """Names that sort in the order of the pictures within each class."""
    names = [f"{CLASSES[LABELS[i]]}/{i:03}.png" for i in range(N)]
    return zipped({name: png(PICTURES[i]) for i, name in enumerate(names)})


def npy(values: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, values, allow_pickle=values.dtype.hasobject)
    return file.getvalue()


def npz(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def idx(values: np.ndarray) -> bytes:
    header = struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape)
    return header + values.astype(np.uint8).tobytes()


def table(header: bool = True) -> bytes:
    file = io.StringIO()
    writer = csv.writer(file)
    if header:
        writer.writerow([*(f"p{i}" for i in range(HEIGHT * WIDTH)), "Label"])
    for pixels, label in zip(PICTURES, LABELS, strict=True):
        writer.writerow([*pixels.ravel(), CLASSES[label]])
    return file.getvalue().encode()


def valid_files() -> dict[str, tuple[bytes, ...]]:
    """One of each kind."""
    return {
        "zip": (images_zip(),),
        "npy": (npy(PICTURES),),
        "npz": (npz(x=PICTURES, y=LABELS),),
        "csv": (table(),),
        "idx": (idx(LABELS.astype(np.uint8)), gzip.compress(idx(PICTURES), mtime=0)),
    }
