"""A checksum inside a file, over every other byte of it: what a disk or a copy has changed is noticed when it is read.

    {"__metadata__": {"digest": SHA-256 of the file with 64 zeros in this place, ...}, ...} tensors

No torch here: the screen's process checks what it hands to a worker.
"""

from __future__ import annotations

import hashlib

from rbm.core.language import _

KEY = "digest"
BLANK = "0" * 64  # what is written under KEY before ``sealed``
_MARK = f'"{KEY}":"'.encode()


def sealed(data: bytes) -> bytes:
    """The file with its checksum in the place of BLANK."""
    whole, place = bytearray(data), _place(data)
    whole[place : place + len(BLANK)] = hashlib.sha256(data).hexdigest().encode()
    return bytes(whole)


def damage(data: bytes, size: int | None = None) -> str:
    """What is wrong with a file that should have ``size`` bytes, as half a sentence; "" for a whole one, and for one of an
    older program, which has no checksum."""
    if size is not None and len(data) != size:
        return _("{n_data:,} of its {size:,} bytes are there").format(n_data=len(data), size=size)
    if not any(data[:9]):
        return _("it begins with zeros")
    place = _place(data)
    if not place:
        return ""
    blank = bytearray(data)
    blank[place : place + len(BLANK)] = BLANK.encode()
    right = hashlib.sha256(blank).hexdigest().encode() == data[place : place + len(BLANK)]
    return "" if right else _("its checksum is another")


def _place(data: bytes) -> int:
    """Where the checksum stands; 0 where there is none."""
    found = data.find(_MARK)
    return found + len(_MARK) if found >= 0 else 0
