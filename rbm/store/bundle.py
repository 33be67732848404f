"""A run as one ZIP to hand on: its description, its curves, its parameters and pictures. Safe to open from anyone.

``spec.json`` (RunSpec), ``metrics.csv`` (one row an event), ``checkpoint.safetensors`` (all that ``read`` needs), and any
number of PNG and GIF pictures beside them.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping

from rbm import checkpoint
from rbm.checkpoint import Checkpoint
from rbm.core.archive import Archive, ArchiveLimits
from rbm.core.language import _
from rbm.errors import BundleError, RbmError
from rbm.experiment import RunSpec

SPEC, METRICS, CHECKPOINT = "spec.json", "metrics.csv", "checkpoint.safetensors"
LIMITS = ArchiveLimits(entries=40, unpacked=checkpoint.MOST_BYTES + 2**26, ratio=200)
MOST_BYTES = LIMITS.unpacked
_PICTURE = re.compile(r"[A-Za-z0-9_-]{1,60}\.(png|gif)")
_MAGIC = {"png": (b"\x89PNG\r\n\x1a\n",), "gif": (b"GIF87a", b"GIF89a")}
_WHEN = (1980, 1, 1, 0, 0, 0)  # the same run gives the same bytes


def write(checkpoint_bytes: bytes, *, pictures: Mapping[str, bytes] | None = None) -> bytes:
    """The ZIP of a run, from its checkpoint (``checkpoint.to_bytes``) and pictures by name, such as "filters.png".

    Raises :class:`CheckpointError` for bytes that are no checkpoint, :class:`BundleError` for a picture that is none.
    """
    run = checkpoint.from_bytes(checkpoint_bytes)
    files = {
        SPEC: run.spec.to_json().encode(),
        METRICS: run.history.to_csv().encode(),
        CHECKPOINT: checkpoint_bytes,
    }
    for name, data in (pictures or {}).items():
        if not _PICTURE.fullmatch(name) or not data.startswith(_MAGIC[name[-3:]]):
            wrong = _("{name!r} is not a PNG or GIF picture with a plain name such as 'filters.png'.")
            raise BundleError(wrong.format(name=name))
        files[name] = data
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as bundle:
        for name, data in files.items():
            packed = zipfile.ZIP_DEFLATED if name in (SPEC, METRICS) else zipfile.ZIP_STORED  # the rest does not pack
            entry = zipfile.ZipInfo(name, _WHEN)
            entry.external_attr = 0o644 << 16
            bundle.writestr(entry, data, packed)
    return file.getvalue()


def read(data: bytes) -> Checkpoint:
    """The run in a bundle, or in a bare checkpoint file. Nothing is run, and nothing is written to disk.

    Raises :class:`BundleError` or :class:`CheckpointError`, in one sentence, for anything malformed, larger than the
    limits, holding other files than ``write`` writes, or whose description and checkpoint disagree.
    """
    if not data.startswith(b"PK"):
        return checkpoint.from_bytes(data)
    if len(data) > MOST_BYTES:
        wrong = _("The ZIP has {n_data:,.0f} MB; at most {most_bytes} are read.")
        raise BundleError(wrong.format(n_data=len(data) / 2**20, most_bytes=MOST_BYTES // 2**20))
    archive = Archive(data, LIMITS, BundleError)
    for name in archive.names:
        if name not in (SPEC, METRICS, CHECKPOINT) and not _PICTURE.fullmatch(name):
            wrong = _("The ZIP holds {name!r}, which is no part of a run; download the run again.")
            raise BundleError(wrong.format(name=name[:80]))
    missing = {SPEC, METRICS, CHECKPOINT} - set(archive.names)
    if missing:
        wrong = _("The ZIP holds no {missing}, so it is not a run's; download the run again.")
        raise BundleError(wrong.format(missing=min(missing)))
    files = {name: archive.read(name) for name in archive.names}  # pictures too: their damage should be told
    run = checkpoint.from_bytes(files[CHECKPOINT])
    if _spec(files[SPEC]) != run.spec:
        raise BundleError(
            _("The ZIP's spec.json and its checkpoint describe two different runs; download the run again.")
        )
    return run


def _spec(data: bytes) -> RunSpec:
    try:
        if len(data) > checkpoint.MOST_SPEC:
            raise ValueError(f"it has {len(data):,} bytes")
        return RunSpec.from_json(data.decode("utf-8"))
    except (RbmError, ValueError, TypeError, RecursionError) as error:
        raise BundleError(_("The ZIP's spec.json is not a run's description: {error}").format(error=error)) from error
