"""The draft's widgets. Each shows one field of the draft and writes its change back; the draft is the truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import streamlit as st

from pages.train.live import temperatures
from pages.ui.controls import datasets, knobs, widgets
from pages.ui.session import state
from rbm.core.language import N_, _
from rbm.core.text import as_typed
from rbm.datasets import catalog
from rbm.datasets.catalog import CATALOG, OWN, entry, is_available, names
from rbm.errors import ConfigError, RbmError
from rbm.experiment import HIDDEN_NAMES, UNBOUNDED, UNIT_NAMES, RunSpec, suited_rate, with_units
from rbm.presets import PRESETS
from rbm.training.config import LIVE, Knob, with_algorithm

_MORE = (
    "n_chains",
    "n_replicas",
    "centred",
    "optimizer",
    "momentum",
    "schedule",
    "weight_decay",
    "l1",
    "max_norm",
    "sparsity_cost",
    "sparsity_target",
    "gradient_clip",
    "likelihood",
    "binarise",
    "weighting",
    "visible_bias",
    "start",
)
_SIZES = (100, 200, 500, 1000, 2000, 5000, 10000, 20000)
_ALL = N_("all")


def draft_panel() -> None:
    """Everything that makes a run, the few settings that a class plays with first."""
    _preset()
    _dataset()
    for name in ("n_hidden", "k", "learning_rate"):
        knob(name)
    _units()
    for name in ("batch_size", "epochs", "algorithm"):
        knob(name)
    with st.expander(_("Optimiser and more"), icon=":material/tune:"):
        for name in _MORE:
            knob(name)
        _size()
    _seed()
    state.keep_draft()


def knob(name: str) -> None:
    """The widget of a field's knob; none where it does nothing."""
    k = state.KNOBS[name]
    if k.acts(state.draft()):
        key, _ = _bound(name)
        written = _written if k.stops else None
        knobs.widget(k, key, format_func=written, help=_help(name, k), on_change=_changed, args=(name,))


def _written(value: float) -> str:
    """As it is read: of a rate that another page found, three digits."""
    return f"{value:.3g}" if abs(value) < 1 else f"{value:g}"


def _help(name: str, k: Knob) -> str:
    return _("{help} Takes effect at once while training.").format(help=k.help) if name in LIVE else k.help


def _bound(name: str) -> tuple[str, Any]:
    """The widget's key, holding the draft's value before the widget is made."""
    key, value = f"draft_{name}", state.draft()[name]
    widgets.put(key, value)
    return key, value


def _changed(name: str) -> None:
    """Write a widget's new value into the draft, and on to a run in training where it may change."""
    value = st.session_state[f"draft_{name}"]
    # None comes from a control that has not heard of its value yet, when a click is quicker than the page.
    if value is None:
        return
    if name == "seed":
        value = widgets.whole_number(value)
    if name == "algorithm":
        state.draft().update(with_algorithm(state.draft(), value))
    else:
        state.draft().update(with_units(state.draft(), n_states=value) if name == "n_states" else {name: value})
    current = state.run()
    if name in LIVE and current is not None and current.status not in ("finished", "diverged") and _possible():
        current.change(**{name: value})


def _possible() -> bool:
    """Whether the draft makes a run; the line beside Train says why it does not."""
    try:
        state.to_spec(state.draft())
    except ConfigError:
        return False
    return True


def _preset() -> None:
    fits = next((name for name, preset in PRESETS.items() if state.to_draft(preset.spec) == state.draft()), None)
    widgets.put("preset", fits)
    st.selectbox(
        _("Preset"),
        list(PRESETS),
        None if fits is None else list(PRESETS).index(fits),
        format_func=lambda name: PRESETS[name].title,
        key="preset",
        placeholder=_("Your own settings"),
        on_change=_take_preset,
        help=_("Ready-made runs: good starts, the classic recipes, and some that go wrong in an instructive way."),
    )
    chosen = st.session_state["preset"]
    with st.container():  # there with or without words, so that nothing below it is built anew
        if chosen:
            st.caption(PRESETS[chosen].why)


def _take_preset() -> None:
    chosen = st.session_state["preset"]
    if chosen:
        state.set_draft(PRESETS[chosen].spec)


def _dataset() -> None:
    key, value = _bound("dataset")
    known = list(dict.fromkeys([*names(), value]))  # the draft's may have been deleted meanwhile
    datasets.select(
        known,
        value,
        key=key,
        changed=_changed_dataset,
        about=_(
            "What is learnt. MNIST and the toy sets come with the program, some are downloaded once, and you "
            "can bring your own on the page Bring your own data."
        ),
    )
    with st.container():
        if value not in CATALOG and not value.startswith(OWN):  # a run's that was made with another program
            st.caption(_("This program does not know the data set. Choose another."))
        elif is_available(value):
            line = entry(value)
            more = line.about if value in CATALOG and value != RunSpec().dataset.name else ""
            st.caption(_("{values}. {about}").format(values=line.values, about=more).strip())
            if len(line.class_names) > 4:
                _classes(line.class_names)
            if line.thermal:
                temperatures.panel()
        elif value.startswith(OWN):
            st.caption(_("This data set is not kept here any more. Choose another, or bring it again."))
        else:
            line = entry(value)
            st.caption(_("{values}. {about}").format(values=line.values, about=line.about))
            _download(value)


def _changed_dataset() -> None:
    draft = state.draft()
    before = _fitting(draft["dataset"])
    draft.update(dataset=st.session_state["draft_dataset"], classes=None, size=None, temperature=None)
    fitting, visible = _fitting(draft["dataset"]), draft["visible"]
    states = CATALOG[draft["dataset"]].states if draft["dataset"] in CATALOG else None
    with_states = {} if states in (None, draft["n_states"]) else {"n_states": states}
    title = as_typed(catalog.title(draft["dataset"]))
    if visible not in fitting:
        words = _("{visible} units do not fit {title}: its visible units are {fitting} now.").format(
            visible=visible.capitalize(), title=title, fitting=fitting[0]
        )
        _take_units(words, visible=fitting[0], **with_states)
    elif visible == before[0] != fitting[0]:  # nobody chose it: it came with the old data
        _take_units(
            _("The visible units are {fitting} now, the usual ones for {title}.").format(
                fitting=fitting[0], title=title
            ),
            visible=fitting[0],
            **with_states,
        )
    elif visible != fitting[0]:
        words = _("The visible units stay {visible}; the usual ones for {title} are {fitting}.").format(
            visible=visible, title=title, fitting=fitting[0]
        )
        _take_units(words, **with_states)
    elif with_states:
        _take_units(**with_states)
    suits, rate = suited_rate(draft["visible"], draft["hidden"], draft["n_states"]), draft["learning_rate"]
    if fitting[0] != before[0] and rate != suits:
        words = _("The learning rate stays {rate:g}; {suits:g} is the usual one for these units.").format(
            rate=rate, suits=suits
        )
        st.session_state["units_moved"] = f"{st.session_state.get('units_moved', '')} {words}".strip()


def _fitting(name: str) -> tuple[str, ...]:
    """The visible units that fit the data set; all, where nothing is known of it."""
    try:
        return entry(name).offered
    except RbmError:
        return UNIT_NAMES


def _units() -> None:
    """What a unit of each layer can be: only what fits the data, and each other, is offered."""
    draft = state.draft()
    hidden = tuple(name for name in HIDDEN_NAMES if draft["visible"] not in UNBOUNDED or name not in UNBOUNDED)
    for name, choices in (("visible", _fitting(draft["dataset"])), ("hidden", hidden)):
        key, value = _bound(name)
        k = state.KNOBS[name]
        offered = replace(k, choices=(*choices, *(() if value in choices else (value,))))
        knobs.widget(offered, key, menu=True, help=_help(name, k), on_change=_changed_units, args=(name,))
    knob("n_states")


def _changed_units(name: str) -> None:
    value = st.session_state[f"draft_{name}"]
    if value is not None:
        _take_units(**{name: value})


def _take_units(*said: str, **units: Any) -> None:
    """Other units into the draft, and a line that tells what follows them, after what is to be ``said``."""
    before = dict(state.draft())
    state.draft().update(with_units(before, **units))
    now = state.draft()
    words = {
        "hidden": _("the hidden unit type {}"),
        "n_states": _("{} states"),
        "learning_rate": _("the learning rate {:g}"),
    }
    follow = [words[f].format(now[f]) for f in words if f not in units and now[f] != before[f]]
    told = _("These units also set {what}.").format(what=_(" and ").join(follow)) if follow else ""
    st.session_state["units_moved"] = " ".join([*said, told]).strip()


def _download(name: str) -> None:
    if not st.button(
        _("Download {title}").format(title=CATALOG[name].title), key="download_data", icon=":material/download:"
    ):
        return
    from rbm.datasets.catalog import load_dataset

    bar = st.progress(0.0, _("Asking for the files"))
    try:
        load_dataset(name, progress=_shown_on(bar.progress))
    except RbmError as error:
        bar.empty()
        st.error(as_typed(error), icon=":material/cloud_off:")
        return
    st.rerun()


def _shown_on(show: Callable[[float, str], Any]) -> Callable[[int, int | None], None]:
    def progress(done: int, total: int | None) -> None:
        size = f"{done / 1e6:.1f} MB" + (_(" of {size:.1f} MB").format(size=total / 1e6) if total else "")
        show(min(done / total, 1.0) if total else 0.0, _("Downloading {size}").format(size=size))

    return progress


def _classes(names: tuple[str, ...]) -> None:
    everything = tuple(range(len(names)))
    chosen = list(state.draft()["classes"] or everything)
    widgets.put("draft_classes", chosen)
    st.pills(
        _("Classes"),
        everything,
        selection_mode="multi",
        default=chosen,
        format_func=lambda i: as_typed(names[i]),
        key="draft_classes",
        on_change=_changed_classes,
        args=(everything,),
        help=_("The classes to learn from; usually all. One or two classes learn fastest and look clearest."),
    )


def _changed_classes(everything: tuple[int, ...]) -> None:
    chosen = tuple(sorted(st.session_state["draft_classes"]))
    state.draft()["classes"] = chosen if chosen and chosen != everything else None


def _size() -> None:
    size = state.draft()["size"]
    shown = _ALL if size is None else size
    widgets.put("draft_size", shown)
    st.select_slider(
        _("Training images"),
        [*sorted({*_SIZES, size or _SIZES[0]}), _ALL],
        shown,
        format_func=lambda n: _(n) if n == _ALL else f"{n:,}",
        key="draft_size",
        on_change=_changed_size,
        help=_("How many images to learn from; usually all. A few hundred show overfitting."),
    )


def _changed_size() -> None:
    chosen = st.session_state["draft_size"]
    state.draft()["size"] = None if chosen == _ALL else chosen


def _seed() -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        key, seed = _bound("seed")
        widgets.typed(
            _("Seed"),
            seed,
            key=key,
            on_change=_changed,
            args=("seed",),
            help=_(
                "The seed of all random numbers in a run: the same settings and seed give the same run. Reset keeps it."
            ),
        )
        st.button("", key="dice", icon=":material/casino:", on_click=state.roll_seed, help=_("Draw another seed"))
