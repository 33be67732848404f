"""A ZIP from a stranger: held in memory, read within limits, never unpacked to disk."""

from __future__ import annotations

import io
import stat
import zipfile
from typing import NamedTuple

from rbm.core.language import _
from rbm.errors import RbmError

_ENTRY_MARK = b"PK\x01\x02"  # begins every entry of a ZIP's table of contents
_ALWAYS_ALLOWED = 2**20  # bytes that may come out however small the file is: blank pictures pack well


class ArchiveLimits(NamedTuple):
    """What is accepted: entries in the archive, bytes of all of them unpacked, and unpacked for each byte of the file."""

    entries: int
    unpacked: int
    ratio: int


class Archive:
    """The files of a ZIP by name. What is counted is what really comes out: no size in the ZIP's own tables is believed.

    Raises ``error``, in one sentence, for anything that is not a plain ZIP (stored or deflated, not encrypted) within
    ``limits``, for a name that leads out of its folder, for a link, and for two entries of one name.
    """

    def __init__(self, data: bytes, limits: ArchiveLimits, error: type[RbmError]) -> None:
        self._limits, self._error = limits, error
        self._unpacked: dict[str, int] = {}  # bytes of each file that was read: reading it again costs no more memory
        self._total = 0
        self._room = min(limits.unpacked, max(_ALWAYS_ALLOWED, limits.ratio * len(data)))
        # Counted in the raw bytes first: zipfile would make an object of each before anything could be refused.
        if data.count(_ENTRY_MARK) > limits.entries:
            wrong = _("The ZIP has more than {entries:,} entries; pack fewer files.")
            raise error(wrong.format(entries=limits.entries))
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
            entries = self._zip.infolist()
        except Exception as cause:  # zipfile indexes, decodes and seeks its way through a broken table
            wrong = _("The ZIP is damaged or incomplete ({reason}); pack or download it again.")
            raise error(wrong.format(reason=_reason(cause))) from cause
        for entry in entries:
            self._check(entry)
        self.names = [entry.filename for entry in entries if not entry.is_dir()]
        if len(set(self.names)) < len(self.names):
            raise error(_("The ZIP holds two files of one name; pack it again."))

    def read(self, name: str) -> bytes:
        """One file's bytes, checked against its CRC."""
        left = self._room - self._total + self._unpacked.get(name, 0)
        try:
            with self._zip.open(name) as file:
                data = file.read(left + 1)
        except Exception as cause:  # zlib.error, BadZipFile, EOFError, NotImplementedError, struct.error ...
            wrong = _("{name!r} in the ZIP is damaged ({reason}); pack or download it again.")
            raise self._error(wrong.format(name=name, reason=_reason(cause))) from cause
        self._total += len(data) - self._unpacked.get(name, 0)
        self._unpacked[name] = len(data)
        if len(data) > left:
            wrong = _(
                "The ZIP unpacks to more than {room:,.0f} MB: at most {unpacked:,.0f} MB and {ratio} times the "
                "file's own size are read. Pack less."
            )
            raise self._error(
                wrong.format(room=self._room / 2**20, unpacked=self._limits.unpacked / 2**20, ratio=self._limits.ratio)
            )
        return data

    def _check(self, entry: zipfile.ZipInfo) -> None:
        name = entry.filename
        # zipfile has cut the name at a NUL already and turned the system's separators into "/"; orig_filename has not.
        parts = entry.orig_filename.replace("\\", "/").split("/")
        if not name or "\0" in entry.orig_filename or parts[0] == "" or ":" in parts[0] or ".." in parts:
            wrong = _("The ZIP holds the path {name!r}, which leads out of its folder; pack it again.")
            raise self._error(wrong.format(name=name[:80]))
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise self._error(_("The ZIP holds the link {name!r}; pack the file itself.").format(name=name[:80]))
        if entry.flag_bits & 1:
            raise self._error(_("The ZIP is encrypted; pack it without a password."))
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            wrong = _("{name!r} is packed in an unusual way; pack the ZIP with plain deflate.")
            raise self._error(wrong.format(name=name[:80]))


def _reason(cause: Exception) -> str:
    return " ".join(str(cause).split())[:120] or type(cause).__name__
