"""Where the RBM stands among generative models, and where each of them is to be met."""

import streamlit as st

from pages.compare.map import family
from pages.ui import lesson
from rbm.core.language import _

lesson.question(
    _("The map of generative models"),
    _("What can each kind of model say about the probability of a picture?"),
    see="map",
)
with st.container(key="map_all"):
    family.draw()
