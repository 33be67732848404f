"""Use a machine's hidden units as features: for a classifier with few labels, and for a map of the images."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from pages.compare.features import judging
from pages.ui import empty, lesson
from pages.ui.controls import widgets
from pages.ui.session import live

lesson.question(
    "Features",
    "The machine learnt without labels. Do its hidden units know more about the images than their pixels do?",
)
chosen = judging.choose()
if chosen is None:
    live.moving(lambda: empty.no_machine("whose features could be judged"))
    st.stop()


def part(which: str, draw: Callable[[], None]) -> None:
    """One half of the page, looked at again and again while its own task works."""
    interval = judging.interval(which)

    def look() -> None:
        draw()
        if (judging.interval(which) is None) != (interval is None):
            st.rerun()

    widgets.every(interval)(look)()


left, right = st.columns(2, gap="large")
with left:
    part(judging.SCORES, partial(judging.accuracy, chosen))
with right:
    part(judging.PLACES, judging.places)
lesson.what_to_see("features")
