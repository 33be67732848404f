"""What a restricted Boltzmann machine is: one that dreams by itself, a pad that it answers, and the way through the program."""

from functools import partial

import streamlit as st

from pages.learn.home import dream, path, reading
from pages.ui import cards, shell
from pages.ui.components import wall
from pages.ui.components.moving import facts
from pages.ui.controls import widgets
from pages.ui.draw import figures
from pages.ui.server import feed, instant
from pages.ui.session import live
from rbm import bundled
from rbm.core.language import _

# Each demo: a preset, where it is watched, the chart it promises, and what the button says.
DEMOS = (
    (
        "default",
        shell.TRAIN,
        "card_filters",
        _("See strokes appear"),
        ":material/grid_view:",
        _("Trains 100 hidden units on MNIST digits."),
    ),
    (
        "pcd",
        shell.GIBBS,
        "card_mean",
        _("Make digits from noise"),
        ":material/casino:",
        _("Trains with PCD while you step its chains."),
    ),
    (
        "overfit",
        shell.TRAIN,
        "card_free_energy",
        _("Watch one overfit"),
        ":material/trending_up:",
        _("500 images only: two curves part."),
    ),
)


# On a phone too the dream stands beside its hidden units: each takes half of what there is.
SIDE_BY_SIDE = """<style>
.st-key-dream_pictures { flex-wrap: nowrap; align-items: center; }
.st-key-dream_pictures > div { flex: 1 1 0; min-width: 0; }
</style>"""


def begin(preset: str, page: str, chart: str) -> None:
    """Set a demo going, its chains too, and go to where it is seen."""
    live.start_preset(preset)
    if page == shell.GIBBS:
        st.session_state["gibbs_playing"] = True
    shell.bring(chart)
    st.switch_page(page)


def dreaming() -> None:
    """The machine that comes with the program, on its way from noise; one walk for all who look."""
    part = feed.watch("dream")
    drawn = part.moves(dream.DREAM.elements)
    part.plays(dream.DREAM.step, dream.SECONDS)
    about = bundled.load(dream.MACHINE).about
    cards.title(
        _("Dreams"),
        _(
            "{title}, trained for {epochs} epochs; it comes with the program. Chains of Gibbs sampling start "
            "from noise: hidden units are drawn given the pixels, pixels given the hidden units, and so on. "
            "Left: p(v|h), the probability of each pixel. Right: its 500 hidden units, the brighter the "
            "likelier to be on. Below: eight more chains."
        ).format(title=about["title"], epochs=about["epochs"]),
        _("an image of its training data: nothing but its weights is used."),
    )
    st.html(SIDE_BY_SIDE)
    with st.container(horizontal=True, gap="small", key="dream_pictures"):
        with st.container():
            wall.show(drawn["dream_v"], max_cell=320, alt=_("A picture that the machine dreams"), key="dream_v")
        with st.container():
            wall.show(
                drawn["dream_h"], max_cell=10, alt=_("Its 500 hidden units, lit where they are on"), key="dream_h"
            )
    wall.show(drawn["dream_others"], max_cell=80, alt=_("Eight more dreams"), key="dream_others")
    facts(drawn["dream_words"], key="dream_words", look="caption")


def drawing() -> None:
    """The pad, and what follows the pen."""
    completion = st.session_state.setdefault("home_completion", reading.CompletingChains())
    part = feed.watch("completing")
    sketch = instant.sketch(reading.PAD, dream.SHAPE, reading.example)
    drawn = sketch.answers(partial(reading.elements, completion))
    part.moves(completion.news)
    part.plays(completion.step, reading.SECONDS)
    pad, answer = st.columns([6, 7], gap="medium")
    with pad:
        cards.title(
            _("Draw a digit"),
            _(
                "With the mouse, a finger, a pen, or the arrow keys and space. The drawing is read centred and "
                "scaled to the size of MNIST's digits. The free energy of the drawing is marked among those of "
                "6,000 digits that the machine was not trained on: the further left, the likelier it finds the "
                "drawing, p(v) ∝ exp(−F(v))."
            ),
            try_this=_("a digit upside down, or a letter."),
        )
        alt = _("A pad to draw a digit on")
        instant.pad(sketch, key=reading.PAD, alt=alt, width=340, news=drawn[reading.PAD])
    with answer:
        cards.title(_("Hidden units"), _("p(h = 1|v) of each of the 500 hidden units, given your drawing."))
        wall.show(drawn["pad_hidden"], max_cell=12, alt=_("500 hidden units given the drawing"), key="pad_hidden")
        left, right = st.columns([2, 3], gap="small")
        with left:
            cards.title(
                _("As read, and rebuilt"), _("The drawing as the machine reads it, and its reconstruction p(v|⟨h⟩).")
            )
            wall.show(
                drawn["pad_back"],
                max_cell=72,
                alt=_("The drawing as it is read, and its reconstruction"),
                key="pad_back",
            )
        with right:
            cards.title(
                _("Completions"),
                _(
                    "p(v|h) of six Gibbs chains that hold what you drew, and the pixels right beside it, and make up the rest."
                ),
            )
            wall.show(drawn["pad_completed"], max_cell=72, alt=_("Six completions of the drawing"), key="pad_completed")


shell.header(
    _("Boltzmann Explorer"), _("What does an energy-based model actually do? This one dreams digits. Draw one for it.")
)
at_left, at_right = st.columns([5, 7], gap="large")
with at_left:
    dreaming()
    if widgets.pressed(_("Train your own"), key="train_own", icon=":material/model_training:", type="primary"):
        st.switch_page(shell.TRAIN)
with at_right:
    drawing()
for place, (preset, page, chart, label, icon, about) in zip(st.columns(len(DEMOS)), DEMOS, strict=True):
    with place:
        if widgets.pressed(label, key=f"demo_{preset}", icon=icon, width="stretch"):
            begin(preset, page, chart)
        st.caption(about)
words, picture = st.columns([6, 5], gap="large", vertical_alignment="center")
with words:
    told = (shell.ROOT / "assets/text/home.en.md").read_text("utf-8").strip().split("\n\n")
    st.markdown("\n\n".join(_(one) for one in told))
with picture:
    st.markdown(figures.bipartite(6, 4), unsafe_allow_html=True)  # our own drawing; st.html would strip the SVG
st.subheader(_("The whole path"), anchor=False)
path.path()
