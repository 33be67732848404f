"""The Gibbs page's parts: a walk of chains through one machine, the buttons that move it, and what it looks like."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from pages.ui import cards, figures, filters, frames, live
from pages.ui.curves import curves
from rbm.experiment import RunSpec
from rbm.jobs import cached_dataset, restore
from rbm.live import LiveRun, Past

if TYPE_CHECKING:
    import torch

    from rbm.models.rbm import RBM
    from rbm.samplers.chains import Clamp
    from rbm.samplers.walk import Moment, Walk

STARTS = ("noise", "data", "one image")
CHAINS = (1, 4, 9, 16, 25, 36, 64)
HELD = ("nothing", "left half", "right half", "top half", "bottom half")
SPEEDS = {"slow": 1.0, "normal": 0.5, "fast": 0.2}
FILM_FRAMES = 16


class Settings(NamedTuple):
    """What the sidebar says about a walk."""

    chains: int
    start: str
    image: int
    beta: float
    held: str
    seed: int


def settings_panel() -> Settings:
    """How chains start and what governs them; β and the held half take effect with the next step."""
    chains = st.select_slider(
        "Chains",
        CHAINS,
        value=16,
        key="gibbs_chains",
        help="Independent chains side by side; usually 16.",
        persist_state="session",
    )
    start = st.segmented_control(
        "Start from",
        STARTS,
        default="noise",
        required=True,
        key="gibbs_start",
        help="Noise: every pixel on or off with even chance. Data: a test image for each chain. One image: the same for all.",
        persist_state="session",
    )
    held = st.selectbox(
        "Hold a part of the image",
        HELD,
        key="gibbs_held",
        help="Clamped pixels keep the test image's values and the chain completes the rest.",
        persist_state="session",
    )
    image = 0
    if start == "one image" or held != "nothing":
        image = st.number_input(
            "Test image",
            0,
            9_999,
            0,
            key="gibbs_image",
            help="Which test image to start from or to hold.",
            persist_state="session",
        )
    beta = st.slider(
        "Inverse temperature β",
        0.1,
        3.0,
        1.0,
        0.1,
        key="gibbs_beta",
        help="1 is the machine as trained. Below 1 (hot) chains wander, above 1 (cold) they freeze into likely images.",
        persist_state="session",
    )
    seed = st.number_input(
        "Seed", 0, 2**31 - 1, 1, key="gibbs_seed", help="The start of the chains' chance.", persist_state="session"
    )
    return Settings(int(chains), str(start), int(image), float(beta), str(held), int(seed))


def held_part(settings: Settings, spec: RunSpec) -> Clamp | None:
    """The clamp that the settings describe."""
    if settings.held == "nothing":
        return None
    import torch

    from rbm.samplers.chains import Clamp

    height, width = live.picture_shape(spec)
    mask = torch.zeros(height, width, dtype=torch.bool)
    rows, columns = {
        "left half": (slice(None), slice(width // 2)),
        "right half": (slice(None), slice(width // 2, None)),
        "top half": (slice(height // 2), slice(None)),
        "bottom half": (slice(height // 2, None), slice(None)),
    }[settings.held]
    mask[rows, columns] = True
    return Clamp(mask.flatten(), _test_images(spec)[_row(settings, spec)])


def _test_images(spec: RunSpec) -> torch.Tensor:
    """Test images as the machine's units see them: zeros and ones."""
    from rbm.datasets.base import binarise

    return binarise(cached_dataset(spec.dataset).test, "threshold")


def _row(settings: Settings, spec: RunSpec) -> int:
    return settings.image % len(cached_dataset(spec.dataset).test)


def walk_of(current: LiveRun, past: Past, settings: Settings) -> Walk:
    """This tab's walk: a new one when how it starts has changed, the same one with new parameters when those have."""
    start = (id(current), settings._replace(beta=1.0))
    if st.session_state.get("walk_start") != start:
        st.session_state["walk_start"] = start
        st.session_state.pop("walk", None)
    if "walk" not in st.session_state:
        with st.spinner("Setting the chains up"):
            st.session_state["walk"] = _new_walk(current.spec, restore(past), settings)
        st.session_state["walk_step"] = past.step
    walk: Walk = st.session_state["walk"]
    if st.session_state["walk_step"] != past.step:
        walk.model = restore(past)
        st.session_state["walk_step"] = past.step
    return walk


def _new_walk(spec: RunSpec, model: RBM, settings: Settings) -> Walk:
    import torch

    from rbm import randomness
    from rbm.samplers import chains
    from rbm.samplers.walk import Walk

    generator = randomness.generator(settings.seed, "gibbs page")
    held = held_part(settings, spec)
    if settings.start == "noise":
        begin = chains.from_noise(model, settings.chains, generator, beta=settings.beta, clamp=held)
    else:
        images = _test_images(spec)
        rows = torch.randint(len(images), (settings.chains,), generator=generator)
        if settings.start == "one image":
            rows = torch.full_like(rows, _row(settings, spec))
        v = images[rows] if held is None else held.apply(images[rows])
        begin = chains.from_visible(model, v, generator, beta=settings.beta)
    return Walk(model, begin, generator)


def transport(walk: Walk, settings: Settings, held: Clamp | None) -> None:
    """Half step, Step, 10, 100, 1000, Play, Back, Reset: always here, always in this order."""

    def sweep(count: int) -> None:
        walk.sweep(count, beta=settings.beta, clamp=held)

    with st.container(horizontal=True, key="transport", gap="small"):
        st.button(
            "Half step",
            icon=":material/arrow_right_alt:",
            shortcut="H",
            key="half",
            on_click=walk.half_step,
            kwargs={"beta": settings.beta, "clamp": held},
            help="One layer given the other: first v from p(v|h), then h from p(h|v).",
        )
        st.button(
            "Step",
            type="primary",
            icon=":material/skip_next:",
            shortcut="S",
            key="step",
            on_click=sweep,
            args=(1,),
            help="One full sweep: both layers once.",
        )
        for count in (10, 100, 1000):
            st.button(
                f"{count:,}", key=f"step_{count}", on_click=sweep, args=(count,), help=f"{count:,} sweeps at once."
            )
        playing = st.session_state.get("gibbs_playing", False)
        if st.button(
            "Pause" if playing else "Play",
            icon=":material/pause:" if playing else ":material/play_arrow:",
            shortcut="P",
            key="play",
            help="Steps by itself, at the speed chosen beside.",
        ):
            st.session_state["gibbs_playing"] = not playing
            st.rerun()
        st.button(
            "Back",
            icon=":material/undo:",
            shortcut="B",
            key="back",
            on_click=walk.back,
            disabled=len(walk.past) < 2,
            help="To the moment before; the same chance leads on again.",
        )
        st.button(
            "Reset",
            icon=":material/restart_alt:",
            shortcut="X",
            key="reset",
            on_click=lambda: st.session_state.pop("walk", None),
            help="New chains from the same start and seed.",
        )
        st.segmented_control(
            "Speed",
            list(SPEEDS),
            default="normal",
            required=True,
            key="gibbs_speed",
            persist_state="session",
            label_visibility="collapsed",
        )


def speed() -> float | None:
    """Seconds between steps while playing, None while not."""
    if not st.session_state.get("gibbs_playing", False):
        return None
    return SPEEDS[st.session_state.get("gibbs_speed") or "normal"]


def layers(now: Moment, shape: tuple[int, int], tick: float) -> None:
    """v, the probabilities it was drawn from, and the hidden layer, every chain one picture."""
    newer = "v" if now.half % 2 else "h"
    st.caption(
        f"Step **{tick:g}**. " + ("Just drawn: h from p(h|v)." if newer == "h" else "Just drawn: v from p(v|h).")
        if now.half
        else "Step **0**: where the chains start. h was drawn from p(h|v)."
    )
    columns = frames.near_square(len(now.v))[1]
    left, middle, right = st.columns(3, gap="medium")
    largest = 168 if len(now.v) <= 4 else 64
    with left, st.container(key="card_v", gap="xsmall"):
        cards.title(
            "v, the sample", "The visible units of every chain: on or off, drawn by chance from the middle picture."
        )
        pixels = frames.colour_probabilities(now.v.numpy(), shape=shape)
        cards.picture_wall(pixels, columns, "wall_v", "The chains' visible units", max_cell=largest)
    with middle, st.container(key="card_mean", gap="xsmall"):
        cards.title(
            "p(v|h), what it was drawn from",
            "The probability of each pixel given the hidden units: smoother than the sample, and easier on the eye.",
            "the next state by itself. The chain goes on from the sample; going on from these would be another algorithm.",
        )
        pixels = frames.colour_probabilities(now.v_mean.float().numpy(), shape=shape)
        cards.picture_wall(pixels, columns, "wall_mean", "The chains' pixel probabilities", max_cell=largest)
    with right, st.container(key="card_h", gap="xsmall"):
        cards.title(
            "h, the hidden layer",
            "The hidden units of every chain, laid out as a small grid in the order of the filters.",
            "anything about places: neighbours in this grid have nothing to do with each other.",
        )
        pixels = frames.colour_probabilities(frames.layer_pictures(now.h.numpy()))
        cards.picture_wall(pixels, columns, "wall_h", "The chains' hidden units", max_cell=largest)


def film(walk: Walk, shape: tuple[int, int]) -> None:
    """The past of the first chain, oldest first, and all chains' past as a GIF."""
    past = list(walk.past)[-FILM_FRAMES:]
    cards.title(
        "The first chain's past",
        "p(v|h) at the moments remembered, the newest on the right; a long jump leaves a few on the way.",
    )
    rows = np.stack([moment.v_mean[0].float().numpy() for moment in past])
    rows = np.concatenate([np.zeros((FILM_FRAMES - len(rows), rows.shape[1])), rows])  # the newest keeps its place
    names = [""] * (FILM_FRAMES - len(past)) + [f"step {moment.half / 2:g}" for moment in past]
    cards.picture_wall(
        frames.colour_probabilities(rows, shape=shape),
        FILM_FRAMES,
        "wall_film",
        "The first chain's past",
        labels=names,
        max_cell=64,
    )
    st.download_button(
        "GIF of all chains",
        data=lambda: film_gif(walk, shape),
        file_name="gibbs.gif",
        mime="image/gif",
        icon=":material/download:",
        key="gif",
        on_click="ignore",
    )


def film_gif(walk: Walk, shape: tuple[int, int]) -> bytes:
    """Every remembered moment as one frame of tiled chains."""
    stills = []
    for moment in walk.past:
        pictures = frames.colour_probabilities(moment.v_mean.float().numpy(), shape=shape)
        columns = frames.near_square(len(pictures))[1]
        gaps = [frames.tile(pictures[..., c].astype(float), columns) for c in range(3)]
        stills.append(np.nan_to_num(np.stack(gaps, axis=-1), nan=64.0).astype(np.uint8))
    return frames.gif(stills, 200, scale=3)


def energies(walk: Walk, data_mean: float) -> None:
    """Energy and free energy of the chains against steps, with the data's mean as a line."""
    cards.title(
        "Energy and free energy",
        "Means over the chains, in nats at β = 1. Free energy falls to where the machine finds images likely; the dashed "
        "line is the mean of validation images.",
        "whether the chains have reached all kinds of images: a chain can sit at the right level on one digit for ever.",
    )
    steps = [half / 2 for half in walk.halves]
    energy = [float(e.mean()) for e in walk.energy]
    free = [float(f.mean()) for f in walk.free_energy]
    option = figures.curve_option(
        [figures.Series("energy E(v, h)", steps, energy), figures.Series("free energy F(v)", steps, free)],
        x_title="steps",
        y_title="nats",
        line=("data's mean F(v)", data_mean),
    )
    curves(option, height=260, key="chart_energy", alt="Energy and free energy of the chains against steps")


def data_free_energy(current: LiveRun, walk: Walk, past: Past) -> float:
    """The mean free energy of validation images under the walk's machine."""
    key = id(current), past.step
    known = st.session_state.get("data_free_energy")
    if known is None or known[0] != key:
        import torch

        from rbm.datasets.base import binarise

        with torch.no_grad():
            images = binarise(cached_dataset(current.spec.dataset).validation[:1000], "threshold")
            known = key, float(walk.model.free_energy(images).double().mean())
        st.session_state["data_free_energy"] = known
    return float(known[1])


def choose_machine(current: LiveRun) -> Past:
    """Untrained, on its way, or as it is now."""
    return filters.choose_time(current, "gibbs_time")
