"""The RBM and its rivals under one clock: same data, as many weights, the same seconds."""

import streamlit as st

from pages.ui import lesson, rivals, widgets
from rbm.rivals import CONTENDERS

lesson.question(
    "RBM against GAN and VAE",
    "An RBM, a GAN, a DCGAN, an autoencoder and a VAE with as many weights and as much training time: who draws good pictures "
    "first?",
)
EVERYBODY, ALL = list(CONTENDERS), list(range(10))
lesson.experiments(
    {
        "Ten seconds each": (
            "All five, 128 hidden units: look whose strokes turn into digits first.",
            lambda: rivals.set_rivals(EVERYBODY, 128, 10, ALL),
        ),
        "RBM against GAN": (
            "What the sources claim: an RBM's digits are readable well before a GAN's of the same size.",
            lambda: rivals.set_rivals(["rbm", "gan"], 500, 20, ALL),
        ),
        "Ones and sevens": (
            "Two digits only: look who forgets one of them.",
            lambda: rivals.set_rivals(EVERYBODY, 64, 10, [1, 7]),
        ),
    },
    key="rivals",
)
rivals.controls()
interval = rivals.interval()


@widgets.every(interval)
def track() -> None:
    """The competition as far as it has come."""
    who, seconds, seen = rivals.shown()
    rivals.progress(seen)
    rivals.walls(who, seconds, seen)
    rivals.quality(who, seen)
    rivals.numbers(who, seen)
    rivals.neighbours(who, seen)
    if interval is not None and rivals.interval() is None:
        st.rerun()  # it is over: no more looking, and other buttons


track()
lesson.what_to_see("rivals")
