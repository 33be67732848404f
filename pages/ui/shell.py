"""The frame around every page: the list of pages, grouped, and what makes each of them open alone."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from hashlib import blake2s
from pathlib import Path
from typing import NamedTuple

import streamlit as st
from streamlit.navigation.page import StreamlitPage
from streamlit.runtime.pages_manager import PagesManager

from pages.ui.components.component import declare
from pages.ui.controls import widgets
from pages.ui.server import feed, instant, turnstile, warm_up
from pages.ui.session import state, tasks, visitor
from rbm import sweep
from rbm.core.language import CODE, _
from rbm.core.text import as_typed
from rbm.errors import StoreError
from rbm.jobs import cluster, job, recording, room
from rbm.store import open_store

ROOT = Path(__file__).resolve().parents[2]
NAME = _("Boltzmann Explorer")
LOOK_SECONDS = 1.0  # between two looks whether a registry that could not be used can be
LAST_SECONDS = 3.0  # that the server's end waits for the runs' last checkpoints
HOME, ENERGY, PIXELS, HOPFIELD, BOLTZMANN, SLOW, MARKOV, CD_BIAS, ISING, RETRIEVAL, TEACHER = (
    f"pages/learn/{feature}/page.py"
    for feature in (
        "home",
        "energy",
        "two_pixels",
        "hopfield",
        "boltzmann",
        "slow_motion",
        "markov",
        "cd_bias",
        "ising",
        "retrieval",
        "teacher",
    )
)
TRAIN, FILTERS, EXAMINE, COLOUR, DEEP, DATA = (
    f"pages/train/{feature}/page.py" for feature in ("live", "filters", "examine", "colour", "deep", "data")
)
GIBBS, LABELS = (f"pages/generate/{feature}/page.py" for feature in ("gibbs", "labels"))
RUNS, BOARD, SWEEP, RIVALS, MAP, FEATURES = (
    f"pages/compare/{feature}/page.py" for feature in ("runs", "board", "sweep", "baselines", "map", "features")
)

_PROJECTOR = f"""
<div class="projector">
  <select aria-label="{_("Picture that fills the screen")}" hidden><option>{_("All of the page")}</option></select>
  <button type="button" title="{_("Large type without settings; key F. One picture can fill the screen.")}">{
    _("Projector")
}</button>
</div>
"""
BRING = "bring"  # in the session: the element that the next page brings into view

_menu = declare("menu", f'<nav class="menu" aria-label="{_("All pages")}"></nav>', "voice", "portrait", "menu")
_projector = declare("projector", _PROJECTOR)
STYLE, HERE = ROOT / "assets/stage.css", "page_here"  # HERE, in the session: the script of the page that is open
LEADS = {
    FILTERS: _("Look at its filters"),
    GIBBS: _("Sample from it"),
    RUNS: _("Compare it"),
}  # what shows something of a run


class Entry(NamedTuple):
    """One page: its script, its title, which names the thing, its icon and its address."""

    script: str
    title: str
    icon: str
    address: str


PAGES = {
    _("Learn"): (
        Entry(HOME, _("Start here"), "hub", ""),
        Entry(ENERGY, _("Energy and probability"), "equalizer", "energy"),
        Entry(PIXELS, _("Two pixels"), "looks_two", "pixels"),
        Entry(HOPFIELD, _("Hopfield network"), "psychology", "hopfield"),
        Entry(BOLTZMANN, _("Boltzmann machine"), "share", "boltzmann"),
        Entry(SLOW, _("One update in slow motion"), "slow_motion_video", "slow"),
        Entry(MARKOV, _("Markov chain"), "linked_services", "markov"),
        Entry(CD_BIAS, _("What CD really follows"), "explore", "follows"),
        Entry(ISING, _("Phase transition"), "thermostat", "ising"),
        Entry(RETRIEVAL, _("Hopfield as an RBM"), "memory", "retrieval"),
        Entry(TEACHER, _("Teacher and student"), "supervisor_account", "teacher"),
    ),
    _("Train"): (
        Entry(TRAIN, _("Train a machine"), "model_training", "train"),
        Entry(FILTERS, _("Filters"), "grid_view", "filters"),
        Entry(EXAMINE, _("Diagnostics"), "troubleshoot", "examine"),
        Entry(COLOUR, _("Learn colours"), "palette", "colour"),
        Entry(DEEP, _("Go deep"), "layers", "deep"),
        Entry(DATA, _("Bring your own data"), "upload_file", "data"),
    ),
    _("Generate"): (
        Entry(GIBBS, _("Gibbs sampling"), "casino", "gibbs"),
        Entry(LABELS, _("Labels"), "label", "labels"),
    ),
    _("Compare"): (
        Entry(RUNS, _("Compare runs"), "compare_arrows", "runs"),
        Entry(BOARD, _("Class board"), "groups", "board"),
        Entry(SWEEP, _("Hyperparameter search"), "grid_on", "sweep"),
        Entry(RIVALS, _("RBM against GAN and VAE"), "swords", "rivals"),
        Entry(MAP, _("The map of generative models"), "map", "map"),
        Entry(FEATURES, _("Features"), "school", "features"),
    ),
}


def pages() -> dict[str, list[StreamlitPage]]:
    """The pages by section, as Streamlit wants them."""
    return {
        section: [
            st.Page(
                e.script, title=e.title, icon=f":material/{e.icon}:", url_path=e.address or None, default=not e.address
            )
            for e in entries
        ]
        for section, entries in PAGES.items()
    }


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[None]:
    """What the server does around its own life: the workers warm up while the first visitor reads, and end with it."""
    # Until some session has called st.navigation, Streamlit takes the folder pages/ for its older kind of pages, finds
    # none with the address of a deep link and opens a dialog that says so. Tell it beforehand.
    PagesManager.uses_pages_directory = False
    # One thread for each small product: sixty visitors' Gibbs steps would only wait for each other's.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    turnstile.line_up_scripts()
    warm_up.begin()
    visitor.announce()
    if code := os.environ.get("RBM_ROOM"):  # its link was given out already
        room.open_room(code)
    yield
    job.release_all()
    sweep.stop_all(LAST_SECONDS)
    job.release_all(LAST_SECONDS)
    recording.flush()
    cluster.disconnect()


def run() -> None:
    """Draw the shell and the page that was asked for."""
    instant.give_way()
    st.set_page_config(NAME, str(ROOT / "assets/icon.svg"), layout="wide", menu_items={"about": None})
    st.logo(str(ROOT / "assets/logo.svg"), icon_image=str(ROOT / "assets/icon.svg"), size="large")
    page = st.navigation(pages(), position="top", expanded=True)
    if not visitor.sign_in_first():
        tasks.come_back()
        widgets.open_place(page.url_path, _mark(page.url_path))
        page.run()


@cache
def _mark(address: str) -> str:
    """Of the program of the page of that address, and its language, in which some choices are kept."""
    script = next(entry.script for entries in PAGES.values() for entry in entries if entry.address == address)
    parts = [file.read_bytes() for file in sorted((ROOT / script).parent.glob("*.py"))]
    return blake2s(b"".join(parts) + CODE.encode(), digest_size=6).hexdigest()


def header(title: str, question: str, beside: Callable[[], None] | None = None) -> None:
    """The bar over a page: its name, what one can find out there, the ways on, what it has ``beside``, and whose visit it is."""
    st.html(STYLE)
    with st.container(horizontal=True, vertical_alignment="center", key="title"):
        st.header(title, anchor=False, width="content")
        with st.container(key="question"):
            st.caption(question)
        _ways(title)
        if beside is not None:
            beside()
        _projector(key="projector", data={"page": title}, width="content")
        visitor.badge()
    _rail(title)
    feed.open_page(next((e.address for entries in PAGES.values() for e in entries if e.title == title), ""))
    state.held()  # also by pages that show nothing of the run: it goes on while the visitor is anywhere
    state.follow_room()


def unusable(error: StoreError) -> None:
    """In place of a page that needs the registry: why it cannot be used. The page is drawn anew as soon as it can."""
    st.error(as_typed(error), icon=":material/error:")
    feed.watch("registry", state=_answers).plays(lambda: None, LOOK_SECONDS)


def _answers() -> bool:
    """Whether the registry can be read; from any thread."""
    try:
        open_store().names()
    except StoreError:
        return False
    return True


def _rail(title: str) -> None:
    """The menu of a wide screen, always in sight; on others an element that only listens."""
    sections = [[section, [[entry.title, entry.address] for entry in entries]] for section, entries in PAGES.items()]
    data = {"page": title, "bring": st.session_state.pop(BRING, ""), "sections": sections}
    _menu(key="menu", data=data, on_theme_change=_drawn_anew, on_go_change=_go)


def _go() -> None:
    """To the page that was chosen on the rail; before this one is drawn, of which nothing must be left."""
    scripts = {entry.title: entry.script for entries in PAGES.values() for entry in entries}
    if chosen := scripts.get(st.session_state["menu"].go):
        st.switch_page(chosen)


def _drawn_anew() -> None:
    """The browser turned from light to dark or back: the run of the script that this brings colours the pictures so."""


def _ways(title: str) -> None:
    """To the pages before and after this one, in the order of ``PAGES``."""
    path = [entry for entries in PAGES.values() for entry in entries]
    here = next(
        (place for place, entry in enumerate(path) if entry.title == title), 0
    )  # Start here greets by another name
    st.session_state[HERE] = path[here].script
    before, after = path[here - 1] if here else None, path[here + 1] if here + 1 < len(path) else None
    with st.container(horizontal=True, key="ways", width="content"):
        for entry, words in ((before, _("← Before")), (after, _("Next →"))):
            if entry is not None:
                st.page_link(entry.script, label=words, help=entry.title)


def go_on() -> None:
    """Where the visitor's run can be looked at next: the other pages that show something of it."""
    current = state.held()
    if current is None or not (current.past or current.active):
        return
    here = st.session_state[HERE]
    with st.container(horizontal=True, key="on", width="content"):
        for script, words in LEADS.items():
            if script != here:
                st.page_link(script, label=words, icon=":material/arrow_forward:")


def bring(key: str) -> None:
    """Have the next page scroll to the element of that key as soon as it is there."""
    st.session_state[BRING] = key
