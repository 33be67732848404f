"""The colour page's parts: what to learn and with which units, and what has come of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import streamlit as st

from pages.ui import cards, shell
from pages.ui.components import chart, wall
from pages.ui.components.moving import table
from pages.ui.controls.knobs import Panel
from pages.ui.draw import figures
from pages.ui.draw.frames import Pixels
from pages.ui.server import feed
from pages.ui.session import kept, state, tasks
from rbm import bundled
from rbm.core.language import _
from rbm.datasets.catalog import entry
from rbm.experiment import MANY_STATES, DatasetSpec, ModelSpec, RunSpec
from rbm.jobs.task import Task
from rbm.tasks.colour import FILTERS, KINDS, SIDE, SOURCES, ColourLook, Images
from rbm.tasks.colour.keeping import KEPT
from rbm.training.config import knob, knobs

NAME = "colour"
CHART = 192  # pixels high, so that both stand on a screen of 720
BUNDLED = "faces"  # the machine that comes with the program


@dataclass(frozen=True)
class ColourSettings:
    """Which images, which units, how many and for how long."""

    source: str = knob(
        "faces",
        _("Images"),
        _("Faces are drawn here and need no network. ") + "; ".join([_(one) for one in SOURCES.values()][1:]) + ".",
        choices=tuple(SOURCES),
        names={"faces": _("drawn faces"), "cifar10": "CIFAR-10", "celeba": "CelebA"},
    )
    kind: str = knob(
        "multinary", _("Visible units"), " ".join(f"{_(words)}." for words in KINDS.values()), choices=tuple(KINDS)
    )
    states: int = knob(
        8,
        _("States M"),
        _("Levels of each channel, or colours of the palette; 8 is usual, 2 is on or off."),
        low=2,
        high=32,
        step=1,
    )
    hidden: int = knob(150, _("Hidden units"), _("Usually 100 to 300."), low=10, high=400, step=10)
    epochs: int = knob(30, _("Epochs"), _("Passes over 3,600 images; 20 to 50."), low=5, high=100, step=5)


PANEL = Panel("colour", ColourSettings)


def set_controls(settings: ColourSettings) -> None:
    """Put an experiment into the controls and start it."""
    PANEL.put(settings)
    begin()


@lru_cache(maxsize=1)
def _bundled() -> Task:
    from rbm.tasks.colour.job import told

    return Task.told(told(bundled.load(BUNDLED)))


def shown() -> Task:
    """The learning whose machine the page shows, named in a line: this session's, or that of the bundled one."""
    return kept.task(NAME, tasks.held(NAME), _called, BUNDLED, _bundled, KEPT) or _bundled()


def _called(task: Task) -> str:
    source = knobs(ColourSettings)["source"].called(task.arguments["source"])
    return _("{source} · {n_hidden} hidden · {kind} · PCD-1").format(
        source=source[:1].upper() + source[1:], n_hidden=task.arguments["n_hidden"], kind=task.arguments["kind"]
    )


def begin() -> None:
    """Learn what the controls say, from the start."""
    chosen = PANEL.now()
    kept.mine(NAME)
    tasks.hold(
        NAME,
        Task(
            KEPT.function,
            source=chosen.source,
            kind=chosen.kind,
            n_states=chosen.states,
            n_hidden=chosen.hidden,
            epochs=chosen.epochs,
        ),
        KEPT,
    )


def as_run() -> None:
    """The controls' settings on the page Train a machine, where the same training is a run."""
    from rbm.tasks.colour.job import training

    chosen = PANEL.now()
    states = chosen.states if chosen.kind in MANY_STATES else ModelSpec().n_states
    model = ModelSpec(chosen.hidden, visible=chosen.kind, n_states=states)
    learnt = training(chosen.kind, chosen.states, chosen.epochs)
    state.set_draft(RunSpec(DatasetSpec(chosen.source), model, learnt))
    st.switch_page(shell.TRAIN)


def run_button() -> None:
    """Leads to the same training as a run."""
    about = _("These settings on the page Train a machine: a run of them is kept, stepped, examined and compared.")
    fits = PANEL.now().kind in entry(PANEL.now().source).offered
    nowhere = _("There the palette is that of the drawn faces: choose those, or other visible units.")
    label, icon = _("Train it as a run"), ":material/model_training:"
    if st.button(label, key="colour_run", icon=icon, help=about if fits else nowhere, disabled=not fits):
        as_run()


def settings() -> None:
    """Which images, which units, how many and for how long."""
    kind = PANEL.draw("source", "kind", wrap=True).kind
    PANEL.draw("states", "hidden", "epochs", off=["states"] if kind == "gaussian" else [])


def buttons(drawn: feed.Elements) -> None:
    """Learn, Pause, Reset, and how far it is."""
    about = _("Learn these images, from the start or from where it was paused.")
    tasks.panel(
        tasks.held(NAME),
        tasks.Press("colour_learn", _("Learn"), about, begin, primary=True, shortcut="T"),
        tasks.Press("colour_pause", _("Pause"), _("Stop for now; Resume continues."), shortcut="P"),
        tasks.Press("colour_learn", _("Resume"), about, primary=True, shortcut="T"),
        tasks.Press("colour_reset", _("Reset"), _("Start again with the settings above."), begin, shortcut="X"),
        words=("colour_words", drawn),
    )


def _words(task: Task | None) -> str:
    if task is None:
        return ""
    if not task.news:
        return _("Getting the images ready") if task.active else ""
    look: ColourLook = task.news[-1]
    said = {
        "finished": _("Finished · epoch {epoch:.1f} of {epochs} · chains of {sweeps:,} sweeps"),
        "paused": _("Paused · epoch {epoch:.1f} of {epochs} · chains of {sweeps:,} sweeps"),
        "failed": _("Stopped · epoch {epoch:.1f} of {epochs} · chains of {sweeps:,} sweeps"),
    }.get(task.status, _("Epoch {epoch:.1f} of {epochs} · chains of {sweeps:,} sweeps"))
    return said.format(epoch=look.epoch, epochs=look.epochs, sweeps=look.sweeps)


def elements(task: Task | None) -> feed.Elements:
    """All that learning moves: pictures have their places first, then what comes."""
    looks: tuple[ColourLook, ...] = () if task is None else task.news  # one moment of what still grows
    look = looks[-1] if looks else None
    now = None if look is None else _("epoch {epoch:.2f}").format(epoch=look.epoch)
    blank = np.full((1, SIDE, SIDE, 3), 0.5, np.float32)
    walls = {
        "colour_pairs": np.concatenate([look.originals, look.reconstructions]) if look else blank.repeat(20, 0),
        "colour_samples": look.samples if look else blank.repeat(10, 0),
        "colour_filters": look.filters if look else blank.repeat(FILTERS, 0),
    }
    return {
        "colour_words": table((), [(_words(task),)]),
        **{key: _wall(images, now) for key, images in walls.items()},
        **_curves(looks, _("Press Learn") if task is None else _("The first numbers are on their way")),
    }


def pictures(drawn: feed.Elements) -> None:
    """Images over reconstructions, samples, and filters."""
    cards.title(
        _("Images and reconstructions"),
        _(
            "Top: ten images that were not learnt. Bottom: their reconstructions, the means ⟨v|⟨h⟩⟩ given "
            "those of the hidden units."
        ),
        _("whether it can make such images by itself."),
    )
    wall.show(
        drawn["colour_pairs"],
        max_cell=36,
        rows=(_("images"), _("rebuilt")),
        alt=_("Ten images over their reconstructions"),
        key="colour_pairs",
    )
    cards.title(
        _("Samples from noise"),
        _("Ten Gibbs chains that began as noise and go on while it learns; their means ⟨v|h⟩ are shown."),
        _("all that the machine can make: a chain may stay near one face for long."),
        _("Gaussian units: they mix best here. Categorical ones flip a pixel at a time, and stay where they are."),
    )
    wall.show(drawn["colour_samples"], max_cell=36, alt=_("Ten samples of chains from noise"), key="colour_samples")
    cards.title(
        _("Filters in colour: the {filters} strongest").format(filters=FILTERS),
        _(
            "Each hidden unit's weights to red, green and blue; mid grey is none, and each picture has a scale of its own."
        ),
        _("which of them are on together."),
    )
    wall.show(drawn["colour_filters"], max_cell=36, alt=_("The strongest hidden units' filters"), key="colour_filters")


def _wall(images: Images, now: str | None) -> dict[str, Any]:
    pixels: Pixels = np.rint(images * 255).astype(np.uint8)
    return wall.pictures(pixels, 10, now=now)


def _curves(looks: tuple[ColourLook, ...], empty: str) -> feed.Elements:
    """Reconstruction error and free energies against epochs."""
    epochs = [look.epoch for look in looks]
    error = [figures.Series(_("error"), epochs, [look.reconstruction_error for look in looks])]
    energy = [
        figures.Series(_("training"), epochs, [look.free_energy_train for look in looks]),
        figures.Series(_("validation"), epochs, [look.free_energy_validation for look in looks]),
    ]
    band = (_("training"), _("validation"))
    return {
        "colour_error": figures.curve_option(error, x_title=_("epochs"), y_title=_("mean squared error"), empty=empty),
        "colour_energy": figures.curve_option(
            energy, x_title=_("epochs"), y_title=_("nats per image"), band=band, empty=empty
        ),
    }


def numbers(drawn: feed.Elements) -> None:
    """Both curves."""
    with st.container(key="card_colour_error", gap="xsmall"):
        cards.title(
            _("Reconstruction error"),
            _("Mean squared difference of a channel, from 0 to 1, between images and their reconstructions."),
            _("the likelihood: samples may be poor where reconstructions are good."),
        )
        alt = _("Reconstruction error against epochs")
        chart.show(drawn["colour_error"], key="colour_error", alt=alt, height=CHART)
    with st.container(key="card_colour_energy", gap="xsmall"):
        cards.title(
            _("Free energy of images"),
            _("The shaded gap opens when the machine likes images it has seen better than new ones."),
            _("how good it is: log Z moves along with both curves."),
        )
        alt = _("Free energy of training and validation images")
        chart.show(drawn["colour_energy"], key="colour_energy", alt=alt, height=CHART)
