"""Give a machine labels: name pictures and drawings, make a chosen one, complete a half."""

import math

import streamlit as st

from pages.generate.labels import dreams, learning, views
from pages.ui import lesson
from pages.ui.server import feed, instant

EXPERIMENTS: lesson.Experiments = {
    "Learn both at once": (
        "Pictures and labels together, with a push to name them right: reads well and writes well.",
        lambda: learning.try_objective("both"),
    ),
    "Only p(x, y)": (
        "The label is just a few more units beside the pixels: it writes, and reads less well.",
        lambda: learning.try_objective("p(x, y)"),
    ),
    "Only p(y|x)": (
        "All effort goes into the name: it reads best, and cannot write at all.",
        lambda: learning.try_objective("p(y|x)"),
    ),
}


@st.fragment
def use() -> None:
    """What the newest machine does; computed anew at every doubling of the machines that training has sent, and at its end."""
    part = feed.watch("labels_use", SHOWN, state=lambda: learning.sent(SHOWN).bit_length())
    newest = learning.newest_of(SHOWN)
    chosen = st.segmented_control(
        "Use it",
        list(USES),
        required=True,
        default=next(iter(USES)),
        key=f"labels_use_{learning.kind()}" + ("" if NOUN == "digit" else "_other"),
        help="Questions to one and the same machine: only what is held differs.",
    )
    if dreams.playing() and chosen != next(iter(USES)):
        st.session_state[dreams.PLAYING] = False
    if newest is None:
        if learning.data().problem:
            return  # the line above has said it
        st.info(
            "There is no machine yet. Press **Train** above: it can be used while it learns.", icon=":material/info:"
        )
        return
    USES[str(chosen)](newest)
    if dreams.playing():
        dreams.play(part, newest, SHOWN)


lesson.question(
    "Labels",
    "What can a machine do that learns pictures together with their names: read, write on demand, and guess?",
)
SHOWN = learning.shown()
with lesson.stage(EXPERIMENTS, key="labels", text="labels") as beside:
    with beside:
        learning.choices()
        lesson.formula(
            r"\begin{aligned} E(x, y, h) = &-x^\top W h - y^\top U h \\ &- b^\top x - d^\top y - c^\top h \end{aligned}",
            r"p(y \mid x) = \frac{e^{-F(x, y)}}{\sum_{y'} e^{-F(x, y')}}",
        )
    learning.buttons()
    feed.watch("labels_buttons", learning.task())
    NOUN = learning.data().noun
    DRAWS = {"Read what you draw": views.read} if math.prod(learning.data().shape) <= instant.MOST_PIXELS else {}
    USES = {
        "softmax": {
            f"Make a chosen {'digit' if NOUN == 'digit' else 'class'}": dreams.generate,
            f"Name a {NOUN}": views.classify,
            **DRAWS,
            "Guess from a half": views.infer,
        },
        "tags": {
            "Tags to pictures": dreams.generate,
            "Picture to tags": views.classify,
            **DRAWS,
            "Guess from a half": views.infer,
        },
    }[learning.kind()]
    with st.container(key="picture"):
        left, right = st.columns([2, 3], gap="medium")
        with left:
            learning.progress(SHOWN)
        with right:
            use()
