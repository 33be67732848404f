"""What the pages of the laboratory share: the question, experiments to try, the formula, and what to see."""

from collections.abc import Callable, Mapping

import streamlit as st

from pages.ui.shell import ROOT, header

Experiments = Mapping[str, tuple[str, Callable[[], None]]]


def question(title: str, text: str) -> None:
    """The page's name, and the question it answers on one line."""
    header(title, text)


def experiments(choices: Experiments, *, key: str) -> None:
    """Buttons that set the page's controls: label -> (one sentence of help, what to do).

    The callbacks run before the page is drawn again, so they may write to widgets' keys in ``st.session_state``.
    ``key`` names the page: its buttons are ``try_<key>_0``, ``try_<key>_1``, ...
    """
    with st.container(key=f"try_{key}", horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown("**Try this**", width="content")
        for number, (label, (about, act)) in enumerate(choices.items()):
            st.button(label, key=f"try_{key}_{number}", help=about, on_click=act)


def formula(*latex: str) -> None:
    """The formula that the picture beside it computes; several stand side by side where there is room."""
    with st.container(horizontal=True, gap="large"):
        for one in latex:
            st.latex(one, width="content")


def what_to_see(page: str) -> None:
    """One paragraph of prose, ``assets/text/<page>.en.md``."""
    st.markdown((ROOT / f"assets/text/{page}.en.md").read_text("utf-8"))
