"""A Hopfield network: memories as the bottoms of an energy."""

from functools import partial

import streamlit as st

from pages.learn.hopfield import recall
from pages.learn.hopfield.pad import Pixels, drawn, pad
from pages.ui import cards, lesson
from pages.ui.components import chart
from pages.ui.controls import datasets, widgets
from pages.ui.server import instant
from rbm.core.language import _
from rbm.core.text import as_typed
from rbm.lessons.known import CAPACITY_UNITS


def begin(pixels: Pixels) -> None:
    """Put a picture on the pad."""
    st.session_state["hopfield_start"] = pixels
    st.session_state["hopfield_serial"] = st.session_state.get("hopfield_serial", 0) + 1


def setting(chosen: list[int], rule: str, beta: float = 0.1) -> None:
    """Set the controls for MNIST's digits."""
    st.session_state[recall.DATASET] = datasets.MNIST
    take(datasets.MNIST, chosen, recall.HopfieldSettings(rule, beta))


def take(dataset: str, chosen: list[int], settings: recall.HopfieldSettings) -> None:
    """Store some of a set's pictures; the first comes onto the pad with one pixel in seven turned over."""
    recall.PANEL.put(settings)
    st.session_state.update(hopfield_digits=chosen, hopfield_own=[])
    first = recall.shelf(dataset).pictures[chosen[0]]
    begin(tuple(1 - x if (i * 61 + 17) % 97 % 7 == 0 else x for i, x in enumerate(first)))


def changed() -> None:
    """Another data set was chosen: its first two pictures are stored, as its pixels are others."""
    dataset = st.session_state[recall.DATASET]
    chosen = list(range(len(recall.shelf(dataset).pictures)))[:2]
    take(dataset, chosen, recall.PANEL.now())


def keep_drawing() -> None:
    """Store what is on the pad."""
    st.session_state["hopfield_own"] = [*st.session_state["hopfield_own"], now()]


def now() -> Pixels:
    return drawn(st.session_state["hopfield_start"], serial=st.session_state["hopfield_serial"], key="hopfield_pad")


def come() -> None:
    """The browser draws the pad anew: with what was on it, after another page or a reload; at first with a disturbed picture."""
    left = [tuple(map(int, pixels)) for pixels in widgets.remembered("hopfield_left") or ()]
    if left and "hopfield_digits" in st.session_state:
        st.session_state["hopfield_own"] = left[1:]
        begin(left[0])
        return
    st.session_state[recall.DATASET] = datasets.left(recall.DATASET)
    if st.session_state[recall.DATASET] == datasets.MNIST:
        take(datasets.MNIST, [1, 4], recall.PANEL.now())
    else:
        changed()


if "hopfield_pad" not in st.session_state:
    come()
EXPERIMENTS: lesson.Experiments = {
    _("Two memories"): (_("Two digits by Hebb's rule: press Play."), lambda: setting([1, 4], "hebbian")),
    _("Similar digits"): (
        _("Five digits by Hebb's rule: they overlap so much that they run together."),
        lambda: setting([0, 1, 2, 3, 4], "hebbian"),
    ),
    _("Remove what they share"): (
        _("The same five by the pseudo-inverse: every one is at rest again."),
        lambda: setting([0, 1, 2, 3, 4], "pseudo-inverse"),
    ),
    _("Modern Hopfield"): (_("All ten digits in a dense network."), lambda: setting(list(range(10)), recall.DENSE)),
    _("Temperature too high"): (
        _("A dense network of small β: the digits blend into one picture."),
        lambda: setting(list(range(10)), recall.DENSE, 0.01),
    ),
}


@st.fragment
def recalling() -> None:
    """What a stroke of the pen changes."""
    at_left, at_right = st.columns([8, 6], gap="medium")
    with at_right, st.container(key="card_stored", gap="xsmall"):
        cards.title(
            _("Stored patterns"),
            _("What the network was told to remember. Click one to put it on the pad, then disturb it."),
        )
        if stored:
            clicked = recall.stored_wall(stored, shelf.shape)
            if clicked is not None:
                begin(stored[clicked])
        else:
            st.info(
                _("Nothing is stored. Choose a {noun} above, or draw one and store it.").format(noun=data.noun),
                icon=":material/draw:",
            )
        with st.container(horizontal=True, gap="xsmall", key="hopfield_tools"):
            if st.button(
                _("Store the drawing"),
                key="hopfield_store",
                icon=":material/save:",
                on_click=keep_drawing,
                help=_("Adds what is on the pad."),
            ):
                st.rerun()
            if widgets.pressed(
                _("New update order"),
                key="hopfield_order",
                icon=":material/casino:",
                help=_("Draws another random order in which units are updated."),
            ):
                st.session_state["hopfield_seed"] = st.session_state.get("hopfield_seed", 1) + 1
    with at_left:
        start, serial = st.session_state["hopfield_start"], st.session_state["hopfield_serial"]
        seed = st.session_state.get("hopfield_seed", 1)
        played = partial(recall.played, stored, rule, now(), seed)
        elements = instant.respond(recall.PANEL.stops("beta"), played) if rule == recall.DENSE else played(beta)
        alt = _("The state of the network, to draw on")
        left = ["".join(map(str, pixels)) for pixels in (now(), *st.session_state["hopfield_own"])]
        widgets.remember(hopfield_left=left, hopfield_seed=seed)
        pad(start, shelf.shape, serial=serial, played=elements["hopfield_pad"], alt=alt, key="hopfield_pad")
        endings()
    with at_right:
        capacity()


def endings() -> None:
    """Where recalls from noise end."""
    with st.container(key="card_basins", gap="xsmall"):
        cards.title(
            _("Where random starts end"),
            _("A hundred recalls from noise. Those that end in no stored pattern found a spurious minimum."),
            try_this=_("two patterns, then three: mixtures of three appear."),
        )
        if stored:
            recall.spurious(stored, shelf.shape, rule, beta)


def capacity() -> None:
    """How much each rule can store, and where the page's network stands."""
    with st.container(key="card_capacity", gap="xsmall"):
        cards.title(
            _("How much can be stored"),
            _(
                "Random patterns in {capacity_units} units, recalled after one unit in ten was flipped; the line "
                "0.138 is where theory says that Hebb's rule fails in a large network."
            ).format(capacity_units=CAPACITY_UNITS),
            _("what correlated pictures such as digits do: they fail much earlier."),
        )
        figure = recall.capacity_figure(len(stored) / len(shelf.pictures[0]))
        chart.show(figure, key="hopfield_capacity", alt=_("Overlap after recall against the load"))


lesson.question(
    _("Hopfield network"), _("How can a network of yes-or-no units remember pictures, and when does it forget?")
)
with lesson.stage(EXPERIMENTS, key="hopfield", text="hopfield") as beside:
    with beside:
        data = datasets.choose(recall.DATASET, changed=changed)
        shelf = recall.shelf(data.name)
        fits = len(st.session_state["hopfield_start"]) == len(shelf.pictures[0])
        if not fits or max(st.session_state["hopfield_digits"], default=0) >= len(shelf.pictures):
            changed()  # somebody has deleted the set, or keeps other pictures under its name
        chosen = widgets.pills(
            _("Digits to store") if data.digits else _("Pictures to store"),
            range(len(shelf.pictures)),
            format_func=lambda i: as_typed(shelf.names[i]),
            selection_mode="multi",
            wrap=True,
            default=st.session_state["hopfield_digits"],
            key="hopfield_digits",
            help=_(
                "The most typical picture of each class, or a few where there are no classes, in {height} × {width} pixels."
            ).format(height=shelf.shape[0], width=shelf.shape[1]),
        )
        recall.PANEL.draw("rule", wrap=True)
        asked = recall.PANEL.draw("beta")
        rule, beta = asked.rule, asked.beta
        stored = [shelf.pictures[place] for place in sorted(chosen)] + st.session_state["hopfield_own"]
        if rule == recall.DENSE:
            lesson.formula(
                r"E(s) = -\tfrac{1}{\beta} \ln \sum_\mu e^{\beta\, \xi_\mu \cdot s}",
                rf"s_i \leftarrow \text{{{_('the sign with the lower')} }} E",
            )
        else:
            lesson.formula(
                r"E(s) = -\tfrac12 \sum_{i \ne j} W_{ij}\, s_i s_j",
                r"s_i \leftarrow \operatorname{sign}\Big(\sum_j W_{ij}\, s_j\Big)",
                {
                    "hebbian": r"W_{ij} = \tfrac1n \sum_\mu \xi_i^\mu \xi_j^\mu",
                    "storkey": r"\Delta W_{ij} = \tfrac1n \big(\xi_i \xi_j - \xi_i h_{ji} - h_{ij} \xi_j\big)",
                    "pseudo-inverse": r"W = \Xi^+ \Xi",
                }[rule],
            )
    recalling()
