"""Whose is it: everything is seen by all, and changed by its owner or by whoever has the teacher's word.

This is the only place where that is decided. What belongs to nobody, made from the command line or before there were owners,
anybody may change: on a single laptop nothing is harder than it was. Nothing here keeps a person with the machine's own
shell from anything. No torch in here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import NamedTuple

from rbm.core.language import _
from rbm.core.limits import NAME_LETTERS
from rbm.core.text import plain
from rbm.errors import NotYoursError


class Visitor(NamedTuple):
    """Somebody who makes things here. ``teacher``: has said the teacher's word. An empty ``id`` stands for nobody."""

    id: str
    name: str
    teacher: bool = False


NOBODY = Visitor("", "")
COPY_IT = _("Continue as mine, on the page Compare runs, makes a copy that is yours")


def visitor_id(secret: str) -> str:
    """What everybody may know of a secret of 256 bits: its hash, by which its owner is known again."""
    return hashlib.blake2s(f"visitor {secret}".encode(), digest_size=16).hexdigest()


def clean_name(name: str) -> str:
    """A name on one line, without blanks at its ends and not too long; may be empty."""
    return " ".join(plain(name).split())[:NAME_LETTERS]


def given_name(number: int) -> str:
    """What a visitor is called who has not said a name."""
    return f"Visitor {number}"


def was_given(name: str) -> bool:
    """Whether a name is none that a visitor has said."""
    return re.fullmatch(r"Visitor \d+", name) is not None


def may_change(visitor: Visitor, owner: str) -> bool:
    """The rule: the teacher may, the owner may, and what is nobody's anybody may."""
    return visitor.teacher or owner in (NOBODY.id, visitor.id)


def check(visitor: Visitor, owner: str, what: str, names: Mapping[str, str], instead: str = "") -> None:
    """NotYoursError, in one sentence, where the visitor may not change ``what``; ``instead``: what one can do."""
    if not may_change(visitor, owner):
        whose = names.get(owner) or _("another visitor")
        wrong = _(
            "{what} belongs to {whose}; only its owner, or whoever has the teacher's word, may change it{instead}."
        )
        raise NotYoursError(wrong.format(what=what, whose=whose, instead=f": {instead}" if instead else ""))
