"""What the pages of the laboratory share: the picture, and beside it the guide: what to try, the formula, what to see."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.ui.controls import widgets
from pages.ui.shell import ROOT, header
from rbm.core.language import _

Experiments = Mapping[str, tuple[str, Callable[[], None]]]
_STEP = re.compile(r"\[(?P<key>\w*)\] (?P<words>.*)", re.DOTALL)
_PRESS = _("*Press one: it sets the controls, and what to look for stands here.*")


def question(title: str, text: str) -> None:
    """The page's name, and the question it answers on one line."""
    header(title, text)


@contextmanager
def stage(choices: Experiments | None = None, *, key: str, text: str) -> Iterator[DeltaGenerator]:
    """Room for a picture and its buttons, with the guide beside it; yields the guide's place for settings and the formula.

    ``choices`` are the ``experiments`` of that key; ``text`` names what to see. On a narrow screen the guide stands below.
    """
    picture, guide = st.columns([8, 3], gap="medium")
    with guide, st.container(key=f"guide_{key}"):
        if choices is not None:
            experiments(choices, key=key)
        settings = st.container(key=f"settings_{key}")
        what_to_see(text)
    with picture, st.container(key=f"stage_{key}"):
        yield settings


def experiments(choices: Experiments, *, key: str) -> None:
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
        st.markdown(_("**Try this**"), width="content")
        for number, (label, (__, act)) in enumerate(choices.items()):
            st.button(label, key=f"try_{key}_{number}", on_click=press, args=(number, act))
    chosen: int | None = st.session_state.get(tried)
    widgets.remember(**{tried: chosen})
    if chosen is not None:
        mark = "border-color: #2a9d93; box-shadow: inset 0 0 0 1px #2a9d93"
        st.html(f"<style>.st-key-try_{key}_{chosen} button {{ {mark} }}</style>")
    with st.container(key=f"tried_{key}"):
        st.markdown(_PRESS if chosen is None else f"**{list(choices)[chosen]}.** {list(choices.values())[chosen][0]}")


def formula(*latex: str) -> None:
    """The formula that the picture beside it computes, line by line."""
    for one in latex:
        st.latex(one)


def what_to_see(page: str) -> None:
    """The steps of ``assets/text/<page>.en.md``, a paragraph each, which begins with the key of what it speaks of, in brackets.

    Pointing at a step, touching it or going to it by the key Tab lights that element; a touch or click brings it into view
    (``assets/menu.js``).
    """
    st.markdown(_("**What to see**"))
    for number, step in enumerate((ROOT / f"assets/text/{page}.en.md").read_text("utf-8").strip().split("\n\n"), 1):
        found = _STEP.fullmatch(step)
        lit, words = (found["key"], _(found["words"])) if found else ("", _(step))
        place = f"see_{page}_{number}"
        if lit:
            light = "outline: 3px solid #2a9d93; outline-offset: 4px; border-radius: 4px"
            st.html(f"<style>:root:has(.st-key-{place}:is(:hover, :focus)) .st-key-{lit} {{ {light} }}</style>")
        with st.container(key=place), st.container(key=f"to_{page}_{number}_{lit}"):
            st.markdown(f"{number}. {words}")
