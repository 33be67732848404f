"""Pictures of a chosen label: Gibbs chains that hold the label, or the tags, and draw all the rest."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
import streamlit as st

from pages.generate.labels import learning
from pages.ui import cards
from pages.ui.components import wall
from pages.ui.components.moving import facts, table
from pages.ui.controls import datasets, widgets
from pages.ui.draw import frames, theme
from pages.ui.server import feed
from pages.ui.server.turnstile import in_turns
from pages.ui.session import tasks
from rbm.core.language import _, plural
from rbm.core.text import as_typed
from rbm.datasets.tags import TAGS
from rbm.jobs.task import Task
from rbm.tasks.labels import LabelMachine

if TYPE_CHECKING:
    import torch

    from rbm.models.labelled import LabelledRBM
    from rbm.samplers.chains import Chains, Clamp

EACH = 9  # chains for every class
MOST = 20  # classes side by side
PLAYING = "labels_playing"  # in the session
STEP_SECONDS = 0.4
PLAYED = 10  # sweeps of one tick
# Sweeps: with a machine that stands at rest the page opens with digits of their label, not with noise. Of the one that comes with
# the program 63 of 100 pictures are what they should be after 200, 78 after 500 and 86 after 1,000 (by 3 nearest neighbours).
OPENS_AFTER = 500
_OPENING = _("The chains take their first {n} sweeps …").format(n=OPENS_AFTER)


class Dream(NamedTuple):
    """Chains with what they hold, where they stand and the pixel probabilities they were last drawn from, and whose they are:
    the session's training, or a machine at rest."""

    asked: tuple[Any, ...]
    held: Clamp
    chains: Chains
    picture: np.ndarray[Any, Any]  # (N, P)
    generator: torch.Generator
    of: object


def playing() -> bool:
    return widgets.playing(PLAYING)


def wanted() -> tuple[Any, ...]:
    """What the chains are to hold: ("softmax", class or None for all of them), or ("tags", the tags that are on)."""
    if learning.kind() == "softmax":
        return "softmax", _held_class(learning.data())
    on = widgets.pills(
        _("Tags that are on"),
        list(TAGS),
        selection_mode="multi",
        default=["even", "a loop"],
        format_func=_,
        key="labels_tags_on",
        help=_("All others are held off. Click to change them: the chains go on from where they are."),
    )
    return "tags", tuple(name in on for name in TAGS)


def _held_class(data: datasets.Data) -> int | None:
    """The class that all chains hold; None where each class has some."""
    about = _("The label units stay as they are; pixels and hidden units are drawn in turn.")
    if data.digits:
        everything, key = _("all ten"), "labels_held"
    else:
        many = len(data.class_names) > MOST
        everything, key = _("the first {most}").format(most=MOST) if many else _("all"), f"labels_held_{data.name}"
    options = [everything, *(str(k) for k in range(len(data.class_names)))]

    def called(option: str) -> str:
        return option if option == everything else data.class_names[int(option)]

    if len(options) <= MOST:
        chosen = widgets.segmented_control(
            _("Hold the label"), options, required=True, default=everything,
            format_func=lambda option: as_typed(called(option)), key=key, help=about,
        )  # fmt: skip
    else:
        chosen = widgets.selectbox(_("Hold the label"), options, format_func=called, key=key, width=260, help=about)
    return None if chosen == everything else int(str(chosen))


def _classes(held: int | None) -> list[int]:
    """The class of each row of chains; as many rows whether one class is held or all are."""
    classes = range(min(len(learning.data().class_names), MOST))
    return list(classes) if held is None else [held for _ in classes]


def generate(newest: LabelMachine) -> None:
    """The walls of chains and the buttons that move them."""
    asked = wanted()
    dream = _dream(newest, asked)
    softmax = asked[0] == "softmax"
    sign = _("the label itself") if learning.data().mnist else _("the mean of its class, in colour")
    each = _("{each} chains for each label, a row each; the first picture of a row is {sign}.").format(
        each=EACH, sign=sign
    )
    drawn = elements(dream, learning.data().shape, _signs(dream, cards.mode()))
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="labels_controls"):
        _buttons(newest)
        facts(drawn["labels_sweeps"], key="labels_sweeps", look="caption")
    cards.title(
        _("Chains that hold their label") if softmax else _("Chains that hold the tags"),
        _("p(x|h) of chains that started from noise. {each}").format(
            each=each if softmax else _("All hold the same tags.")
        ),
        _("that a chain has seen all styles of its class: it may stay with one for long."),
        _("Play while the machine still learns: the chains follow it."),
    )
    alt = _("Pictures by chains that hold their label")
    wall.show({**drawn["labels_dream"], "labels": _names(dream)}, max_cell=32, alt=alt, key="labels_dream")
    if not softmax:
        st.caption(_which(asked[1]))


def _which(on: tuple[bool, ...]) -> str:
    """Which digits have exactly these tags."""
    fits = [
        str(d) for d in range(10) if all((d in digits) == said for digits, said in zip(TAGS.values(), on, strict=True))
    ]
    if not fits:
        return _("No digit has exactly these tags: the machine has to make something up.")
    return _("Exactly these tags belong to {fits}.").format(fits=_(" and ").join(fits))


def _names(dream: Dream) -> list[str]:
    if dream.asked[0] == "tags":
        return [_("chain {i}").format(i=i + 1) for i in range(len(dream.picture))]
    called = [learning.data().class_names[k] for k in _classes(dream.asked[1])]
    return [
        _("the label {name}").format(name=name) if i == 0 else _("{name}, chain {i}").format(name=name, i=i)
        for name in called
        for i in range(EACH + 1)
    ]


def elements(dream: Dream, shape: tuple[int, int], signs: frames.Pixels | None) -> feed.Elements:
    """What a sweep changes: the chains' pictures, each row after the sign of its label, and how far they are."""
    pixels = frames.colour_probabilities(dream.picture, shape=shape).rgb()
    if signs is not None:
        rows = np.concatenate([signs[:, None], pixels.reshape(len(signs), EACH, *pixels.shape[1:])], 1)
        pixels = rows.reshape(-1, *pixels.shape[1:])
    step = dream.chains.step
    words = plural("After {n:,} sweep", "After {n:,} sweeps", step).format(n=step)
    shown = wall.changed(pixels, EACH + 1, now=words)
    return {"labels_dream": shown, "labels_sweeps": table((), [(words,)])}


def _signs(dream: Dream, mode: theme.Mode) -> frames.Pixels | None:
    """The sign of each row's label; None of tags, which have none."""
    return None if dream.asked[0] == "tags" else label_signs(mode)[_classes(dream.asked[1])]


def label_signs(mode: theme.Mode) -> frames.Pixels:
    """A sign of each class in the accent colour, (K, h, w, 3): MNIST's digits, of other data the mean training picture."""
    shape = learning.data().shape
    strength = frames.colour_probabilities(_patterns(), shape=shape).rgb().astype(np.float64) / 255
    accent, ground = (
        np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], np.float64)
        for colour in (theme.ACCENT[mode], theme.BACKGROUND[mode])
    )
    return np.rint(ground + (accent - ground) * strength).astype(np.uint8)


def _patterns() -> np.ndarray[Any, Any]:
    """What stands for each class, (K, P) in [0, 1]; black for a class without a training picture."""
    if learning.data().mnist:
        from rbm.datasets.patterns import digit_patterns

        on = digit_patterns().numpy().reshape(10, 14, 14).repeat(2, 1).repeat(2, 2) > 0
        return on.reshape(10, -1).astype(np.float64)
    data = learning.dataset()
    rows, classes = data.train.numpy(), data.train_labels.numpy()
    members = [rows[classes == k] for k in range(len(data.class_names))]
    return np.stack([one.mean(0) if len(one) else np.zeros(rows.shape[1]) for one in members])


def _dream(newest: LabelMachine, asked: tuple[Any, ...]) -> Dream:
    """The session's chains: new ones for another machine, the same with other labels held where those were changed."""
    known, of = _box().dream, learning.whose(newest)
    if known is None or known.of is not of:
        again = known is None and _box().begun  # from noise, because somebody asked for that
        opens = of is newest and not again
        return _keep(_opening(newest, asked) if opens else _fresh(newest, asked))
    if known.asked != asked:
        held = _held(newest, asked)
        return _keep(known._replace(asked=asked, held=held))
    return known


def _opening(newest: LabelMachine, asked: tuple[Any, ...]) -> Dream:
    """The chains with which a machine at rest opens, for a session to move on by coins of its own."""
    found: Dream = _opened(newest, asked)
    return found._replace(generator=copy.deepcopy(found.generator))


@st.cache_resource(max_entries=32, show_spinner=_OPENING, hash_funcs={LabelMachine: id})
def _opened(newest: LabelMachine, asked: tuple[Any, ...]) -> Dream:
    """They, swept once for all who look, and at one go: who waits for it may have the turn meanwhile. It is a second of
    a core, which sixty students would wait for sixty times. What is kept holds the machine, so that no other has its ``id``."""
    return _swept(_fresh(newest, asked), learning.model(newest), OPENS_AFTER)


class Box:
    """The session's chains, which the feed's thread moves while they play."""

    dream: Dream | None = None
    begun = False


def _box() -> Box:
    if "labels_chains" not in st.session_state:
        tasks.hold_beside(labels_chains=Box())
    found: Box = st.session_state["labels_chains"]
    return found


def _keep(dream: Dream) -> Dream:
    _box().dream, _box().begun = dream, True
    return dream


def _held(newest: LabelMachine, asked: tuple[Any, ...]) -> Clamp:
    import torch

    from rbm.samplers.labelled import hold_labels

    if asked[0] == "tags":
        y = torch.tensor(asked[1], dtype=torch.float32).expand(4 * (EACH + 1), -1)
    else:
        y = torch.tensor(_classes(asked[1])).repeat_interleave(EACH)
    return hold_labels(learning.model(newest), y)


def _fresh(newest: LabelMachine, asked: tuple[Any, ...]) -> Dream:
    from rbm.randomness import generator
    from rbm.samplers.chains import from_noise

    held, draw = _held(newest, asked), generator(1, "labels page")
    start = from_noise(learning.model(newest), len(held.mask), draw, clamp=held)
    pixels, _ = learning.model(newest).split(start.v)
    return Dream(asked, held, start, pixels.numpy(), draw, learning.whose(newest))


def advanced(dream: Dream, model: LabelledRBM, sweeps: int) -> Dream:
    """The chains so many sweeps later, giving way to who waits."""
    return in_turns(lambda: _swept(dream, model, sweeps))


def _swept(dream: Dream, model: LabelledRBM, sweeps: int) -> Dream:
    from rbm.samplers import gibbs

    chains, mean = dream.chains, None
    for __ in range(sweeps):
        chains, info = gibbs.sweep(model, chains, dream.generator, clamp=dream.held)
        mean = info.visible_mean
    return dream if mean is None else dream._replace(chains=chains, picture=model.split(mean)[0].numpy())


def _step(newest: LabelMachine, sweeps: int) -> None:
    with feed.current().turn:  # they may be playing
        box = _box()
        if box.dream is not None:
            box.dream = advanced(box.dream, learning.model(newest), sweeps)


def play(part: feed.Part, newest: LabelMachine, task: Task | None) -> None:
    """Have the chains go on by themselves, by the newest machine while it learns."""
    box, known = _box(), (newest, learning.model(newest))
    if box.dream is None:
        return
    shape, signs = learning.data().shape, _signs(box.dream, cards.mode())

    def step() -> None:
        nonlocal known
        last = learning.newest_of(task) or newest
        if last is not known[0]:
            known = last, cast("LabelledRBM", last.to_model())
        if box.dream is not None:
            box.dream = advanced(box.dream, known[1], PLAYED)

    part.plays(step, STEP_SECONDS)
    part.moves(lambda: {} if box.dream is None else elements(box.dream, shape, signs))


def _buttons(newest: LabelMachine) -> None:
    for count in (1, 10, 100):
        st.button(
            _("Step") if count == 1 else f"{count}",
            icon=":material/skip_next:" if count == 1 else None,
            key=f"labels_step_{count}",
            on_click=_step,
            args=(newest, count),
            help=plural(
                "{n} sweep: pixels given hidden units, then those given pixels and label.",
                "{n} sweeps: pixels given hidden units, then those given pixels and label.",
                count,
            ).format(n=count),
        )
    widgets.player(PLAYING, "labels_play", type="primary", help=_("Sweeps by itself, several a second."))
    st.button(
        _("From noise"),
        icon=":material/restart_alt:",
        key="labels_noise",
        on_click=_forget,
        help=_("All chains start again: every pixel on or off with even chance."),
    )


def _forget() -> None:
    _box().dream = None
