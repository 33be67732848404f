"""Give a machine labels: name pictures and drawings, make a chosen one, complete a half."""

import math

import streamlit as st

from pages.generate.labels import confusion, dreams, learning, views
from pages.ui import lesson
from pages.ui.controls import widgets
from pages.ui.server import feed, instant
from rbm.core.language import _

EXPERIMENTS: lesson.Experiments = {
    _("Learn both at once"): (
        _("Pictures and labels together, with a push to name them right: reads well and writes well."),
        lambda: learning.try_objective("both"),
    ),
    _("Only p(x, y)"): (
        _("The label is just a few more units beside the pixels: it writes, and reads less well."),
        lambda: learning.try_objective("p(x, y)"),
    ),
    _("Only p(y|x)"): (
        _("All effort goes into the name: it reads best, and cannot write at all."),
        lambda: learning.try_objective("p(y|x)"),
    ),
}


@st.fragment
def use() -> None:
    """What the newest machine does; computed anew at every doubling of the machines that training has sent, and at its end."""
    part = feed.watch("labels_use", SHOWN, state=lambda: learning.sent(SHOWN).bit_length())
    newest = learning.newest_of(SHOWN)
    chosen = widgets.segmented_control(
        _("Use the machine"),
        list(USES),
        required=True,
        default=next(iter(USES)),
        key=f"labels_use_{learning.kind()}" + ("" if learning.data().digits else "_other"),
        label_visibility="collapsed",
        help=_("Questions to one and the same machine; they differ only in what is held."),
    )
    if dreams.playing() and chosen != next(iter(USES)):
        st.session_state[dreams.PLAYING] = False
    if newest is None:
        if learning.data().problem:
            return  # the line above has said it
        st.info(
            _("There is no machine yet. Press **Train** above: it can be used while it learns."), icon=":material/info:"
        )
        return
    USES[str(chosen)](newest)
    if dreams.playing():
        dreams.play(part, newest, SHOWN)


lesson.question(
    _("Labels"),
    _("What can a machine do that learns pictures together with their names: read, write on demand, and guess?"),
)
with lesson.stage(EXPERIMENTS, key="labels", text="labels") as beside:
    with beside:
        learning.choices()
        lesson.formula(
            r"\begin{aligned} E(x, y, h) = &-x^\top W h - y^\top U h \\ &- b^\top x - d^\top y - c^\top h \end{aligned}",
            r"p(y \mid x) = \frac{e^{-F(x, y)}}{\sum_{y'} e^{-F(x, y')}}",
        )
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="machine_bar"):
        learning.buttons()
        SHOWN = learning.shown()
    feed.watch("labels_buttons", learning.task())
    NOUN = learning.data().noun
    DRAWS = {_("Read what you draw"): views.read} if math.prod(learning.data().shape) <= instant.MOST_PIXELS else {}
    USES = {
        "softmax": {
            (_("Make a chosen digit") if learning.data().digits else _("Make a chosen class")): dreams.generate,
            _("Name a {noun}").format(noun=NOUN): views.classify,
            **DRAWS,
            _("Confusions"): confusion.confuse,
            _("Guess from a half"): views.infer,
        },
        "tags": {
            _("Tags to pictures"): dreams.generate,
            _("Picture to tags"): views.classify,
            **DRAWS,
            _("Guess from a half"): views.infer,
        },
    }[learning.kind()]
    with st.container(key="picture"):
        left, right = st.columns([3, 8], gap="medium")
        with left:
            learning.progress(SHOWN)
        with right:
            use()
