"""Use a machine's hidden units as features: for a classifier with few labels, and for a map of the images."""

import streamlit as st

from pages.ui import empty, features, lesson, live

lesson.question(
    "Use its features",
    "The machine learnt without labels. Do its hidden units know more about the images than their pixels do?",
)
if features.choose() is None:
    live.moving(lambda: empty.no_machine("whose features could be judged"))
    st.stop()
interval = features.interval()


@st.fragment(run_every=interval)
def judged() -> None:
    """Both parts, as far as they have come."""
    left, right = st.columns(2, gap="large")
    with left:
        features.accuracy()
    with right:
        features.places()
    if (features.interval() is None) != (interval is None):
        st.rerun()


judged()
lesson.what_to_see("features")
