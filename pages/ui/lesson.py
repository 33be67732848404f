"""What the pages of the laboratory share: the picture, and beside it the guide: what to try, the formula, what to see."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.ui.components.component import declare
from pages.ui.controls import widgets
from pages.ui.shell import ROOT, header
from rbm.core.language import _

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

_formulas: ContextVar[DeltaGenerator] = ContextVar("formulas")  # their place on the page that is being drawn
Experiments = Mapping[str, tuple[str, Callable[[], None]]]
_STEP = re.compile(r"\[(?P<key>\w*)\] (?P<words>.*)", re.DOTALL)
_MARK = "position: relative; border-color: #2a9d93; box-shadow: inset 0 0 0 1px #2a9d93"
# A tick on the button's corner: it is told by aria-pressed (assets/tried.js), so that no name has it.
_TICK = (
    'content: "✓"; content: "✓" / ""; position: absolute; top: -0.4rem; right: -0.3rem; width: 0.95rem; border-radius: 50%; '
    "background: #0b7670; color: #fff; font-size: 0.65rem; line-height: 0.95rem; text-align: center"
)
_tried: "ComponentRenderer" = declare("tried", '<div class="tried" hidden></div>')
_views: "ComponentRenderer" = declare("views", '<div class="views" hidden></div>')
_PRESS = _("*Press one: it sets the controls, and what to look for stands here.*")


def question(title: str, text: str, see: str = "") -> None:
    """The page's name, and the question it answers on one line; ``see``: the steps of a page that has no room for a guide."""
    header(title, text, partial(_guide, see) if see else None)


def _guide(page: str) -> None:
    with st.popover(_("What to see"), type="tertiary", key="see"):
        what_to_see(page)


@contextmanager
def stage(choices: Experiments | None = None, *, key: str, text: str) -> Iterator[DeltaGenerator]:
    """Room for a picture and its buttons, with the guide beside it; yields the guide's place for settings.

    ``choices`` are the ``experiments`` of that key; ``text`` names what to see. A projector's screen has no room for both: they
    share a row of two tabs, the formula beside the text. On a narrow screen the guide stands below.
    """
    picture, guide = st.columns([8, 3], gap="medium")
    whole, words = guide.container(key=f"guide_{key}"), (_("Try this"), _("What to see"))
    with whole:
        tried, seen = (whole, whole) if choices is None else st.tabs(words, key=f"guided_{key}")
        if choices is not None:
            with tried:
                experiments(choices, key=key, named=False)
        settings = tried.container(key=f"settings_{key}")
        with seen:
            formulas = st.container(key=f"formula_{key}")
            what_to_see(text, named=choices is None)
    with picture, st.container(key=f"stage_{key}"):
        before = _formulas.set(formulas)
        try:
            yield settings
        finally:
            _formulas.reset(before)


def views(*names: str, key: str) -> Sequence[DeltaGenerator]:
    """Rooms of which one is seen at a time, chosen in the row above them: for what does not fit on one screen.

    All are drawn, so that a choice shows at once, and news reach those that are not seen. A step of "What to see", or a demo,
    that speaks of something in one of them opens it (``assets/menu.js``). Which one is open is a part of the page's place,
    by ``key``; the browser alone decides it, or an answer to the first of two quick clicks would undo the second.
    """
    left = widgets.remembered(key)
    opened = left if left in names else names[0]
    widgets.remember(**{key: opened})
    rooms = st.tabs(names, key=key, default=opened)
    _follow(names, key)
    return rooms


@st.fragment
def _follow(names: tuple[str, ...], key: str) -> None:
    """Hear which of the rooms is open; nothing else is drawn for it."""
    heard = f"mark_{key}"

    def note() -> None:
        place = st.session_state[heard].opened
        if place in range(len(names)):
            widgets.remember(**{key: names[place]})

    number, name = st.session_state.get(f"asked_{key}", (0, names[0]))
    opened = names.index(widgets.remembered(key))
    _views(key=heard, data={"key": key, "opened": opened, "asked": (number, names.index(name))}, on_opened_change=note)


def open_view(name: str, *, key: str) -> None:
    """Have the browser open that room of ``views``."""
    number, __ = st.session_state.get(f"asked_{key}", (0, ""))
    st.session_state[f"asked_{key}"] = number + 1, name
    widgets.remember(**{key: name})


def experiments(choices: Experiments, *, key: str, named: bool = True) -> None:
    """Buttons that set the page's controls: label -> (one sentence about it, what to do).

    The sentence of the one that was pressed last stands below them and stays. The callbacks run before the page is drawn
    again, so they may write to widgets' keys in ``st.session_state``. ``key`` names the page: its buttons are
    ``try_<key>_0``, ``try_<key>_1``, ...
    """
    tried = f"tried_{key}"

    def press(number: int, act: Callable[[], None]) -> None:
        st.session_state[tried] = number
        act()

    with st.container(key=f"try_{key}", horizontal=True, vertical_alignment="center", gap="small"):
        if named:
            st.markdown(_("**Try this**"), width="content")
        for number, (label, (__, act)) in enumerate(choices.items()):
            st.button(label, key=f"try_{key}_{number}", on_click=press, args=(number, act))
    chosen: int | None = st.session_state.get(tried)
    widgets.remember(**{tried: chosen})
    if chosen is not None:
        button = f".st-key-try_{key}_{chosen} button"
        st.html(f"<style>{button} {{ {_MARK} }} {button}::after {{ {_TICK} }}</style>")
    _tried(key=f"mark_{key}", data={"key": key, "chosen": chosen})
    with st.container(key=f"tried_{key}"):
        st.markdown(_PRESS if chosen is None else f"**{list(choices)[chosen]}.** {list(choices.values())[chosen][0]}")


def formula(*latex: str) -> None:
    """The formula that the picture beside it computes, line by line, over the steps of what to see."""
    with _formulas.get():
        for one in latex:
            st.latex(one)


def what_to_see(page: str, *, named: bool = True) -> None:
    """The steps of ``assets/text/<page>.en.md``, a paragraph each, which begins with the key of what it speaks of, in brackets.

    Pointing at a step, touching it or going to it by the key Tab lights that element; a touch or click brings it into view
    (``assets/menu.js``).
    """
    if named:
        st.markdown(_("**What to see**"))
    for number, step in enumerate((ROOT / f"assets/text/{page}.en.md").read_text("utf-8").strip().split("\n\n"), 1):
        found = _STEP.fullmatch(step)
        lit, words = (found["key"], _(found["words"])) if found else ("", _(step))
        place = f"see_{page}_{number}"
        with st.container(key=place), st.container(key=f"to_{page}_{number}_{lit}"):
            st.markdown(f"{number}. {words}")
