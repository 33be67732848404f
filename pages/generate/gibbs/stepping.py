"""The Gibbs page's controls: how a walk of chains through one machine starts, and the buttons that move it."""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import streamlit as st

from pages.ui import cards
from pages.ui.controls import widgets
from pages.ui.controls.knobs import Panel
from pages.ui.draw import frames
from pages.ui.server import feed, instant
from pages.ui.session import live, tasks
from rbm.core.language import N_, _
from rbm.experiment import RunSpec, cached_dataset
from rbm.jobs.live import LiveRun
from rbm.jobs.snapshots import Snapshot
from rbm.training.config import knob

if TYPE_CHECKING:
    import torch

    from rbm.models.rbm import RBM
    from rbm.samplers.chains import Clamp
    from rbm.samplers.stepped_chains import SteppedChains

DRAWING = N_("what I draw")
HELD = (N_("nothing"), DRAWING, N_("left half"), N_("right half"), N_("top half"), N_("bottom half"))
PAD = "gibbs_pad"
PLAYING = "gibbs_playing"  # in the session
WALK, STEPS = "gibbs_walk", "gibbs_steps"  # the part of the page that moves, and its buttons
JUMPS = (10, 100, 1000)  # sweeps of one click
TURN_SECONDS = 0.04  # of the screen's process that one click or look may take for sweeps: others wait for its end
SPEEDS = {N_("slow"): 1.0, N_("normal"): 0.5, N_("fast"): 0.2}


@dataclass(frozen=True)
class GibbsSettings:
    """What the sidebar says about a walk."""

    chains: int = knob(
        16, _("Chains"), _("Independent chains side by side; usually 16."), stops=(1, 4, 9, 16, 25, 36, 64)
    )
    start: str = knob(
        "noise",
        _("Start from"),
        _(
            "Noise: every state of a pixel equally likely. Data: a test image for each chain. One image: the same for all."
        ),
        choices=("noise", "data", "one image"),
    )
    image: int = knob(0, _("Test image"), _("Which test image to start from or to hold."), low=0, high=9_999)
    beta: float = knob(
        1.0,
        _("Inverse temperature β"),
        _("1 is the machine as trained. Below 1 (hot) chains wander, above 1 (cold) they freeze into likely images."),
        low=0.1,
        high=3.0,
        step=0.1,
    )
    seed: int = knob(1, _("Seed"), _("The seed of the chains' random numbers."), low=0, high=2**31 - 1)
    speed: str = knob("normal", _("Speed of Play"), _("One, two or five steps a second."), choices=tuple(SPEEDS))
    held: str = HELD[0]


PANEL = Panel("gibbs", GibbsSettings)


def halves(shape: tuple[int, int], colour: bool = False) -> list[str]:
    """What can be held: a single row or column of pixels has no upper and lower, or left and right, half; what is drawn has no
    colour."""
    lacking = [words for side, words in zip(shape, (("top", "bottom"), ("left", "right")), strict=True) if side < 2]
    drawn = () if math.prod(shape) <= instant.MOST_PIXELS and not colour else (DRAWING,)  # or too large for a pad
    return [held for held in HELD if held not in drawn and not any(held.startswith(words) for words in lacking)]


def settings_panel(painter: frames.Painter) -> GibbsSettings:
    """How chains start and what governs them; β and the held half take effect with the next step."""
    start = PANEL.draw("chains", "start").start
    offered = halves(painter.shape, painter.colour)
    if st.session_state.get("gibbs_held") not in offered:
        st.session_state["gibbs_held"] = HELD[0]
    held = widgets.selectbox(
        _("Clamp part of the image"),
        offered,
        index=offered.index(st.session_state["gibbs_held"]),
        format_func=_,
        key="gibbs_held",
        help=_(
            "Clamped pixels keep the values of the test image, or of what you draw, and the chain completes the rest."
        ),
    )
    if picture := start == "one image" or held != HELD[0]:
        PANEL.draw("image")
    asked = PANEL.draw("beta", "seed")
    return replace(asked, held=held, image=asked.image if picture else 0)


def held_part(settings: GibbsSettings, spec: RunSpec) -> Clamp | None:
    """The clamp that the settings describe."""
    if settings.held == "nothing":
        return None
    if settings.held == DRAWING:
        return _hold(instant.sketch(PAD, live.picture_shape(spec)).drawing, spec)
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
    values = _test_images(spec)[_row(settings, spec)]
    return Clamp(spec.coding.of_pixels(mask.flatten(), len(values)), values)


def _hold(drawing: instant.Drawing, spec: RunSpec) -> Clamp:
    import torch

    from rbm.samplers.chains import Clamp, hold_drawing

    ink, coding = torch.tensor(drawing.ink, dtype=torch.float32), spec.coding
    held = hold_drawing(ink, live.picture_shape(spec), torch.tensor(drawing.covered))
    values = coding.rows(held.values[None])[0]
    return Clamp(coding.of_pixels(held.mask, len(values)), values)


def pad(move: Mover, draw: Callable[[], feed.Elements]) -> None:
    """The pad whose drawing is held, and which moves the chains by a step whenever it changes."""
    spec = move.run.spec
    shape = live.picture_shape(spec)
    sketch = instant.sketch(PAD, shape)

    def after(drawing: instant.Drawing) -> feed.Elements:
        move.held = _hold(drawing, spec)
        move.step()
        return draw()

    def take() -> None:
        sketch.put(cached_dataset(spec.dataset).test[_row(move.settings, spec)].numpy() > 0.5)

    sketch.follows(after)
    cards.title(
        _("Hold what you draw"),
        _(
            "Ink, and the pixels right beside it, stay as they are in every chain; the machine draws the rest. "
            "Cover a part, and all that is not covered is held."
        ),
        try_this=_("a test image of which you cover one half."),
    )
    instant.pad(sketch, key=PAD, alt=_("A pad whose drawing all chains hold"), covers=True)
    st.button(
        _("Put the test image here"),
        key="gibbs_take",
        on_click=take,
        help=_("The test image whose number is in the settings."),
    )


def _test_images(spec: RunSpec) -> torch.Tensor:
    """Test images as the machine's units see them: of Bernoulli units zeros and ones."""
    return states(spec, cached_dataset(spec.dataset, spec.model).test)


def states(spec: RunSpec, images: torch.Tensor) -> torch.Tensor:
    """Images of a run's data set as states of the machine's units."""
    from rbm.datasets.base import binarise

    return binarise(images, "threshold" if spec.model.visible == "bernoulli" else "none")


def _row(settings: GibbsSettings, spec: RunSpec) -> int:
    return settings.image % len(cached_dataset(spec.dataset).test)


def walk_of(current: LiveRun, past: Snapshot, settings: GibbsSettings) -> SteppedChains:
    """This tab's walk: a new one when how it starts has changed, the same one with new parameters when those have."""
    start = (weakref.ref(current), replace(settings, beta=1.0, speed=""))
    if st.session_state.get("walk_start") != start:
        tasks.let_go("walk")
    walk: SteppedChains
    if "walk" not in st.session_state:
        with st.spinner(_("Setting the chains up")):
            walk = _new_walk(current.spec, past.to_model(), settings)
            walk.of = past.step
            tasks.hold_beside(walk=walk, walk_start=start)
    walk = st.session_state["walk"]
    follow(walk, past)
    return walk


def follow(walk: SteppedChains, past: Snapshot) -> None:
    """Give the walk the parameters of that moment, unless it has them."""
    if walk.of != past.step:
        walk.model, walk.of = past.to_model(), past.step


@dataclass
class Mover:
    """What a step of the walk is: by which machine, how hot, with what held."""

    run: LiveRun
    walk: SteppedChains
    settings: GibbsSettings
    held: Clamp | None
    newest: bool

    def step(self, count: int = 1) -> None:
        """``count`` sweeps, by the ``newest`` machine where the page shows that; what takes long is left for ``go_on``."""
        self._order(2 * count)

    def half_step(self) -> None:
        self._order(1)

    def go_on(self) -> bool:
        """Take a short turn of the sweeps that are still owed; whether there are more."""
        return self.walk.go_on(TURN_SECONDS)

    def _order(self, halves: int) -> None:
        self._follow()
        self.walk.order(halves, beta=self.settings.beta, clamp=self.held)
        self.go_on()

    def back(self) -> None:
        self.walk.back()

    def stop(self) -> None:
        self.walk.stop()

    def _follow(self) -> None:
        if self.newest:
            follow(self.walk, self.run.past[-1])


def _new_walk(spec: RunSpec, model: RBM, settings: GibbsSettings) -> SteppedChains:
    import torch

    from rbm import randomness
    from rbm.samplers import chains
    from rbm.samplers.stepped_chains import SteppedChains

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
    return SteppedChains(model, begin, generator)


def transport(move: Mover) -> None:
    """Half step, Step, 10, 100, 1000, Stop, Back, Play and its speed, Reset: always here, always in this order."""
    with st.container(horizontal=True, key="transport", gap="xsmall", vertical_alignment="center"):
        _steps(move)
        widgets.player(PLAYING, "play", shortcut="P", help=_("Steps by itself, at the speed chosen beside."))
        PANEL.draw("speed", label_visibility="collapsed")
        st.button(
            _("Reset"),
            icon=":material/restart_alt:",
            shortcut="X",
            key="reset",
            on_click=lambda: tasks.let_go("walk"),
            help=_("New chains from the same start and seed."),
        )


@st.fragment
def _steps(move: Mover) -> None:
    """The clicks that only move the walk, over the page's socket, which brings the pictures too."""

    walk, ours = move.walk, feed.current()
    # Of these buttons only Stop and Back change, and only then are they drawn anew.
    part = feed.watch(STEPS, state=lambda: (walk.owed, _goes_back(walk)))
    part.works(lambda: walk.owed)

    def showing(act: Callable[..., None], *arguments: int) -> Callable[[], None]:
        def go() -> None:
            act(*arguments)
            ours.show(WALK)
            ours.show(STEPS)

        return go

    acts = {"half": showing(move.half_step), "step": showing(move.step, 1), "stop": showing(move.stop)}
    acts |= {f"step_{count}": showing(move.step, count) for count in JUMPS} | {"back": showing(move.back)}
    instant.presses(acts, key="steps")
    with st.container(horizontal=True, key="steps", gap="xsmall", width="content"):
        st.button(
            _("Half step"),
            icon=":material/arrow_right_alt:",
            shortcut="H",
            key="half",
            on_click=acts["half"],
            help=_("One layer given the other: first v from p(v|h), then h from p(h|v)."),
        )
        st.button(
            _("Step"),
            type="primary",
            icon=":material/skip_next:",
            shortcut="S",
            key="step",
            on_click=acts["step"],
            help=_("One full sweep: both layers once."),
        )
        for count in JUMPS:
            st.button(
                f"{count:,}",
                key=f"step_{count}",
                on_click=acts[f"step_{count}"],
                help=_("{count:,} sweeps at once.").format(count=count),
            )
        st.button(
            _("Stop"),
            icon=":material/stop:",
            key="stop",
            on_click=acts["stop"],
            disabled=not walk.owed,
            help=_("Stops a jump of many sweeps where it has got to."),
        )
        st.button(
            _("Back"),
            icon=":material/undo:",
            shortcut="B",
            key="back",
            on_click=acts["back"],
            disabled=not _goes_back(walk),
            help=_("Back one moment; going on again draws the same random numbers."),
        )


def _goes_back(walk: SteppedChains) -> bool:
    return len(walk.past) > 1 or walk.owed


def speed() -> float | None:
    """Seconds between steps while playing, None while not."""
    if not widgets.playing(PLAYING):
        return None
    return SPEEDS[PANEL.now().speed]


def follows_training() -> bool:
    """Whether the machine is the newest one, which changes while it trains."""
    return bool(st.session_state["gibbs_time"] == live.NOW)


def choose_machine(current: LiveRun) -> Snapshot:
    """Untrained, on its way, or as it is now."""
    return live.choose_time(current, "gibbs_time")
