"""What CD really follows: its mean gradient against the likelihood's own, and where that leads."""

from functools import partial

import streamlit as st

from pages.learn.cd_bias import gradients, race
from pages.ui import lesson
from pages.ui.components import moving
from pages.ui.server import feed, instant
from rbm.core.language import _

SMALL, LARGE, SHIFTER = gradients.LESSONS


act = gradients.set_moment
EXPERIMENTS: lesson.Experiments = {
    _("Early: all agree"): (
        _("Small weights mix at once, so even one sweep points the right way."),
        lambda: act(LARGE, 0.3, 1),
    ),
    _("Late: CD-1 goes astray"): (
        _("Large weights mix slowly: CD-1 hardly leaves the data."),
        lambda: act(LARGE, 1.0, 1),
    ),
    _("More sweeps help"): (_("The same moment with k = 30."), lambda: act(LARGE, 1.0, 30)),
    _("Sixteen states"): (_("The smallest pictures, about half learnt."), lambda: act(SMALL, 0.8, 1)),
    _("The shifter"): (
        _("A row, the same row moved, and how: what only three units together tell."),
        lambda: act(SHIFTER, 1.0, 1),
    ),
}
RACES: lesson.Experiments = {
    _("Reconstructions deceive"): (
        _("CD-1 at rate 1: its reconstructions keep improving while its likelihood falls."),
        lambda: race.set_race(5, 1.0, 3000, "CD-1"),
    ),
    _("Small learning rate"): (_("Rate 0.2: the bias shows late."), lambda: race.set_race(6, 0.2, 3000, "PCD")),
    _("The shifter, fast"): (
        _("24 pictures, 8 hidden units, rate 1: tempering gets further than chains that are stuck."),
        lambda: race.set_race(8, 1.0, 3000, "PT", race.SHIFTER),
    ),
}


@st.fragment
def compass() -> None:
    """The gradients at one moment; sliders draw this part alone."""
    with lesson.stage(EXPERIMENTS, key="follows", text="follows") as beside:
        with beside:
            patterns, stops = gradients.compass_controls()
            lesson.formula(
                r"\begin{aligned} \text{CD-}k:\ & \langle v\,h^\top\rangle_{p_0} - \langle v\,h^\top\rangle_{p_0 K^k} \\"
                rf" \text{{{_('exact')}:}}\ & "
                r"\langle v\,h^\top\rangle_{p_0} - \langle v\,h^\top\rangle_{p} \end{aligned}",
            )
        drawn = instant.respond(stops, partial(gradients.elements, patterns))
        moving.facts(drawn["follows_numbers"], key="follows_numbers", look="figures")
        with st.container(key="picture"):
            left, right = st.columns(2, gap="medium")
            with left:
                gradients.angles(drawn)
            with right:
                gradients.lengths(drawn)


@st.fragment
def track() -> None:
    """Five algorithms, as far as they have come."""
    running = race.current()
    part = feed.watch("race", *race.tasks_of(running))
    drawn = part.moves(race.elements(running, race.PANEL.now().shown))
    with st.container(key="race_pictures"):
        race.learning_curves(drawn)
        race.learnt(drawn)


lesson.question(
    _("What CD really follows"),
    _("If contrastive divergence does not climb the likelihood, what does it climb, and when does it matter?"),
)
gradient, raced = lesson.views(_("The gradient at one moment"), _("Five algorithms, one start"), key="follows_view")
with gradient:
    compass()
    st.caption(
        _(
            ":material/info: Exact gradients and likelihoods visit every state of the machine: the pictures "
            "here have nine pixels at most. Your own data are learnt on the page Train a machine."
        )
    )
with raced, lesson.stage(RACES, key="race", text="race") as settings:
    with settings:
        race.controls()
    race.start_button()
    track()
