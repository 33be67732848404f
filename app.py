"""The Boltzmann Explorer: ``python -m streamlit run app.py``."""

import streamlit as st

from pages.ui import shell
from pages.ui.components import component
from pages.ui.server import download, socket

if st.runtime.exists():  # a visitor: Streamlit runs this file anew for each of them, and at each of their clicks
    shell.run()
else:  # the server, once
    app = st.App(__file__, lifespan=shell.lifespan, routes=(*socket.ROUTES, *download.ROUTES, *component.ROUTES))
