"""Give a machine labels: name pictures, make a chosen one, complete a half."""

import streamlit as st

from pages.generate.labels import dreams, learning, views
from pages.ui import lesson
from pages.ui.controls import player, widgets

lesson.question(
    "Labels",
    "What can a machine do that learns pictures together with their names: read, write on demand, and guess?",
)
lesson.experiments(
    {
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
    },
    key="labels",
)
learning.controls()
interval = learning.interval()
NOUN = learning.data().noun
USES = {
    "softmax": {
        f"Make a chosen {'digit' if NOUN == 'digit' else 'class'}": dreams.generate,
        f"Name a {NOUN}": views.classify,
        "Guess from a half": views.infer,
    },
    "tags": {
        "Tags to pictures": dreams.generate,
        "Picture to tags": views.classify,
        "Guess from a half": views.infer,
    },
}[learning.kind()]


@widgets.every(interval)
def track() -> None:
    """The training, as far as it has come."""
    learning.progress()
    if (learning.interval() is None) != (interval is None):
        st.rerun()


plays = dreams.playing()


@widgets.every(dreams.STEP_SECONDS if plays else interval and 1.0)
def use() -> None:
    """What the newest machine does."""
    player.rerun_if_turned(dreams.PLAYING, plays)
    newest = learning.machine()
    chosen = st.segmented_control(
        "Use it",
        list(USES),
        required=True,
        default=next(iter(USES)),
        key=f"labels_use_{learning.kind()}" + ("" if NOUN == "digit" else "_other"),
        help="Three questions to one and the same machine: only what is held differs.",
    )
    if dreams.playing() and chosen != next(iter(USES)):
        widgets.put(dreams.PLAYING, False)
        st.rerun()  # a timer can only be changed by a full run
    if newest is None:
        if learning.data().problem:
            return  # the line above has said it
        st.info(
            "There is no machine yet. Press **Train** above: it can be used while it learns.", icon=":material/info:"
        )
        return
    USES[str(chosen)](newest)


left, right = st.columns([2, 3], gap="large")
with left:
    track()
with right:
    use()
lesson.formula(
    r"\begin{aligned} E(x, y, h) = &-x^\top W h - y^\top U h \\ &- b^\top x - d^\top y - c^\top h \end{aligned}",
    r"p(y \mid x) = \frac{e^{-F(x, y)}}{\sum_{y'} e^{-F(x, y')}}",
)
lesson.what_to_see("labels")
if learning.data().mnist:
    lesson.what_to_see("labels_mnist")
