"""What a new sweep is made of: the settings to search, how, by what measure, and for how long."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from pages.compare.sweep.view import read_axis, written
from pages.ui import cards
from pages.ui.controls import widgets
from pages.ui.session import state, visitor
from rbm.core.language import _
from rbm.core.limits import SCREEN
from rbm.core.text import as_typed
from rbm.datasets import catalog
from rbm.datasets.catalog import is_available
from rbm.errors import ConfigError, RbmError
from rbm.store import open_store
from rbm.sweep import METHODS, OBJECTIVES, Ledger, Sweep, SweepSpec, at_work, names
from rbm.sweep.spec import KNOBS, USUAL_TRIALS

_USUAL = {
    "n_hidden": "16, 64, 256",
    "k": "1, 5, 25",
    "learning_rate": "0.01, 0.05, 0.2",
    "batch_size": "16, 64, 256",
    "momentum": "0, 0.5, 0.9",
    "weight_decay": "0, 0.0001, 0.001",
}
_NOT_SEARCHED = ("precision", "device", "likelihood", "binarise")
_METHODS = {"grid": _("All"), "random": _("Random"), "tpe": "TPE"}
_EPOCHS = (1, 2, 3, 5, 10, 20, 50, 100)


def form() -> None:
    """The controls of a new sweep, and Start."""
    left, right = st.columns(2, gap="large")
    with left:
        cards.title(
            _("Search space"),
            _("Every run takes one value of each of these settings; all else is as on the page Train a machine."),
        )
        texts = _settings()
        epochs = widgets.select_slider(
            _("Epochs of every run"),
            sorted({*_EPOCHS, st.session_state.get("sweep_epochs", 5)}),
            value=5,
            key="sweep_epochs",
            help=_("A few are enough to rank settings; more favour slow learners."),
        )
    with right:
        cards.title(_("Method"), _("In what order settings are tried, what decides which is best, and when to stop."))
        how = _how()
    problem = ""
    spec: SweepSpec | None = None
    try:
        base = state.to_spec(state.draft())
        base = replace(base, training=replace(base.training, epochs=epochs))
        spec = SweepSpec(base, tuple(read_axis(*one) for one in texts.items()), *how)
        spec.check_limits(SCREEN)
        spec.check_units()
        if not is_available(base.dataset.name):
            title = catalog.title(base.dataset.name)
            problem = _("{title} is not on this machine: download it on the page Train a machine.").format(title=title)
    except ConfigError as error:
        problem = str(error)
    _start(spec, problem)


def take(spec: SweepSpec) -> None:
    """Put a search's settings into the controls of a new one, and its run into the page Train a machine."""
    state.set_draft(spec.base)
    asked = st.session_state
    asked["sweep_settings"] = [axis.name for axis in spec.axes]
    for axis in spec.axes:
        asked[f"sweep_values_{axis.name}"] = written(axis)
    asked["sweep_epochs"] = spec.base.training.epochs
    asked["sweep_method"], asked["sweep_objective"], asked["sweep_pruning"] = spec.method, spec.objective, spec.pruning
    asked[f"sweep_trials_{spec.method == 'grid'}"], asked["sweep_minutes"] = spec.trials, spec.minutes


def _settings() -> dict[str, str]:
    """Which settings, and the values of each as they were typed."""
    idle = {*_NOT_SEARCHED, *(() if KNOBS["n_states"].acts(state.draft()) else ("n_states",))}
    idle -= set(st.session_state.get("sweep_settings", ()))  # of a search that was made elsewhere
    chosen = widgets.multiselect(
        _("Settings"),
        [name for name in KNOBS if name not in idle],
        default=["n_hidden", "k"],
        format_func=lambda name: KNOBS[name].label,
        key="sweep_settings",
        help=_("Two make a heat map; the first runs down, the second across."),
    )
    texts = {}
    for name in chosen:
        knob = KNOBS[name]
        usual = ", ".join(knob.choices[:2]) if knob.choices else _USUAL.get(name, "")
        if name == "visible":  # of which only one fits most data sets' judges
            usual = state.draft()["visible"]
        offered = (
            _("Some of: {choices}.").format(choices=", ".join(knob.choices))
            if knob.choices
            else _("From {low:g} to {high:g}.").format(low=knob.low, high=knob.high)
        )
        texts[name] = widgets.text_input(
            knob.label,
            usual,
            key=f"sweep_values_{name}",
            placeholder=_("1, 5, 25 or 1 to 25"),
            help=_("Values with commas; at random and with TPE also a range such as 1 to 25. {offered}").format(
                offered=offered
            ),
        )
    return texts


def _how() -> tuple[str, str, bool, int | None, float | None]:
    method = widgets.segmented_control(
        _("Combinations"),
        list(_METHODS),
        default="grid",
        required=True,
        format_func=_METHODS.__getitem__,
        key="sweep_method",
        help=_(
            "All: every combination in order. Random: combinations drawn at random. TPE: looks closer where good runs were."
        ),
    )
    method = method or "grid"
    objective = widgets.selectbox(
        _("Judged by"),
        list(OBJECTIVES),
        format_func=lambda name: OBJECTIVES[name].title,
        key="sweep_objective",
        help="\n\n".join(f"**{one.title}**: {one.tells}" for one in OBJECTIVES.values()),
    )
    pruning = widgets.toggle(
        _("Stop poor runs early"),
        key="sweep_pruning",
        help=_("Successive halving: at a ninth and at a third of the epochs only the best third goes on."),
    )
    with st.container(horizontal=True):
        trials = widgets.typed(
            _("Maximum runs"),
            None if method == "grid" else USUAL_TRIALS,
            key=f"sweep_trials_{method == 'grid'}",
            placeholder=_("all"),
            help=_("How many runs are trained."),
        )
        minutes = widgets.typed(
            _("Maximum minutes"),
            None,
            whole=False,
            key="sweep_minutes",
            placeholder=_("no limit"),
            help=_("After this time no new run begins; those under way are finished."),
        )
    st.caption(f"{METHODS[method][0].upper()}{METHODS[method][1:]}.")
    return method, objective, pruning, widgets.whole_number(trials), minutes


def _start(spec: SweepSpec | None, problem: str) -> None:
    busy = at_work()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = widgets.text_input(
            _("Name"),
            key="sweep_new_name",
            placeholder=_free_name(),
            width=260,
            help=_("The search's name; its runs carry it as a tag on the page Compare runs."),
        )
        st.button(
            _("Start"),
            type="primary",
            icon=":material/play_arrow:",
            key="sweep_start",
            disabled=spec is None or bool(problem) or bool(busy),
            on_click=_begin,
            args=(name.strip(), spec),
            help=_("Train one run on every core until all are done; you may leave this page meanwhile."),
        )
    if problem:
        st.warning(as_typed(problem), icon=":material/info:")
    elif busy:
        st.caption(
            _(":material/info: The search {name} is running: one at a time.").format(name=as_typed(busy[0].ledger.name))
        )
    elif spec is not None:
        data = as_typed(catalog.title(spec.base.dataset.name))
        model = spec.base.model
        units = (
            ""
            if model.plain
            else _(", {visible} visible and {hidden} hidden units").format(visible=model.visible, hidden=model.hidden)
        )
        st.caption(
            _(
                "Up to {most_trials} runs on {data}{units}, seed {seed}; all other settings as on Train a machine."
            ).format(most_trials=spec.most_trials, data=data, units=units, seed=spec.base.seed)
        )


def _free_name() -> str:
    taken, number = names(open_store()), 1
    while f"sweep-{number}" in taken:
        number += 1
    return f"sweep-{number}"


def _begin(name: str, spec: SweepSpec) -> None:
    try:
        state.check_room()
        ledger = Ledger.create(name or _free_name(), spec, open_store(), visitor.current())
        Sweep(ledger)
        st.session_state["sweep_chosen"] = ledger.name
    except RbmError as error:
        st.session_state["sweep_problem"] = str(error)
