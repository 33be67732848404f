"""What a machine of pictures and labels says of a digit, whole or half covered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from pages.ui import cards, figures, frames, labels, theme
from pages.ui.statebars import state_bars
from pages.ui.wall import wall
from rbm.datasets.tags import TAGS

if TYPE_CHECKING:
    import torch

    from rbm.labels_job import Machine

SHAPE = (28, 28)
SHOWN = 20  # test digits to choose from
CHAINS = 24
BURN_IN, SWEEPS = 60, 40
COVERS = {
    "bottom": (slice(14, None), slice(None)),
    "top": (slice(14), slice(None)),
    "right": (slice(None), slice(14, None)),
    "left": (slice(None), slice(14)),
}
CALM = "#9AA1A9"  # what is covered: neither black nor white


def names() -> list[str]:
    """The labels in the order of the machine's columns."""
    return [str(digit) for digit in range(10)] if labels.kind() == "softmax" else list(TAGS)


def choose_digit(newest: Machine) -> int:
    """A wall of test digits, each with what the machine says of it; the number of the chosen one."""
    x, classes = labels.test_digits()
    first = int(st.session_state.setdefault("labels_page", 0)) * SHOWN
    rows = slice(first, first + SHOWN)
    told = _answers(newest, x[rows])
    chosen = int(st.session_state.setdefault("labels_digit", 0))
    right = told == _truth(classes[rows])
    cards.title(
        "Test digits",
        "Digits that it has never seen. Point at one for the machine's answer, click on one to look at it closely.",
    )
    clicked = wall(
        frames.grid_png(_framed(x[rows].numpy(), right), 10),
        n=SHOWN,
        columns=10,
        cell=(SHAPE[0] + 2, SHAPE[1] + 2),
        labels=[f"a {c}, it says: {said}" for c, said in zip(classes[rows].tolist(), told, strict=True)],
        selected=chosen,
        clickable=True,
        max_cell=60,
        alt="Twenty test digits, the misread ones framed",
        key="labels_wall",
    )
    if clicked is not None and clicked != chosen:
        st.session_state["labels_digit"] = clicked
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f"Of these {SHOWN}, {int(right.sum())} are answered right; the others have a frame.", width="stretch"
        )
        st.button(
            "Other digits", key="labels_other", on_click=_other, help="The next twenty of the 10,000 test digits."
        )
    return first + chosen


def _other() -> None:
    st.session_state["labels_page"] = (st.session_state["labels_page"] + 1) % (10_000 // SHOWN)
    st.session_state["labels_digit"] = 0


def _answers(newest: Machine, x: torch.Tensor) -> np.ndarray[Any, Any]:
    import torch

    with torch.no_grad():
        p = labels.model(newest).label_probability(x)
    if labels.kind() == "softmax":
        return np.array([str(k) for k in p.argmax(1).tolist()])
    return np.array([_listed(row) for row in (p > 0.5).tolist()])


def _truth(classes: torch.Tensor) -> np.ndarray[Any, Any]:
    from rbm.datasets.tags import tags_of

    if labels.kind() == "softmax":
        return np.array([str(k) for k in classes.tolist()])
    return np.array([_listed(row) for row in tags_of(classes).bool().tolist()])


def _listed(on: list[bool]) -> str:
    return ", ".join(name for name, said in zip(TAGS, on, strict=True) if said) or "nothing of all that"


def _framed(rows: np.ndarray[Any, Any], right: np.ndarray[Any, Any]) -> frames.Pixels:
    """Digits with a border of one pixel: orange where the answer is wrong."""
    pixels = np.zeros((len(rows), SHAPE[0] + 2, SHAPE[1] + 2, 3), np.uint8)
    orange = theme.CATEGORICAL[cards.mode()][1]
    pixels[~right] = [int(orange[i : i + 2], 16) for i in (1, 3, 5)]
    pixels[:, 1:-1, 1:-1] = frames.colour_probabilities(rows, shape=SHAPE)
    return pixels


def classify(newest: Machine) -> None:
    """One digit, large, and p(y|x)."""
    import torch

    number = choose_digit(newest)
    x, classes = labels.test_digits()
    with torch.no_grad():
        p = labels.model(newest).label_probability(x[number : number + 1])[0].numpy()
    left, right = st.columns([1, 3], gap="large", vertical_alignment="center")
    with left:
        cards.picture_wall(_grey(x[number]), 1, "labels_large", "The chosen digit", max_cell=168)
        st.caption(f"Test digit {number}: a {classes[number]}")
    with right:
        cards.title(
            "p(y|x), exact",
            "All labels are tried on the picture: p(y|x) ∝ exp(−F(x, y)). Nothing is sampled and no Z is needed, as it cancels."
            if labels.kind() == "softmax"
            else "All 32 combinations of tags are tried on the picture, and for each tag those added up in which it is on.",
        )
        draw_bars([figures.Bars("p(y|x)", p)], "labels_bars", "Probability of each label given the picture")


def draw_bars(bars: list[figures.Bars], key: str, alt: str) -> None:
    """Probabilities of all labels."""
    title = "label y" if labels.kind() == "softmax" else "tag"
    state_bars(
        figures.state_option(bars, names(), x_title=title, y_title="probability", top=1.0), key=key, alt=alt, height=230
    )


def infer(newest: Machine) -> None:
    """A digit of which half is covered: its label and the rest of it."""
    number = choose_digit(newest)
    cover = st.segmented_control(
        "Cover",
        list(COVERS),
        required=True,
        default="bottom",
        key="labels_cover",
        help="Which half the machine does not see.",
    )
    x, classes = labels.test_digits()
    mask = seen_part(str(cover))
    found, whole = _completed(newest, number, str(cover), x[number], mask)
    parts = st.columns([1, 1, 2], gap="large")
    pictures = np.where(mask.numpy(), x[number].numpy(), found.picture.numpy())
    for column, (key, about, pixels) in zip(
        parts,
        (
            ("labels_seen", "Seen", _covered(x[number].numpy(), mask.numpy())),
            ("labels_mean", "Expected", _grey(pictures)),
        ),
        strict=False,
    ):
        with column:
            cards.title(about, "The mean over all chains, p(pixel is on | the visible half), beside the visible half.")
            cards.picture_wall(pixels, 1, key, about, max_cell=168)
    with parts[2]:
        cards.title(
            "Ways to complete it",
            f"Where {CHAINS} Gibbs chains stand that hold the visible half: each fills in its own rest.",
        )
        each = frames.colour_probabilities(found.chains.numpy(), shape=SHAPE)
        cards.picture_wall(each, 8, "labels_ways", "Completions by single chains", max_cell=60)
    cards.title(
        "p(y | visible half)",
        f"The mean of p(y|x) over {CHAINS} chains and {SWEEPS} sweeps, after {BURN_IN} that are not counted. Outlined: "
        "p(y|x) of the whole digit.",
        "more than its chains have found: one that is stuck counts as if it were right.",
    )
    draw_bars(
        [figures.Bars("whole digit", whole, outline=True), figures.Bars("visible half", found.label.numpy())],
        "labels_half_bars",
        "Probability of each label given half of the picture",
    )
    st.caption(
        f"Test digit {number}: a {classes[number]}. Chains differ by ±{float(found.standard_error.max()):.2f} at most."
    )


def seen_part(cover: str) -> torch.Tensor:
    """True where a pixel stays visible, (784,)."""
    import torch

    mask = torch.ones(SHAPE, dtype=torch.bool)
    mask[COVERS[cover]] = False
    return mask.flatten()


def _completed(newest: Machine, number: int, cover: str, x: torch.Tensor, mask: torch.Tensor) -> tuple[Any, Any]:
    """The completion, and p(y|x) of the whole digit; computed once for what is asked."""
    import torch

    from rbm.evaluation.completion import complete
    from rbm.randomness import generator

    asked = labels.kind(), newest.epoch, number, cover
    known = st.session_state.get("labels_completed")
    if known is None or known[0] != asked:
        model = labels.model(newest)
        seen = (x > 0.5).float()  # chains hold pixels that are on or off
        draw = generator(number, "completion")
        found = complete(model, seen, mask, draw, n_chains=CHAINS, burn_in=BURN_IN, sweeps=SWEEPS)
        with torch.no_grad():
            known = asked, (found, model.label_probability(x[None])[0].numpy())
        st.session_state["labels_completed"] = known
    return known[1]


def _grey(row: Any) -> frames.Pixels:
    return frames.colour_probabilities(np.asarray(row)[None], shape=SHAPE)


def _covered(row: np.ndarray[Any, Any], mask: np.ndarray[Any, Any]) -> frames.Pixels:
    """The digit with what is covered in one calm colour."""
    pixels = _grey(row)
    pixels[0][~mask.reshape(SHAPE)] = [int(CALM[i : i + 2], 16) for i in (1, 3, 5)]
    return pixels
