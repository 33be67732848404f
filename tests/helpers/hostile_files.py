"""Files that strangers may upload: mutated checkpoints and bundles of runs, and mutated own data, drawn by hypothesis."""

import json
import struct
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import torch
from hypothesis import strategies as st
from safetensors.torch import load, save

from rbm import checkpoint
from rbm.core import seal
from tests.helpers.own_files import PICTURES, N, npy, png, valid_files, zipped
from tests.helpers.places import CASES
from tests.helpers.short_run import SPEC, trained

SMALL = 30_000  # bytes: of the larger files so many cases would take minutes
KINDS = ("truncated", "bit-flipped", "oversized", "wrong shape", "NaN", "zip bomb", "path traversal", "odd history")


class Case(NamedTuple):
    """Which reader, its files, the kind of attack, and whether they must be refused."""

    reader: str
    files: tuple[bytes, ...]
    kind: str
    refused: bool

    def __repr__(self) -> str:  # megabytes would otherwise be printed
        return f"Case({self.reader}, {self.kind}, {[(len(file), file[:200]) for file in self.files]}, {self.refused})"


@cache
def saved() -> bytes:
    """A checkpoint as older programs wrote it, without a checksum, which would hide from the readers what is broken behind it."""
    trainer, history = trained()
    data = checkpoint.to_bytes(trainer.model, SPEC, history, state=trainer.state())
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])["__metadata__"]
    del header[seal.KEY]
    return save(load(data), header)


@cache
def own_files() -> tuple[tuple[bytes, ...], ...]:
    """One of each kind, and the small ones of what people bring."""
    cases = sorted(CASES.glob("*.*"))
    brought = [(path.read_bytes(),) for path in cases if path.suffix != ".md" and path.name != "missing.csv"]
    return (*valid_files().values(), *(files for files in brought if len(files[0]) < SMALL))


@cache
def zeros(megabytes: int) -> bytes:
    """A bomb's inside."""
    return b"\0" * (megabytes << 20)


def run_of(parts: dict[str, bytes]) -> bytes:
    """A bundle with correct checksums, whatever is in it."""
    plain = {"spec.json": SPEC.to_json().encode(), "metrics.csv": b"step\n", "checkpoint.safetensors": saved()}
    return zipped(plain | parts)


def retold(change: Callable[[dict[str, torch.Tensor], dict[str, str]], None]) -> bytes:
    """A checkpoint whose tensors and header were changed and then saved properly."""
    tensors = load(saved())
    length = int.from_bytes(saved()[:8], "little")
    header = json.loads(saved()[8 : 8 + length])["__metadata__"]
    change(tensors, header)
    return save(tensors, header)


def redescribed(change: Callable[[dict[str, Any]], None]) -> bytes:
    """A checkpoint whose header tells lies about the bytes behind it."""
    length = int.from_bytes(saved()[:8], "little")
    header = json.loads(saved()[8 : 8 + length])
    change(header)
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + saved()[8 + length :]


def damaged(data: bytes, draw: Any, cut: bool) -> bytes:
    if cut:
        return data[: draw(st.integers(0, len(data) - 1))]
    broken = bytearray(data)
    for _ in range(draw(st.integers(1, 8))):
        broken[draw(st.integers(0, len(data) - 1))] ^= 1 << draw(st.integers(0, 7))
    return bytes(broken)


def run_case(kind: str, draw: Any) -> tuple[bytes, bool]:
    """A file for bundle.read: a bundle, or a bare checkpoint."""
    if kind in ("truncated", "bit-flipped"):
        inside = draw(st.booleans())  # damaged before it was packed, or after
        data = damaged(saved() if inside or draw(st.booleans()) else run_of({}), draw, kind == "truncated")
        return (run_of({"checkpoint.safetensors": data}) if inside else data), kind == "truncated"
    if kind == "oversized":
        length = draw(st.sampled_from([2**25, 2**40, 2**63, 2**64 - 1]))
        many = {f"{i}.png": b"" for i in range(draw(st.integers(40, 400)))}
        return draw(st.sampled_from([length.to_bytes(8, "little") + saved()[8:], run_of(many)])), True
    if kind == "wrong shape":
        name = draw(st.sampled_from(["model.weight", "model.hidden_bias", "model.visible_bias"]))
        shape = draw(st.lists(st.sampled_from([0, 1, 5, 7, 16, 2**31, 2**62, 10**30, -1, 1.5, "x", None]), max_size=6))
        if shape in ([16, 7], [7] if "hidden" in name else [16]):
            shape = [3, 3]
        dtype = draw(st.sampled_from(["F32", "F64", "I8", "C64", "F4", "", None, 7]))
        return redescribed(lambda header: header[name].update(shape=shape, dtype=dtype)), True
    if kind == "NaN":
        name = draw(st.sampled_from([n for n, t in load(saved()).items() if t.is_floating_point() and t.numel()]))
        value = draw(st.sampled_from([torch.nan, torch.inf, -torch.inf]))
        return run_of(
            {"checkpoint.safetensors": retold(lambda tensors, _: tensors[name].view(-1)[-1:].fill_(value))}
        ), True
    if kind == "zip bomb":
        name = draw(st.sampled_from(["metrics.csv", "spec.json", "checkpoint.safetensors", "a.png"]))
        return run_of({name: zeros(draw(st.integers(4, 7)))}), True
    if kind == "path traversal":
        return run_of({draw(st.sampled_from(PATHS)) + "a.png": png(PICTURES[0])}), True
    history = draw(
        st.one_of(ODD.map(lambda value: [value]), ODD, st.lists(ODD, min_size=4, max_size=4).map(lambda e: [e]))
    )
    data = retold(lambda _, header: header.update(history=json.dumps(history)))
    well_formed = history in ([], {}, "") or (isinstance(history, list) and all(map(may_be_event, history)))
    return run_of({"checkpoint.safetensors": data}), not well_formed


def may_be_event(event: Any) -> bool:
    """Whether chance drew what a checkpoint may well hold: step, epoch, seconds and numbers by name."""
    if not isinstance(event, list) or len(event) != 4 or not isinstance(event[3], dict):
        return False
    return type(event[0]) is int and all(type(x) in (int, float) for x in (*event[:3], *event[3].values()))


def own_case(kind: str, draw: Any) -> tuple[tuple[bytes, ...], bool]:
    """Files for the reader of own data."""
    files = draw(st.sampled_from(own_files()))
    if kind in ("truncated", "bit-flipped"):
        which = draw(st.integers(0, len(files) - 1))
        broken = tuple(damaged(f, draw, kind == "truncated") if i == which else f for i, f in enumerate(files))
        return broken, False  # a table that ends early is a shorter table
    if kind == "oversized":
        count = draw(st.integers(0, 2**32 - 1))
        lie = struct.pack(">BBBBIII", 0, 0, 8, 3, count, 2**31, 7) + bytes(1050)
        wide = ",".join(["1"] * draw(st.integers(200_000, 300_000))).encode()
        return draw(st.sampled_from([(lie,), (wide,), (npy(PICTURES).replace(b"(30, 7, 5)", b"(30, 7, 9**9)"),)])), True
    if kind == "wrong shape":
        shape = draw(st.sampled_from([(N,), (N, 1), (1, N, 2, 2, 2), (N, 2, 3, 5), (3, 4, 4), (19, 7, 7), ()]))
        values = np.zeros(
            shape, dtype=draw(st.sampled_from(["u1", "<f4", ">f8", "i8", "?", "U3", "S2", "c8", "M8[s]"]))
        )
        return (npy(values),), True
    if kind in ("NaN", "odd history"):
        values = np.random.default_rng(draw(st.integers(0, 99))).random((N, 3, 3)).astype(draw(st.sampled_from("fd")))
        values.flat[draw(st.integers(0, values.size - 1))] = draw(st.sampled_from([np.nan, np.inf, -np.inf]))
        text = "\n".join(",".join(map(str, row.ravel())) for row in values).encode()
        return draw(st.sampled_from([(npy(values),), (text,)])), True
    if kind == "zip bomb":
        name = draw(st.sampled_from(["a.png", "x.npy", "deep/a.bmp"]))
        return (zipped({name: zeros(draw(st.integers(2, 6)))}),), True
    pictures = {f"{i}.png": png(PICTURES[i]) for i in range(N)}
    return (zipped(pictures | {draw(st.sampled_from(PATHS)) + "a.png": png(PICTURES[0])}),), True


PATHS = ("../", "a/../../", "/", "/etc/", "\\", "C:\\", "c:/", "..\\..\\", "a/..\\", "//server/share/")
NUMBERS = (0.5, -1.0, 1e308, float("nan"), float("inf"), 10**400)
ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([0.5, -1.0, 1e308, float("nan"), float("inf")])
    | st.text(max_size=5)
    | st.just(10**400),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=20,
)


@st.composite
def cases(draw: Any) -> Case:
    kind = draw(st.sampled_from(KINDS))
    if draw(st.booleans()):
        data, refused = run_case(kind, draw)
        return Case("run", (data,), kind, refused)
    files, refused = own_case(kind, draw)
    return Case("own", files, kind, refused)
