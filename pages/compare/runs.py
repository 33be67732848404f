"""Every run that was kept: find one, go on with it, lay up to four side by side, hand one on."""

import streamlit as st

from pages.ui import comparison, likelihoods, run_actions, runs, shell
from rbm.errors import StoreError

shell.header(
    "Compare runs", "Which run was better, and why? Every run is kept: find one, go on with it, lay some side by side."
)
try:
    run_actions.undo_bar()
    run_actions.problem()
    chosen = runs.choose()
    if chosen:
        run_actions.actions(chosen)
    run_actions.upload()
    if chosen:
        compared = chosen[: runs.MOST]
        left, right = st.columns([7, 5], gap="large")
        with left:
            comparison.settings(compared)
            if len(compared) == 1:
                comparison.made_with(compared[0])
        with right:
            likelihoods.card(compared)
        comparison.learning_curves(compared)
        comparison.pictures(compared)
except StoreError as error:
    st.error(str(error), icon=":material/error:")
