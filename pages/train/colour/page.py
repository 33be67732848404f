"""Learn colour images: units that count, that choose, or that take any value."""

from functools import partial

import streamlit as st

from pages.train.colour import learning
from pages.ui import lesson, shell
from pages.ui.server import feed
from rbm.core.language import _

shell.header(_("Learn colours"), _("Which kind of visible unit can model colour?"))
act, ColourSettings = learning.set_controls, learning.ColourSettings
EXPERIMENTS: lesson.Experiments = {
    _("Eight levels"): (_("Multinary units: each channel counts from 0 to 7."), lambda: act(ColourSettings())),
    _("Two levels"): (
        _("M = 2: every channel on or off, which is the Bernoulli machine."),
        lambda: act(ColourSettings(states=2)),
    ),
    _("Any value"): (_("Gaussian units with a learnt variance."), lambda: act(ColourSettings(kind="gaussian"))),
    _("A palette of twelve"): (
        _("Categorical units: each pixel chooses a colour."),
        lambda: act(ColourSettings(kind="categorical", states=12, epochs=15)),
    ),
}


@st.fragment
def look() -> None:
    """Everything that moves while it learns."""
    task = learning.shown()
    part = feed.watch("colour", task)
    drawn = part.moves(partial(learning.elements, task))
    with lesson.stage(EXPERIMENTS, key="colour", text="colour") as beside:
        with beside:
            learning.settings()
            lesson.formula(
                r"\begin{gathered} p(v_i = n \mid h) \propto e^{\,n x_i},\quad n = 0 \dots M-1 \\ x = b + W h \end{gathered}"
            )
        learning.buttons(drawn)
        with st.container(key="picture"):
            left, right = st.columns([7, 5], gap="medium")
            with left:
                learning.pictures(drawn)
            with right:
                learning.numbers(drawn)


look()
learning.run_button()
st.caption(
    _(
        ":material/info: All of them are data sets of the page Train a machine too, at 16×16, where a run of "
        "them is kept, stepped, examined and compared. Data sets of your own are kept in grey levels, "
        "without colour, and are learnt there."
    )
)
