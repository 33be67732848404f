"""The sub-steps of one update: their names, a sentence and a formula each. Plain values, no Streamlit."""

from collections.abc import Sequence
from typing import NamedTuple

from rbm.core.language import _


class Stage(NamedTuple):
    """One click: its name, a sentence, the formula computed, and how much is on the screen by then.

    pictures: layers of the chain that are there; parts: pictures of the update (0 while the chain is under way).
    """

    name: str
    text: str
    formula: str
    pictures: int
    parts: int


def stages(k: int, persistent: bool) -> list[Stage]:
    """Every click of an update by CD-k, or by PCD-k where the chain is persistent."""
    chain = [Stage(*words, i, 0) for i, words in enumerate(_chain(k, persistent), 1)]
    return [*chain, *(Stage(*words, len(chain), i) for i, words in enumerate(_update(k), 2))]


def moved(stage: int, before: Sequence[Stage], after: Sequence[Stage]) -> int:
    """The place in ``after`` of what was seen at ``stage`` of ``before``: chains may differ in length, what follows does not."""
    old, new = (sum(one.parts == 0 for one in known) for known in (before, after))
    return stage - old + new if stage >= old else min(stage, new - 1)


def _chain(k: int, persistent: bool) -> list[tuple[str, str, str]]:
    start = (
        (
            _("PCD's chain goes on from its own hidden state of the last update: the picture plays no part in it."),
            rf"h_0 \text{{ {_('kept')}}}",
        )
        if persistent
        else (
            _("The hidden units are drawn from these probabilities, on or off by chance: samples drive the chain."),
            r"h_0 \sim p(h \mid v_0)",
        )
    )
    found = [
        ("v₀", _("A picture from the data is put on the visible units."), r"v_0 \sim p_0(v)"),
        ("p(h|v₀)", _("Each hidden unit's probability of being on, given the picture."), _up(0)),
        ("h₀", *start),
    ]
    for step in range(1, k + 1):
        low, before, last = _sub(step), _sub(step - 1), step == k
        again = (
            _("Going up again. For the statistics the probabilities do: drawing would only add noise.")
            if last
            else _("Going up again.")
        )
        on = _("Drawn, for the chain to go on at the next update.") if last else _("Drawn, for the chain to go on.")
        found += [
            (f"p(v|h{before})", _("Going down: each pixel's probability, given the hidden units."), _down(step - 1)),
            (
                f"v{low}",
                _("The pixels are drawn: what the machine makes up."),
                rf"v_{step} \sim p(v \mid h_{step - 1})",
            ),
            (f"p(h|v{low})", again, _up(step)),
        ]
        if not last or persistent:
            found.append((f"h{low}", on, rf"h_{step} \sim p(h \mid v_{step})"))
    return found


def _update(k: int) -> list[tuple[str, str, str]]:
    difference = r"\eta\,\bigl(\langle v\,h^\top\rangle_{+} - \langle v\,h^\top\rangle_{-}\bigr)"
    carried, decayed = rf"\mu\,\Delta W_{{\text{{{_('before')}}}}}", r"-\,\eta\lambda\,W"
    return [
        (
            _("positive"),
            _("Where pixel and unit are on together in the data: raise these weights."),
            r"\langle v\,h^\top\rangle_{+} = v_0\; p(h \mid v_0)^\top",
        ),
        (
            _("negative"),
            _("Where they are on together in what the machine made up: lower these."),
            rf"\langle v\,h^\top\rangle_{{-}} = v_{k}\; p(h \mid v_{k})^\top",
        ),
        (_("difference"), _("Times the learning rate; nothing happens where both agree."), difference),
        (_("momentum"), _("A share of the last update is carried on: earlier pictures still push."), carried),
        (_("decay"), _("Every weight is pulled a little towards zero."), decayed),
        (
            _("update"),
            _("The three together are the change."),
            rf"\begin{{aligned}} \Delta W = {{}}& {difference} \\ & + {carried} {decayed} \end{{aligned}}",
        ),
        (
            _("new filter"),
            _("The filter after one update: hardly different. Learning is thousands of these."),
            r"W \leftarrow W + \Delta W",
        ),
    ]


def _up(step: int) -> str:
    return rf"p(h_j = 1 \mid v_{step}) = \sigma\bigl(c_j + \textstyle\sum_i v_{{{step},i}}\, W_{{ij}}\bigr)"


def _down(step: int) -> str:
    return rf"p(v_i = 1 \mid h_{step}) = \sigma\bigl(b_i + \textstyle\sum_j W_{{ij}}\, h_{{{step},j}}\bigr)"


def _sub(step: int) -> str:
    return chr(0x2080 + step)
