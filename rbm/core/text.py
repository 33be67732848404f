"""Words that came from outside, made harmless before they are kept, sent or shown: names, tags, notes, labels, file names,
and errors that quote them.

Nearly all that Streamlit shows is Markdown, labels and options of widgets too: a note ``![x](http://…)`` made every reader's
browser fetch the picture, ``$\\rule{5000px}{5000px}$`` stretched the page. Only options of selectboxes and multiselects, cells of
tables, and our own components take text as it is; for those ``plain`` is enough, for all else ``as_typed``.
"""

from __future__ import annotations

import re
from html import escape

BREAKS = re.compile("[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")
# Control characters; halves of surrogate pairs, which no UTF-8 holds; marks that turn the direction of writing; what Unicode
# calls no characters.
HARMFUL = re.compile(
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufeff\ufffe\uffff]"
)
LOST = "\ufffd"
JOINER = "\u2060"  # has no width and joins what stands beside it
_MARKS = re.compile(r"[\\`*_\[\]{}<>#|$~&]")
# What Streamlit replaces in the text that Markdown leaves: icons, emoji, colours, addresses, arrows. No backslash helps there.
_DIRECTIVES = re.compile(r":(?=\S)|@(?=\w)|\bwww(?=\.)|[<>~-](?=[>=-])", re.IGNORECASE)
_BEGINNINGS = re.compile(r"^([-+=](?=\s|$|=|-)|\d{1,9}(?=[.)]))")  # of lists and underlined headings


def plain(text: object) -> str:
    """One line of characters that every database, protocol and screen takes: breaks become blanks, the harmful �.

    PostgreSQL takes no NUL, UTF-8 no half of a surrogate pair, and a mark of direction turns the words after it round.
    """
    return HARMFUL.sub(LOST, BREAKS.sub(" ", str(text)))


def quoted(value: object, most: int = 80) -> str:
    """A value as an error quotes it: its ``repr``, cut where it is long."""
    words = repr(value)
    return words if len(words) <= most else f"{words[:most]}…"


def as_typed(text: object) -> str:
    """Markdown that shows ``text`` as it was typed, on one line."""
    inert = _DIRECTIVES.sub(lambda found: found[0] + JOINER, plain(text).strip())
    if begins := _BEGINNINGS.match(inert):
        inert = begins[0] + JOINER + inert[begins.end() :]
    return _MARKS.sub(r"\\\g<0>", inert)


def in_html(text: object) -> str:
    """The same for Plotly, whose titles, ticks and hover boxes read a kind of HTML."""
    return escape(plain(text))
