"""What a run's settings let one expect before it begins: a rate that chains cannot follow, or hardly any updates."""

import math

import streamlit as st

from pages.ui.session import state
from rbm.core.language import _, plural
from rbm.datasets.catalog import CATALOG, entry, is_available
from rbm.errors import ConfigError
from rbm.experiment import RunSpec, cached_dataset
from rbm.training.schedules import outrun

FEW_UPDATES = 200  # of a whole run, with which hardly anything is learnt


def lines() -> None:
    """What other units brought along, an amber line where persistent chains cannot keep up with the rate as it is set, and one
    where a run is hardly begun."""
    if said := st.session_state.pop("units_moved", ""):
        st.caption(f":material/info: {said}")
    try:
        spec = state.to_spec(state.draft())
    except ConfigError:  # the settings make no run; the line beside Train says why
        return
    if words := outrun(spec.training, _places(spec)):
        st.warning(words, icon=":material/speed:")
    if words := _too_short(spec):
        st.warning(words, icon=":material/timer:")


def _places(spec: RunSpec) -> int:
    """How many categorical pixels there are; 0 of other units, and where nothing is known of the data."""
    name = spec.dataset.name
    if spec.model.visible != "categorical" or not (name in CATALOG or is_available(name)):
        return 0
    return math.prod(entry(name).image_shape[:2])


def _too_short(spec: RunSpec) -> str:
    """A sentence where the whole run is so few updates that nothing is learnt."""
    data, training = spec.dataset, spec.training
    images = data.size
    if data.name in CATALOG and CATALOG[data.name].listed:
        images = len(cached_dataset(data).train)
    if images is None:  # thousands
        return ""
    each = math.ceil(images / training.batch_size)
    if each * training.epochs >= FEW_UPDATES:
        return ""
    updates = plural("{n} update", "{n} updates", each * training.epochs).format(n=each * training.epochs)
    all_told = plural("{n} epoch is {updates}", "{n} epochs are {updates}", training.epochs)
    more = _("epochs or smaller batches") if min(images, training.batch_size) > 1 else _("epochs")
    return _("{all} in all: take more {more}.").format(
        all=all_told.format(n=training.epochs, updates=updates), more=more
    )
