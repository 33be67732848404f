"""The page on deep nets: what is learned, its curves and filters, and the fantasies it has."""

from __future__ import annotations

import copy
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from pages.train.deep import figures_at_rest
from pages.ui import cards
from pages.ui.components import chart, moving, wall
from pages.ui.controls import datasets
from pages.ui.controls.knobs import Panel
from pages.ui.draw import figures, frames, theme
from pages.ui.server import feed
from pages.ui.server.turnstile import in_turns
from pages.ui.session import kept, tasks
from rbm import bundled
from rbm.core.language import N_, _, plural
from rbm.datasets import catalog
from rbm.experiment import DatasetSpec
from rbm.jobs.task import Task
from rbm.tasks.deep.keeping import KEPT
from rbm.tasks.deep.plan import KINDS, SHOWN, DeepSpec, Learned
from rbm.training.config import knob
from rbm.training.events import MEASURES

if TYPE_CHECKING:
    from rbm.tasks.deep.dreaming import DeepDream

FANTASIES = 40
OPENS_AFTER = 500  # sweeps: with the net that comes with the program the page opens with digits, not with noise
COLUMNS = 10
DATASET = "deep_dataset"
BUNDLED = "dbn"  # the net that comes with the program
STARTS = (N_("noise"), N_("test images"))
NOTES = {
    "reconstruction_error": _(
        "A layer above the first reconstructs the activities below it, not pixels: compare a layer with "
        "itself, never with another. Learning all layers together, ⟨h⟩ is what the mean field gives."
    ),
    "free_energy_gap": _("Learning all layers together, it is the gap of the variational bound."),
}
SIZES = (1, 2, 3, 10, 20, 50, 100, 200, 500, 1000)
EPOCHS = (1, 2, 5, 10, 20, 50, 100)


def _size(layer: int) -> Any:
    return knob(
        200,
        _("Units in layer {layer}").format(layer=layer),
        _("More units model more and take longer."),
        stops=SIZES,
        acts=lambda settings: layer <= (2 if settings["kind"] == KINDS[1] else settings["layers"]),
    )


@dataclass(frozen=True)
class DeepSettings:
    """Which machine, how it learns, and where its fantasies start."""

    kind: str = knob(
        KINDS[0],
        _("Deep"),
        _(
            "Belief net: only the top two layers stay undirected, arrows lead down from them. Boltzmann "
            "machine: all layers stay undirected, so that each listens to both its neighbours."
        ),
        choices=tuple(KINDS),
    )
    layers: int = knob(
        2,
        _("Hidden layers"),
        _("Each learns from the activities of the one below it."),
        choices=(1, 2, 3),
        acts=lambda settings: settings["kind"] != KINDS[1],
    )
    size_1: int = _size(1)
    size_2: int = _size(2)
    size_3: int = _size(3)
    epochs: int = knob(5, _("Epochs per layer"), _("Passes over the images for each layer alone."), stops=EPOCHS)
    together: int = knob(
        10,
        _("Epochs together"),
        _("Passes with all layers at once, after that."),
        stops=EPOCHS,
        acts=lambda settings: settings["kind"] == KINDS[1],
    )
    images: int = knob(
        10_000,
        _("Training images"),
        _("Fewer are quicker; if the set has fewer, all are used."),
        stops=(1000, 5000, 10_000, 54_000),
    )
    start: str = knob(
        STARTS[0],
        _("Start from"),
        _("Noise: the top layers on and off at random. Test images: as they lead upwards."),
        choices=STARTS,
    )


PANEL = Panel("deep", DeepSettings)


def setting(kind: str, sizes: tuple[int, ...], epochs: int, together: int, images: int) -> None:
    """Put an experiment into the controls and start it."""
    units: dict[str, Any] = {f"size_{number}": size for number, size in enumerate(sizes, 1)}
    asked = DeepSettings(kind, len(sizes), epochs=epochs, together=together, images=images, start=PANEL.now().start)
    PANEL.put(replace(asked, **units))
    start()


def spec() -> DeepSpec:
    """What the controls say."""
    asked = PANEL.now()
    sizes = (asked.size_1, asked.size_2, asked.size_3)[: 2 if asked.kind == KINDS[1] else asked.layers]
    dataset = st.session_state[DATASET]
    return DeepSpec(asked.kind, sizes, asked.epochs, asked.together, dataset=dataset, images=asked.images)


def start() -> None:
    """A new machine in place of the old one."""
    old: Task | None = st.session_state.get("deep_task")
    if old is not None:
        old.release()
    tasks.let_go("deep_dream", "deep_dream_of")
    asked = spec()
    task = Task(KEPT.function, spec=asked)
    kept.mine("deep")
    tasks.hold_beside(deep_task=task, deep_shape=datasets.data(asked.dataset).shape)
    tasks.hold("deep", task, KEPT)


def settings() -> None:
    """Which machine, of what, for how long."""
    PANEL.draw("kind", "layers")
    PANEL.draw("size_1", "size_2", "size_3")
    datasets.choose(DATASET)
    PANEL.draw("epochs", "together", "images")


def buttons() -> None:
    """Train layer by layer, Pause, Resume."""
    about = _("Starts a new machine with these settings, in the background.")
    tasks.panel(
        st.session_state.get("deep_task"),
        tasks.Press("deep_train", _("Train layer by layer"), about, start, icon="layers", primary=True),
        tasks.Press("deep_pause", _("Pause"), _("Stops where it is.")),
        tasks.Press("deep_go_on", _("Resume"), _("Goes on from there.")),
        anew=True,
    )


def current() -> tuple[Task, DeepSpec]:
    """The task whose net the page shows, named in a line, and what it was asked for: this session's, or the bundled one's."""
    own: Task | None = st.session_state.get("deep_task")
    if own is not None:
        own.renew()
    task = kept.task("deep", own, _words, BUNDLED, _bundled, KEPT) or _bundled()
    asked: DeepSpec = task.arguments["spec"]
    return task, asked


def _words(task: Task) -> str:
    asked: DeepSpec = task.arguments["spec"]
    units = _(" and ").join(map(str, asked.sizes))
    return _("{title} · {kind} of {units} hidden").format(
        title=catalog.title(asked.dataset), kind=_(asked.kind), units=units
    )


@lru_cache(maxsize=1)
def _bundled() -> Task:
    from rbm.tasks.deep.job import told

    asked = bundled.load(BUNDLED).about["settings"]
    return Task.told(told(bundled.load(BUNDLED)), spec=DeepSpec(**{**asked, "sizes": tuple(asked["sizes"])}))


def stage(task: Task, asked: DeepSpec) -> object:
    """What the script draws beside what moves: how many layers can dream, and the bound."""
    return len(figures_at_rest.dreamer(task.news, asked)), figures_at_rest.bound(task.news)


def elements(task: Task, asked: DeepSpec) -> Callable[[], feed.Elements]:
    """All that learning moves: the line, both curves, every layer's filters."""
    of = "" if asked.dataset == st.session_state[DATASET] else f" · {catalog.title(asked.dataset)}"
    shape, mode = _shape(task, asked), cards.mode()

    def found() -> feed.Elements:
        news = task.news
        drawn: feed.Elements = {
            f"deep_{metric}": figures.curve_option(
                figures_at_rest.series(news, asked, metric),
                x_title=_("epochs of the layer"),
                y_title=MEASURES[metric].unit,
                empty=_("The first updates are on their way"),
            )
            for metric in NOTES
        }
        for layer in range(1, len(asked.sizes) + 1):
            drawn[f"deep_filters_{layer}"] = _filters(news, asked, layer, shape, mode)
        words = f"{figures_at_rest.where(news, asked, task.status)}{of}"
        drawn["deep_progress"] = moving.work_line(words, figures_at_rest.share(news, asked))
        return drawn

    return found


def _filters(
    news: Sequence[Any], asked: DeepSpec, layer: int, shape: tuple[int, int], mode: theme.Mode
) -> dict[str, Any]:
    found = figures_at_rest.filters(news, layer)
    count = min(asked.sizes[layer - 1], SHOWN)
    weight = np.zeros((shape[0] * shape[1], count), np.float32) if found is None else found
    return cards.filter_pictures(weight, shape, np.arange(weight.shape[1]), shared=False, columns=16, mode=mode)


def progress(drawn: feed.Elements) -> None:
    """A line that says where learning stands."""
    moving.status(drawn["deep_progress"], key="deep_progress")


def learning_curves(drawn: feed.Elements) -> None:
    """Both curves of every stage."""
    for place, (metric, note) in zip(st.columns(2, gap="large"), NOTES.items(), strict=True):
        with place:
            measure, key = MEASURES[metric], f"deep_{metric}"
            cards.title(
                _("{title}, layer by layer").format(title=measure.title), f"{measure.tells} {note}", measure.not_tells
            )
            chart.show(
                drawn[key],
                height=260,
                key=key,
                alt=_("{title} of each layer against epochs").format(title=measure.title),
            )


def likelihood(task: Task) -> None:
    """The bound that ends the training, once it is there."""
    if told := figures_at_rest.bound(task.news):
        st.caption(
            told,
            help=_(
                "A variational bound: the layers above a picture are guessed, not summed over, so the truth is "
                "higher. Where AIS misses part of log Z the number is too high; on average it misses some."
            ),
        )


def filter_walls(asked: DeepSpec, drawn: feed.Elements) -> None:
    """Every layer's filters that there are."""
    for layer in range(1, len(asked.sizes) + 1):
        cards.title(
            _("What layer {layer} looks for").format(layer=layer),
            _("Weights into its first units, as pictures: red pixels excite a unit, blue ones calm it.")
            if layer == 1
            else _(
                "For each of its first units, the filters of the layer below summed with the unit's weights: the "
                "layer's nonlinearities are left out."
            ),
            _("what a unit answers to exactly: above the first layer this is a linear sketch."),
        )
        key = f"deep_filters_{layer}"
        alt = _("Weights of {drawn} hidden units as pictures").format(drawn=drawn[key]["n"])
        wall.show(drawn[key], max_cell=25, alt=alt, key=key)


def _shape(task: Task, asked: DeepSpec) -> tuple[int, int]:
    """Of the pictures that are learned; they stay what they were when learning began, whatever becomes of the set."""
    own = task is st.session_state.get("deep_task")
    shape: tuple[int, int] = st.session_state["deep_shape"] if own else datasets.data(asked.dataset).shape
    return shape


def fantasies(task: Task, asked: DeepSpec) -> None:
    """Pictures from the top, stepped."""
    layers = figures_at_rest.dreamer(task.news, asked)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="deep_heading"):
        cards.title(
            _("Fantasies from the top"),
            _(
                "Gibbs chains run between the top two layers (a belief net) or over all layers (a Boltzmann "
                "machine), and where they stand is passed down to the pixels. Grey is a pixel's probability."
            ),
            _("how often the machine would make each: a few dozen sweeps from noise are not yet fair samples."),
            _("start from test images and see how long a picture stays itself."),
        )
        if layers:
            PANEL.draw("start", on_change=_forget, label_visibility="collapsed")
    if not layers:
        waits = (
            _("once all layers have been trained together")
            if asked.kind == KINDS[1]
            else _("once the first layer is trained")
        )
        st.caption(_("Samples appear here {waits}.").format(waits=waits))
        return
    dream = _dream(task, asked, layers)
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key="deep_controls"):
        for sweeps in (1, 10, 100):
            st.button(
                plural("{n} sweep", "{n} sweeps", sweeps).format(n=sweeps),
                key=f"deep_sweep_{sweeps}",
                on_click=_advance,
                args=(dream, sweeps),
                help=_("So many steps of every chain."),
            )
        st.button(
            _("Reset"), icon=":material/restart_alt:", key="deep_anew", on_click=_forget, help=_("Back to the start.")
        )
    pixels = frames.colour_probabilities(dream.pixels, shape=_shape(task, asked))
    columns = cards.beside(COLUMNS, len(pixels), _shape(task, asked))
    cards.picture_wall(pixels, columns, "deep_fantasies", _("Fantasies of the machine"), max_cell=40)
    st.caption(
        plural("{sweeps:,} sweeps, {n} layer", "{sweeps:,} sweeps, {n} layers", len(layers)).format(
            sweeps=dream.sweeps, n=len(layers)
        )
    )


def _advance(dream: DeepDream, sweeps: int) -> None:
    in_turns(lambda: dream.advance(sweeps))


def _forget() -> None:
    tasks.let_go("deep_dream")


def _dream(task: Task, asked: DeepSpec, layers: list[Learned]) -> DeepDream:
    """The chains of the newest machine; begun again when another layer has been learned, or another net is shown."""
    session = st.session_state
    of = weakref.ref(task), len(layers)
    another = session.get("deep_dream_of") != of
    if session.get("deep_dream") is None or another:
        begin, start = _opening if another and task is _bundled() else _begun, PANEL.now().start
        tasks.hold_beside(deep_dream=begin(asked, layers, start), deep_dream_of=of)
    dream: DeepDream = session["deep_dream"]
    return dream


def _begun(asked: DeepSpec, layers: list[Learned], start: str) -> DeepDream:
    """New chains, from noise or from test images."""
    from rbm.experiment import cached_dataset
    from rbm.tasks.deep.dreaming import DeepDream

    images = cached_dataset(DatasetSpec(asked.dataset)).test if start == STARTS[1] else None
    return DeepDream(asked.kind, layers, FANTASIES, asked.seed, images)


def _opening(asked: DeepSpec, layers: list[Learned], start: str) -> DeepDream:
    """The chains with which the net that comes with the program opens, a copy for the session to move on."""
    found: DeepDream = copy.deepcopy(_opened(asked, layers, start))
    return found


@st.cache_resource(max_entries=4, show_spinner=False)
def _opened(asked: DeepSpec, _layers: list[Learned], start: str) -> DeepDream:
    """They, swept once for all who look, and at one go: who waits for it may have the turn meanwhile."""
    dream = _begun(asked, _layers, start)
    dream.advance(OPENS_AFTER)
    return dream
