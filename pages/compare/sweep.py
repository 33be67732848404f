"""Search over settings: many runs at once, a heat map that fills, the best run."""

import streamlit as st

from pages.ui import shell, sweep_form, sweeps
from rbm.errors import StoreError

shell.header(
    "Hyperparameter search", "Which settings learn best? Try many on all cores, and see the good ones light up."
)
try:
    sweeps.problem()
    chosen = sweeps.choose()
    if chosen is None:
        sweep_form.form()
    else:
        sweeps.show(chosen)
except StoreError as error:
    st.error(str(error), icon=":material/error:")
