"""Every run that was kept: find one, go on with it, lay up to four side by side, hand one on."""

import streamlit as st

from pages.compare.runs import actions, comparison, likelihoods, listing, matched, trouble
from pages.ui import lesson, shell
from rbm.core.language import _
from rbm.errors import StoreError

lesson.question(
    _("Compare runs"),
    _("Which run was better, and why? Every run is kept: find one, resume it, or compare several."),
    see="runs",
)
named = st.container()
try:
    with st.container(key="stage_runs"):
        actions.undo_bar()
        actions.problem()
        chosen = listing.choose()
        if chosen:
            actions.actions(chosen)
        with named:
            compared = comparison.named(chosen[: listing.MOST])
        trouble.told(compared)
        *pictured, curves, facts = comparison.views(len(compared))
        with pictured[0], st.container(key="picture"):
            comparison.pictures(compared, pictured)
            matched.card(compared)
        with curves:
            comparison.learning_curves(compared)
        with facts:
            left, right = st.columns([7, 5], gap="large")
            with left:
                comparison.settings(compared)
                if len(compared) == 1:
                    comparison.made_with(compared[0])
            with right:
                likelihoods.card(compared)
        actions.upload()
except StoreError as error:
    shell.unusable(error)
