"""Bring your own data: upload, choose how it shall look, see it, keep it."""

import streamlit as st

from pages.train.data import own
from pages.ui import shell
from rbm.core.language import _

shell.header(
    _("Bring your own data"), _("What does a machine learn from your pictures? Upload them, look, and keep them.")
)
choices, preview = st.columns([5, 7], gap="large")
with choices:
    files = own.upload()
    reading, look = own.choices()
with preview:
    own.preview(files, reading, look)
own.kept_sets()
