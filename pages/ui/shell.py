"""The frame around every page: the list of pages, grouped, and what makes each of them open alone."""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage
from streamlit.runtime.pages_manager import PagesManager

from rbm import cluster
from rbm.errors import ClusterError

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


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[None]:
    """What the server does around its own life: the workers warm up while the first visitor reads, and end with it."""
    # Until some session has called st.navigation, Streamlit takes the folder pages/ for its older kind of pages, finds
    # none with the address of a deep link and opens a dialog that says so. Tell it beforehand.
    PagesManager.uses_pages_directory = False
    threading.Thread(target=_warm_up, name="rbm-warm-up", daemon=True).start()
    yield
    cluster.disconnect()


def _warm_up() -> None:
    try:
        cluster.connect()
    except ClusterError as error:  # the first run says it on the screen; the server's log says it now
        logging.getLogger(__name__).error("%s", error)


def run() -> None:
    """Draw the shell and the page that was asked for."""
    st.set_page_config(NAME, str(ROOT / "assets/icon.svg"), layout="wide", menu_items={"about": None})
    st.logo(str(ROOT / "assets/logo.svg"), icon_image=str(ROOT / "assets/icon.svg"), size="large")
    st.navigation(pages(), position="top").run()


def header(title: str, question: str) -> None:
    """A page's name and, in one line, what one can find out there."""
    st.header(title, anchor=False)
    st.caption(question)
