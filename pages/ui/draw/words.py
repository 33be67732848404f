"""Words that came from outside, as text: names, tags, notes, labels, file names, and errors that quote them.

Nearly all that Streamlit shows is Markdown, labels and options of widgets too: a note ``![x](http://…)`` made every reader's
browser fetch the picture, ``$\\rule{5000px}{5000px}$`` stretched the page. Only options of selectboxes and multiselects, cells of
tables, and our own components take text as it is; for those ``rbm.core.text.plain`` is enough.
"""

from __future__ import annotations

import re
from html import escape

from rbm.core.text import plain

JOINER = "\u2060"  # has no width and joins what stands beside it
_MARKS = re.compile(r"[\\`*_\[\]{}<>#|$~&]")
# What Streamlit replaces in the text that Markdown leaves: icons, emoji, colours, addresses, arrows. No backslash helps there.
_DIRECTIVES = re.compile(r":(?=\S)|@(?=\w)|\bwww(?=\.)|[<>~-](?=[>=-])", re.IGNORECASE)
_BEGINNINGS = re.compile(r"^([-+=](?=\s|$|=|-)|\d{1,9}(?=[.)]))")  # of lists and underlined headings


def as_typed(text: object) -> str:
    """Markdown that shows ``text`` as it was typed, on one line."""
    inert = _DIRECTIVES.sub(lambda found: found[0] + JOINER, plain(text).strip())
    if begins := _BEGINNINGS.match(inert):
        inert = begins[0] + JOINER + inert[begins.end() :]
    return _MARKS.sub(r"\\\g<0>", inert)


def in_html(text: object) -> str:
    """The same for Plotly, whose titles, ticks and hover boxes read a kind of HTML."""
    return escape(plain(text))
