"""Bring your own data: upload, choose how it shall look, see it, keep it."""

import streamlit as st

from pages.train.data import own
from pages.ui import lesson
from rbm.core.language import _

lesson.question(
    _("Bring your own data"),
    _("What does a machine learn from your pictures? Upload them, look, and keep them."),
    see="data",
)
choices, preview = st.columns([5, 7], gap="large")
with choices:
    files = own.upload()
    reading, look = own.choices()
with preview:
    own.preview(files, reading, look)
own.kept_sets()
