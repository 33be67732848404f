"""The Boltzmann Explorer: ``python -m streamlit run app.py``."""

from pages.ui import shell

shell.run()
