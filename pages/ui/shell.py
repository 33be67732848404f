"""The frame around every page: the list of pages, grouped, and what makes each of them open alone."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

ROOT = Path(__file__).resolve().parents[2]
NAME = "Boltzmann Explorer"
HOME, TRAIN, FILTERS, GIBBS = (
    f"pages/{page}.py" for page in ("learn/home", "train/train", "train/filters", "generate/gibbs")
)


def pages() -> dict[str, list[StreamlitPage]]:
    """The pages by section, each titled with what one can do there."""
    return {
        "Learn": [st.Page(HOME, title="Start here", icon=":material/hub:", default=True)],
        "Train": [
            st.Page(TRAIN, title="Train a machine", icon=":material/model_training:", url_path="train"),
            st.Page(FILTERS, title="Look at its filters", icon=":material/grid_view:", url_path="filters"),
        ],
        "Generate": [
            st.Page(GIBBS, title="Step its Gibbs chains", icon=":material/casino:", url_path="gibbs"),
        ],
    }


def run() -> None:
    """Draw the shell and the page that was asked for."""
    st.set_page_config(NAME, str(ROOT / "assets/icon.svg"), layout="wide", menu_items={"about": None})
    st.logo(str(ROOT / "assets/logo.svg"), icon_image=str(ROOT / "assets/icon.svg"), size="large")
    st.navigation(pages(), position="top").run()


def header(title: str, question: str) -> None:
    """A page's name and, in one line, what one can find out there."""
    st.header(title, anchor=False)
    st.caption(question)
