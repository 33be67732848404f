"""A Boltzmann machine beside an RBM: what the missing edges buy."""

from functools import partial

import streamlit as st

from pages.learn.boltzmann import glass, pair
from pages.ui import cards, lesson
from pages.ui.controls import widgets
from pages.ui.server import feed, instant
from pages.ui.session import tasks
from rbm.core.language import _


def reset() -> None:
    """Both machines anew; exact learning only where every state can be visited."""
    chosen = pair.PANEL.now()
    method = pair.possible(chosen.data, chosen.hidden, chosen.method)
    widgets.put("boltzmann_method", method)
    widgets.put("boltzmann_playing", False)
    tasks.hold_beside(boltzmann_pair=pair.fresh(chosen.data, chosen.hidden, method))


def setting(data: int, n_hidden: int, method: str, rate: float) -> None:
    """Set the controls and start."""
    pair.PANEL.put(pair.BoltzmannSettings(list(pair.DATA)[data], n_hidden, method, rate))
    reset()


def play(experiment: tuple[int, int, str, float]) -> None:
    """An experiment, running."""
    setting(*experiment)
    widgets.put("boltzmann_playing", True)


def one_update() -> None:
    """A single update of both."""
    with feed.current().turn:
        st.session_state["boltzmann_pair"].advance(1, pair.PANEL.now().rate)


if "boltzmann_pair" not in st.session_state:
    reset()
EXPERIMENTS: lesson.Experiments = {
    _("Learn exactly"): (
        _("Ten units, both phases by visiting every state."),
        lambda: play((0, 6, pair.EXACT, 0.5)),
    ),
    _("No hidden units"): (
        _("Pairs alone: the machine can only copy correlations of two pixels."),
        lambda: play((1, 0, pair.EXACT, 0.3)),
    ),
    _("By chains"): (
        _("The same ten units, both phases by Gibbs chains: noisy, but no need to visit every state."),
        lambda: play((0, 6, pair.GIBBS, 0.1)),
    ),
    _("Too large to enumerate"): (
        _("22 units: only Gibbs chains are feasible."),
        lambda: play((2, 6, pair.GIBBS, 0.05)),
    ),
}


@st.fragment
def learning() -> None:
    """Everything that learning changes."""
    both, mode = st.session_state["boltzmann_pair"], cards.mode()
    asked, hidden = pair.PANEL.now(), pair.PANEL.stops("hidden")
    part = feed.watch("boltzmann")
    anew = partial(pair.anew, asked.data, asked.method, mode)
    now = partial(pair.elements, both, mode)
    drawn = instant.respond(hidden, anew, now)
    if widgets.playing("boltzmann_playing"):
        part.plays(partial(pair.learn, both, asked.rate), pair.PLAY_SECONDS)
        part.moves(instant.here(hidden, anew, now))
    with st.container(key="picture"):
        left, right = st.columns(2, gap="medium")
        with left:
            pair.divergences(drawn)
            sizes()
        with right:
            pair.matrices(drawn, both)
            pair.samples(drawn)
            pair.costs(drawn)


@st.fragment
def sizes() -> None:
    """Measured only when asked."""
    pair.sweep_chart()


VIEWS = (_("Beside an RBM"), _("Spin glass"))


def view() -> None:
    """Which of the page's two pictures."""
    widgets.segmented_control(
        _("Picture"),
        VIEWS,
        default=st.session_state["boltzmann_view"],
        required=True,
        key="boltzmann_view",
        label_visibility="collapsed",
    )


def beside_an_rbm() -> None:
    """Both machines and what they learn."""
    with lesson.stage(EXPERIMENTS, key="boltzmann", text="boltzmann") as beside:
        with beside:
            view()
            asked = pair.PANEL.draw("data", menu=True, on_change=reset)
            pair.PANEL.draw("hidden", on_change=reset)
            no_choice = pair.possible(asked.data, pair.PANEL.now().hidden, pair.EXACT) != pair.EXACT
            pair.PANEL.draw("method", on_change=reset, off=["method"] if no_choice else [])
            asked = pair.PANEL.draw("rate")
            lesson.formula(
                r"E(s) = -\sum_{i<j} W_{ij}\, s_i s_j - \sum_i a_i s_i",
                r"-\frac{\partial\, \mathrm{KL}(P_0 \Vert P)}{\partial W_{ij}} = "
                rf"\langle s_i s_j\rangle_{{\text{{{_('data')}}}}} - \langle s_i s_j\rangle_{{\text{{{_('model')}}}}}",
            )
        playing = widgets.playing("boltzmann_playing")
        with st.container(horizontal=True, key="boltzmann_transport", gap="small"):
            widgets.player(
                "boltzmann_playing",
                "boltzmann_play",
                play=_("Learn"),
                type="primary",
                help=_("Both machines learn at once, from the same pictures."),
            )
            st.button(
                _("One update"), key="boltzmann_one", on_click=one_update, disabled=playing, help=_("One step of both.")
            )
            st.button(_("Reset"), key="boltzmann_reset", on_click=reset, help=_("Both start again from small weights."))
        learning()
        st.caption(
            _(
                ":material/info: A Boltzmann machine of all pairs is slow: only tiny pictures that are made here "
                "can be learnt beside an RBM. Your own data are learnt on the page Train a machine."
            )
        )


lesson.question(
    _("Boltzmann machine"),
    _("If every unit may talk to every other, why does nearly everybody use the restricted one?"),
)
if st.session_state.setdefault("boltzmann_view", VIEWS[0]) == VIEWS[1]:
    glass.show(view)
else:
    beside_an_rbm()
