"""The RBM and its rivals under one clock: same data, as many weights, the same seconds."""

import streamlit as st

from pages.compare.baselines import contest
from pages.ui import lesson
from pages.ui.controls import widgets
from rbm.tasks.baselines.comparison import MODELS

lesson.question(
    "RBM against GAN and VAE",
    "An RBM, a GAN, a DCGAN, an autoencoder and a VAE with as many weights and as much training time: who draws good pictures "
    "first?",
)
EVERYBODY, ALL = list(MODELS), list(range(10))
lesson.experiments(
    {
        "Ten seconds each": (
            "All five, 128 hidden units: look whose strokes turn into digits first.",
            lambda: contest.set_rivals(EVERYBODY, 128, 10, ALL),
        ),
        "RBM against GAN": (
            "What the sources claim: an RBM's digits are readable well before a GAN's of the same size.",
            lambda: contest.set_rivals(["rbm", "gan"], 500, 20, ALL),
        ),
        "Ones and sevens": (
            "Two digits only: look who forgets one of them.",
            lambda: contest.set_rivals(EVERYBODY, 64, 10, [1, 7]),
        ),
    },
    key="rivals",
)
contest.controls()
interval = contest.interval()


@widgets.every(interval)
def track() -> None:
    """The competition as far as it has come."""
    who, seconds, seen = contest.shown()
    contest.progress(seen)
    contest.walls(who, seconds, seen)
    contest.quality(who, seen)
    contest.numbers(who, seen)
    contest.neighbours(who, seen)
    if interval is not None and contest.interval() is None:
        st.rerun()  # it is over: no more looking, and other buttons


track()
lesson.what_to_see("rivals")
