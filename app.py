"""The Boltzmann Explorer: ``python -m streamlit run app.py``."""

import sys

import streamlit as st
from starlette.middleware import Middleware

from rbm.errors import ConfigError

try:
    from pages.ui import shell
    from pages.ui.server import download, socket
    from pages.ui.session import visitor
except ConfigError as error:  # of the server's surroundings, such as a language without a file
    sys.exit(str(error))

if st.runtime.exists():  # a visitor: Streamlit runs this file anew for each of them, and at each of their clicks
    shell.run()
else:  # the server, once
    app = st.App(
        __file__,
        lifespan=shell.lifespan,
        middleware=[Middleware(visitor.Introduction)],
        routes=(*socket.ROUTES, *download.ROUTES),
    )
