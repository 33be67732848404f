"""Settings on the screen: a dataclass whose fields carry knobs, drawn field by field as the widgets that fit them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any, Generic, TypeVar

import streamlit as st

from pages.ui.controls import widgets
from rbm.errors import ConfigError
from rbm.training.config import Knob, check_knobs, knobs

MOST_BESIDE = 4  # choices that stand side by side; more go into a menu
Settings = TypeVar("Settings")


def widget(
    k: Knob,
    key: str,
    *,
    format_func: Callable[[Any], str] | None = None,
    menu: bool | None = None,
    of: type | None = None,
    **look: Any,
) -> None:
    """The widget that fits a knob, at the value that the session holds for its key.

    Choices stand side by side or in a ``menu``; stops, and ranges with a step, are slid; a range without one is typed.
    ``of``: the setting's own kind, where the widget may hold another, as a typed number is a float.
    """
    value = st.session_state[key]
    look = {"key": key, "help": k.help, **look}
    kind = type(value) if of is None else of
    if kind is bool:
        st.toggle(k.label, value, **look)
    elif k.choices and (len(k.choices) > MOST_BESIDE if menu is None else menu):
        st.selectbox(k.label, k.choices, index=k.choices.index(value), format_func=format_func or k.called, **look)
    elif k.choices:
        st.segmented_control(
            k.label, k.choices, default=value, required=True, format_func=format_func or k.called, **look
        )
    elif k.stops:
        stops = sorted({*map(kind, k.stops), value})
        st.select_slider(k.label, stops, value=value, format_func=format_func or "{:,}".format, **look)
    elif k.step is not None:
        st.slider(k.label, kind(k.low), kind(k.high), value, step=kind(k.step), **look)
    else:
        assert k.low is not None
        assert k.high is not None
        widgets.typed(k.label, value, whole=kind is int, staying=False, **look)
        widgets.told_beyond(k.label, st.session_state[key], k.low, k.high)


class Panel(Generic[Settings]):
    """The widgets of a settings dataclass, the field ``k`` of the panel ``slow`` under the key ``slow_k``.

    ``kept``: whether the widgets hold what was chosen while another page is open, and in the visitor's next visit.
    """

    def __init__(self, name: str, kind: type[Settings], *, kept: bool = True) -> None:
        self._name, self._kind, self._knobs, self._kept = name, kind, knobs(kind), kept
        self._look: dict[str, Any] = {"persist_state": "session"} if kept else {}

    def put(self, settings: Settings) -> None:
        """Put settings into the widgets, before they are drawn."""
        for f in self._knobs:
            widgets.put(self._key(f), getattr(settings, f))

    def now(self) -> Settings:
        """What the widgets say; of what was never drawn what the last visit left, or the default."""
        said = {f: st.session_state.get(self._key(f)) for f in self._knobs}
        # None comes from a control that has not heard of its value yet, when a click is quicker than the page.
        return self._kind(**{f: self._left(f) if value is None else self._taken(f, value) for f, value in said.items()})

    def draw(self, *names: str, off: Collection[str] = (), **look: Any) -> Settings:
        """The widgets of these fields, of all if none is named; ``off`` are disabled, one that does nothing is left out."""
        for f in names or self._knobs:
            if self._key(f) not in st.session_state:
                st.session_state[self._key(f)] = self._left(f)
            if self._knobs[f].acts(vars(self.now())):
                widget(self._knobs[f], self._key(f), disabled=f in off, of=type(self._default(f)), **self._look, **look)
        now = self.now()
        if self._kept:
            widgets.keep(self._name, vars(now), {f: self._default(f) for f in self._knobs})
        return now

    def stops(self, *names: str) -> dict[str, Sequence[Any]]:
        """Where the sliders of these fields can stand, by key: what ``pages.ui.server.instant`` answers."""
        return {self._key(f): _stops(self._knobs[f], type(self._default(f))) for f in names}

    def _taken(self, field: str, value: Any) -> Any:
        """What is taken of what a widget says: of a typed number the nearest in its range."""
        k = self._knobs[field]
        if k.choices or k.stops or k.step is not None or k.low is None or k.high is None:
            return value
        return type(self._default(field))(round(widgets.within(value, k.low, k.high), 12))

    def _left(self, field: str) -> Any:
        """What the visitor's last visit left there, where it still is a value of the setting, or the default."""
        usual = self._default(field)
        value = widgets.kept(self._name).get(field, usual) if self._kept else usual
        try:
            check_knobs(replace(self._kind(), **{field: value}))  # type: ignore[type-var]
        except ConfigError:
            return usual
        return value if type(value) is type(usual) else usual

    def _key(self, field: str) -> str:
        return f"{self._name}_{field}"

    def _default(self, field: str) -> Any:
        return getattr(self._kind, field)  # where a dataclass leaves its defaults


def _stops(k: Knob, kind: type) -> Sequence[Any]:
    if k.stops:
        return [kind(stop) for stop in k.stops]
    low, high, step = (float(x or 0) for x in (k.low, k.high, k.step))
    return [kind(round(low + step * i, 9)) for i in range(round((high - low) / step) + 1)]
