"""Use a machine's hidden units as features: for a classifier with few labels, and for a map of the images."""

import streamlit as st

from pages.compare.features import judging
from pages.ui import lesson
from pages.ui.session import kept, live
from rbm.core.language import _

lesson.question(
    _("Features"),
    _("The machine learnt without labels. Do its hidden units know more about the images than their pixels do?"),
)
current = kept.machine()
live.watch("run", current)
live.trouble(current)

with lesson.stage(key="features", text="features"):
    left, right = st.columns([2, 3], gap="medium")
    with left:
        st.fragment(judging.accuracy)(current)
    with right, st.container(key="picture"):
        st.fragment(judging.places)(current)
