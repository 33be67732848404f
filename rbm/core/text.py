"""Words that came from outside, made harmless before they are kept, sent or shown."""

from __future__ import annotations

import re

BREAKS = re.compile("[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")
# Control characters; halves of surrogate pairs, which no UTF-8 holds; marks that turn the direction of writing; what Unicode
# calls no characters.
HARMFUL = re.compile(
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufeff\ufffe\uffff]"
)
LOST = "\ufffd"


def plain(text: object) -> str:
    """One line of characters that every database, protocol and screen takes: breaks become blanks, the harmful �.

    PostgreSQL takes no NUL, UTF-8 no half of a surrogate pair, and a mark of direction turns the words after it round.
    """
    return HARMFUL.sub(LOST, BREAKS.sub(" ", str(text)))


def quoted(value: object, most: int = 80) -> str:
    """A value as an error quotes it: its ``repr``, cut where it is long."""
    words = repr(value)
    return words if len(words) <= most else f"{words[:most]}…"
