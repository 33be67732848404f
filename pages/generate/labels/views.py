"""What a machine of pictures and labels says of a picture, whole or half covered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from pages.generate.labels import learning
from pages.ui import cards
from pages.ui.components import wall
from pages.ui.components.moving import fingerprinted, state_bars
from pages.ui.controls import widgets
from pages.ui.draw import figures, frames, theme
from pages.ui.server import feed, instant
from pages.ui.server.turnstile import in_turns
from rbm.core.language import N_, _
from rbm.core.text import as_typed
from rbm.datasets.tags import TAGS

if TYPE_CHECKING:
    import torch

    from rbm.evaluation.completion import Completion
    from rbm.models.labelled import LabelledRBM
    from rbm.tasks.labels import LabelMachine

PAD = "labels_pad"
SHOWN = 20  # test pictures to choose from
CHAINS = 24
BURN_IN, SWEEPS = 60, 40
COVERS = (N_("bottom"), N_("top"), N_("right"), N_("left"))
BARS = 150  # pixels high, so that they stand on a screen of 720 below the pictures that they speak of
CALM = "#9AA1A9"  # what is covered: neither black nor white


def names() -> list[str]:
    """The labels in the order of the machine's columns."""
    return list(learning.data().class_names) if learning.kind() == "softmax" else [_(tag) for tag in TAGS]


def choose_picture(newest: LabelMachine, beside: Callable[[], None] = lambda: None, cell: int = 60) -> tuple[int, str]:
    """A wall of test pictures, each with what the machine says of it; the number of the chosen one, and how many are right.

    ``beside``: what else the view asks for, in the line over the wall. cell: the side to which a picture grows, in pixels.
    """
    x, classes = learning.test_pictures()
    data, pages = learning.data(), -(-len(x) // SHOWN)
    widgets.remember(
        labels_page=st.session_state.get("labels_page", 0), labels_digit=st.session_state.get("labels_digit", 0)
    )
    first = int(st.session_state.setdefault("labels_page", 0)) % pages * SHOWN
    x, classes = x[first : first + SHOWN], classes[first : first + SHOWN]
    told, truth = _answers(newest, x), [data.class_names[c] for c in classes.tolist()]
    chosen = min(int(st.session_state.setdefault("labels_digit", 0)), len(x) - 1)
    right = told == _truth(classes)
    answered = _("Of these {n}, {right} are answered right; the others have a frame.")
    answered = answered.format(n=len(x), right=int(right.sum()))
    about = _(
        "{noun}s that it has never seen. Point at one for the machine's answer, click on one to look at it closely."
    ).format(noun=data.noun.capitalize())
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="labels_controls"):
        cards.title(_("Test {noun}s").format(noun=data.noun), f"{about} {answered}")
        beside()
        if pages > 1:
            st.button(
                _("Other {noun}s").format(noun=data.noun),
                key="labels_other",
                on_click=_other,
                args=(pages,),
                help=_("The next twenty of the test part."),
            )
    pixels, columns = _framed(x.numpy(), right), cards.beside(10, len(x), data.shape)
    labels = [_("{a}, it says: {said}").format(a=_a(name), said=said) for name, said in zip(truth, told, strict=True)]
    clicked = wall.show(
        wall.pictures(pixels, columns, labels=labels, selected=chosen),
        clickable=True,
        max_cell=cell,
        alt=_("Some test {noun}s, the misread ones framed").format(noun=data.noun),
        key="labels_wall",
    )
    if clicked is not None and clicked != chosen:
        st.session_state["labels_digit"] = clicked
        st.rerun()
    return first + chosen, answered


def _a(name: str) -> str:
    """A class as it is spoken of: digits by their article, others by their name in quotes."""
    return _("a {name}").format(name=name) if learning.data().digits else f"“{name}”"


def _other(pages: int) -> None:
    st.session_state["labels_page"] = (st.session_state["labels_page"] + 1) % pages
    st.session_state["labels_digit"] = 0


def _answers(newest: LabelMachine, x: torch.Tensor) -> np.ndarray[Any, Any]:
    import torch

    with torch.no_grad():
        p = learning.model(newest).label_probability(x)
    if learning.kind() == "softmax":
        return np.array([names()[k] for k in p.argmax(1).tolist()])
    return np.array([_listed(row) for row in (p > 0.5).tolist()])


def _truth(classes: torch.Tensor) -> np.ndarray[Any, Any]:
    from rbm.datasets.tags import tags_of

    if learning.kind() == "softmax":
        return np.array([names()[k] for k in classes.tolist()])
    return np.array([_listed(row) for row in tags_of(classes).bool().tolist()])


def _listed(on: list[bool]) -> str:
    return ", ".join(_(name) for name, said in zip(TAGS, on, strict=True) if said) or _("nothing of all that")


def _framed(rows: np.ndarray[Any, Any], right: np.ndarray[Any, Any]) -> frames.Pixels:
    """Pictures with a border of one pixel: orange where the answer is wrong."""
    inner = frames.colour_probabilities(rows, shape=learning.data().shape).rgb()
    n, height, width, _ = inner.shape
    pixels = np.zeros((n, height + 2, width + 2, 3), np.uint8)
    orange = theme.CATEGORICAL[cards.mode()][1]
    pixels[~right] = [int(orange[i : i + 2], 16) for i in (1, 3, 5)]
    pixels[:, 1:-1, 1:-1] = inner
    return pixels


def classify(newest: LabelMachine) -> None:
    """One picture, large, and p(y|x)."""
    import torch

    number, answered = choose_picture(newest)
    x, classes = learning.test_pictures()
    with torch.no_grad():
        p = learning.model(newest).label_probability(x[number : number + 1])[0].numpy()
    left, right = st.columns([2, 5], gap="medium")
    with left:
        cards.picture_wall(
            _grey(x[number]), 1, "labels_large", _("The chosen {noun}").format(noun=learning.data().noun), max_cell=112
        )
        st.caption(as_typed(_which(number, classes)))
        st.caption(answered)
    with right, st.container(key="card_labels_bars", gap="xsmall"):
        cards.title(
            _("p(y|x), exact"),
            _(
                "All labels are tried on the picture: p(y|x) ∝ exp(−F(x, y)). Nothing is sampled and no Z is "
                "needed, as it cancels."
            )
            if learning.kind() == "softmax"
            else _(
                "All 32 combinations of tags are tried on the picture, and for each tag those added up in which it is on."
            ),
        )
        draw_bars([figures.Bars("p(y|x)", p)], "labels_bars", _("Probability of each label given the picture"))


def read(newest: LabelMachine) -> None:
    """A drawing, and p(y|x) that follows the pen."""
    sketch = instant.sketch(PAD, learning.data().shape)
    drawn = sketch.answers(partial(_read, learning.model(newest), names(), learning.kind()))
    left, right = st.columns([2, 3], gap="large")
    with left:
        cards.title(
            _("Draw one"),
            _("The drawing is read centred and scaled to the size of MNIST's digits."),
            try_this=_("half a digit."),
        )
        instant.pad(sketch, key=PAD, alt=_("A pad whose drawing the machine reads"), news=drawn[PAD])
    with right:
        cards.title(_("p(y|x), exact"), _("All labels are tried on the drawing, at every move of the pen."))
        state_bars(
            drawn["labels_drawn_bars"], key="labels_drawn_bars", alt=_("Probability of each label given the drawing")
        )


def _read(model: LabelledRBM, labels: list[str], kind: str, drawing: instant.Drawing) -> feed.Elements:
    """The bars for a drawing, and the likeliest of them in words."""
    import torch

    with torch.no_grad():
        p = model.label_probability(torch.tensor(drawing.centred, dtype=torch.float32)[None])[0].numpy()
    option = figures.state_option(
        [figures.Bars("p(y|x)", p)],
        labels,
        x_title=_("label y") if kind == "softmax" else _("tag"),
        y_title=_("probability"),
        top=1.0,
    )
    words = ", ".join(f"{labels[k]}: {p[k]:.0%}" for k in p.argsort()[::-1][:3]) + "."
    return {
        PAD: {"words": words if drawing.ink.any() else _("The pad is empty.")},
        "labels_drawn_bars": fingerprinted(option),
    }


def _which(number: int, classes: torch.Tensor) -> str:
    """What the chosen picture is."""
    data = learning.data()
    return _("Test {noun} {number}: {a}").format(
        noun=data.noun, number=number, a=_a(data.class_names[int(classes[number])])
    )


def draw_bars(bars: list[figures.Bars], key: str, alt: str, height: int = BARS) -> None:
    """Probabilities of all labels."""
    title = _("label y") if learning.kind() == "softmax" else _("tag")
    state_bars(
        figures.state_option(bars, names(), x_title=title, y_title=_("probability"), top=1.0),
        key=key,
        alt=alt,
        height=height,
    )


def infer(newest: LabelMachine) -> None:
    """A picture of which half is covered: its label and the rest of it."""
    shape = learning.data().shape
    covers = [c for c in COVERS if shape[c in ("right", "left")] > 1]
    key = "labels_cover" if len(covers) == len(COVERS) else "labels_cover_row"
    number, __ = choose_picture(newest, partial(_cover, covers, key), cell=44)
    cover = str(st.session_state[key])
    x, classes = learning.test_pictures()
    mask = seen_part(cover, shape)
    found, whole = _completed(newest, number, cover, x[number], mask)
    left, right = st.columns(2, gap="medium")
    with left, st.container(key="card_labels_half", gap="xsmall"):
        _halves(x[number], mask, found)
    with right, st.container(key="card_labels_bars", gap="xsmall"):
        cards.title(
            _("p(y | visible half)"),
            _(
                "The mean of p(y|x) over {chains} chains and {sweeps} sweeps, after {burn_in} that are not "
                "counted. Outlined: p(y|x) of the whole {noun}."
            ).format(chains=CHAINS, sweeps=SWEEPS, burn_in=BURN_IN, noun=learning.data().noun),
            _("more than its chains have found: one that is stuck counts as if it were right."),
        )
        draw_bars(
            [
                figures.Bars(_("whole {noun}").format(noun=learning.data().noun), whole, outline=True),
                figures.Bars(_("visible half"), found.label.numpy()),
            ],
            "labels_half_bars",
            _("Probability of each label given half of the picture"),
            height=BARS - 24,
        )
        st.caption(
            _("{which}. Chains differ by ±{error:.2f} at most.").format(
                which=_which(number, classes), error=float(found.standard_error.max())
            )
        )


def _cover(covers: Sequence[str], key: str) -> None:
    """Which half is covered."""
    st.markdown(_("Cover"), width="content", help=_("Which half the machine does not see."))
    widgets.segmented_control(
        _("Cover"), covers, required=True, default=covers[0], format_func=_, key=key, label_visibility="collapsed"
    )


def _halves(x: torch.Tensor, mask: torch.Tensor, found: Completion) -> None:
    """What is given, what is expected of the rest, and the ways in which single chains fill it in."""
    shape = learning.data().shape
    pictures = np.where(mask.numpy(), x.numpy(), found.picture.numpy())
    expected = _("p(pixel is on | the visible half), the mean over all chains and sweeps, beside the visible half.")
    given = _("What the machine is given; the rest is covered.")
    shown = (
        ("labels_seen", _("Seen"), given, _covered(x.numpy(), mask.numpy())),
        ("labels_mean", _("Expected"), expected, _grey(pictures)),
    )
    for column, (key, title, about, pixels) in zip(st.columns(2, gap="small"), shown, strict=True):
        with column, st.container(key=f"card_{key}", gap="xsmall"):
            cards.title(title, about)
            cards.picture_wall(pixels, 1, key, title, max_cell=72)
    cards.title(
        _("Ways to complete it"),
        _("p(x|h) of {chains} Gibbs chains that hold the visible half: each fills in its own rest.").format(
            chains=CHAINS
        ),
    )
    each = frames.colour_probabilities(found.chains.numpy(), shape=shape)
    cards.picture_wall(
        each, cards.beside(8, CHAINS, shape), "labels_ways", _("Completions by single chains"), max_cell=60
    )


def seen_part(cover: str, shape: tuple[int, int]) -> torch.Tensor:
    """True where a pixel stays visible, (h w,)."""
    import torch

    rows, columns = shape[0] // 2, shape[1] // 2
    mask = torch.ones(shape, dtype=torch.bool)
    hidden = {
        "bottom": (slice(rows, None), slice(None)),
        "top": (slice(rows), slice(None)),
        "right": (slice(None), slice(columns, None)),
        "left": (slice(None), slice(columns)),
    }[cover]
    mask[hidden] = False
    return mask.flatten()


def _completed(newest: LabelMachine, number: int, cover: str, x: torch.Tensor, mask: torch.Tensor) -> tuple[Any, Any]:
    """The completion, and p(y|x) of the whole picture; computed once for what is asked."""
    import torch

    from rbm.evaluation.completion import complete
    from rbm.randomness import generator

    asked = learning.data().name, learning.kind(), newest.epoch, number, cover
    known = st.session_state.get("labels_completed")
    if known is None or known[0] != asked:
        model = learning.model(newest)
        seen = (x > 0.5).float()  # chains hold pixels that are on or off
        draw = generator(number, "completion")
        effort = {"n_chains": CHAINS, "burn_in": BURN_IN, "sweeps": SWEEPS}
        found = in_turns(lambda: complete(model, seen, mask, draw, **effort))
        with torch.no_grad():
            known = asked, (found, model.label_probability(x[None])[0].numpy())
        st.session_state["labels_completed"] = known
    return known[1]


def _grey(row: Any) -> frames.Pixels:
    return frames.colour_probabilities(np.asarray(row)[None], shape=learning.data().shape).rgb()


def _covered(row: np.ndarray[Any, Any], mask: np.ndarray[Any, Any]) -> frames.Pixels:
    """The picture with what is covered in one calm colour."""
    pixels = _grey(row)
    pixels[_grey(mask)[..., 0] == 0] = [int(CALM[i : i + 2], 16) for i in (1, 3, 5)]
    return pixels
