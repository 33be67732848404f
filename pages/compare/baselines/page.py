"""The RBM and its rivals under one clock: same data, as many weights, the same seconds."""

from functools import partial

import streamlit as st

from pages.compare.baselines import contest
from pages.ui import lesson
from pages.ui.server import feed
from rbm.core.language import _
from rbm.tasks.baselines.comparison import MODELS

EVERYBODY, ALL = list(MODELS), list(range(10))
EXPERIMENTS: lesson.Experiments = {
    _("Ten seconds each"): (
        _("All five, 128 hidden units: whose strokes turn into digits first?"),
        lambda: contest.set_rivals(EVERYBODY, 128, 10, ALL),
    ),
    _("RBM against GAN"): (
        _("What the sources claim: an RBM's digits are readable well before a GAN's of the same size."),
        lambda: contest.set_rivals(["rbm", "gan"], 500, 20, ALL),
    ),
    _("Ones and sevens"): (
        _("Two digits only: which model forgets one of them?"),
        lambda: contest.set_rivals(EVERYBODY, 64, 10, [1, 7]),
    ),
}


@st.fragment
def track() -> None:
    """The competition as far as it has come."""
    task = contest.current()
    part = feed.watch("rivals", task, state=partial(contest.stage, task))
    who, seconds, seen = contest.shown()
    drawn = part.moves(contest.elements(task, who, seconds))
    contest.progress(drawn)
    with st.container(key="picture"):
        pictures, quality, numbers, copies = lesson.views(
            _("Pictures"), _("How good they are"), _("In numbers"), _("Are they copies?"), key="rivals_view"
        )
        with pictures:
            contest.walls(who, seconds, drawn)
        with quality:
            contest.quality(who, seen, drawn)
        with numbers:
            contest.numbers(drawn)
        with copies:
            contest.neighbours(who, seen)


lesson.question(
    _("RBM against GAN and VAE"),
    _(
        "An RBM, a GAN, a DCGAN, an autoencoder and a VAE: same number of weights, same training time. "
        "Which draws good pictures first?"
    ),
)
with lesson.stage(EXPERIMENTS, key="rivals", text="rivals") as beside:
    with beside:
        contest.settings()
    feed.watch("rivals_buttons", contest.current())
    contest.buttons()
    track()
