"""After another page, a reload or a month a page is as its visitor left it: all widgets of all pages, and what is none."""

import ast
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import ButtonGroup, Multiselect, Selectbox, SelectSlider

from pages.ui import shell
from pages.ui.controls import widgets
from pages.ui.controls.widgets import MARK
from pages.ui.session import kept, tasks
from rbm.core.limits import PLACE_LETTERS
from rbm.jobs import recording
from rbm.jobs.job import release_all
from rbm.jobs.settings import settings
from rbm.store.owners import Visitor, visitor_id
from tests.helpers.places import ROOT
from tests.helpers.screen import SCRIPTS, app_test, end_tab

pytestmark = pytest.mark.usefixtures("clean")
ADA = Visitor(visitor_id("ada"), "Ada")
KINDS = ("multiselect", "pagination", "button_group", "select_slider", "selectbox", "slider", "text_input", "toggle")
KINDS = (*KINDS, "number_input")
NO_PLACE = (
    "visitor_",
    "draft_",
    "preset",
    kept.MENU,
)  # who is there; the draft, which tests of its own have; a menu of moves
BARE = (
    shell.HOME,
    shell.COLOUR,
    shell.DATA,
    shell.MAP,
    shell.SLOW,
)  # their widgets come with a panel, a file or a worker


class Said(str):
    """A choice as it stands on the screen."""


@pytest.fixture(autouse=True)
def own_places(tmp_path, monkeypatch):
    monkeypatch.setenv("RBM_RUNS", str(tmp_path / "runs"))
    for kind in (ButtonGroup, Multiselect, Selectbox, SelectSlider):
        usual = kind.format_func.fget
        both = property(
            lambda self, usual=usual: lambda value: value if isinstance(value, Said) else usual(self)(value)
        )
        monkeypatch.setattr(kind, "format_func", both)
    yield
    release_all()


def come(script: str, *, soon: bool = False, **query: str) -> AppTest:
    """A new visit: ``soon`` after the last one, as by a reload, or much later."""
    end_tab()
    if not soon:
        tasks._left.clear()
        recording.flush()
    app = app_test()
    app.session_state["visitor"] = ADA
    app.run()
    app.query_params.update(query)
    app.switch_page(script).run()
    assert not app.exception
    return app


def found(app: AppTest) -> dict[str, Any]:
    """The widgets of the page that belong to its place, by key."""
    every = [widget for kind in KINDS for widget in app.get(kind)]
    return {widget.key: widget for widget in every if widget.key and not widget.key.startswith(NO_PLACE)}


def values(app: AppTest) -> dict[str, Any]:
    return {key: app.session_state[key] for key in found(app)}


def another(widget: Any) -> Any:
    """A value that the widget has not."""
    kind, value = widget.type, widget.value
    if kind == "toggle":
        return not value
    if kind == "slider":
        return value - widget.step if value + widget.step > widget.max else value + widget.step
    if kind == "number_input":
        return (value or 0) + 1
    if kind == "text_input":
        return "7" if value != "7" else "8"
    if kind == "pagination":
        return value + 1
    several = isinstance(value, list)
    shown = [Said(option) for option in widget.options]
    now = [widget.format_func(one) for one in value] if several else [widget.format_func(value)]
    others = [option for option in shown if option not in now]
    if not several:
        return others[0] if others else value
    return [*map(Said, now), others[0]] if others else [*map(Said, now[1:])]


ALWAYS = (
    shell.ENERGY,
    shell.MARKOV,
    shell.FILTERS,
    shell.GIBBS,
    shell.LABELS,
    shell.RUNS,
)  # of the rest one mechanism, too


@pytest.mark.parametrize(
    "script", [one if one in ALWAYS else pytest.param(one, marks=pytest.mark.slow) for one in SCRIPTS]
)
def test_every_widget_of_a_page_stands_as_it_was_left(script):
    app = come(script)
    first = values(app)
    for widget in found(app).values():
        if not widget.disabled:
            widget.set_value(another(widget))
    app.run()
    assert not app.exception
    left = values(app)
    changed = {key for key in left if key in first and first[key] != left[key]}
    assert changed or script in BARE
    app.switch_page(shell.MAP).run().switch_page(script).run()
    assert values(app) == left
    assert values(come(script, soon=True)) == left
    assert values(come(script)) == left


def test_two_tabs_are_two_places_and_a_later_visit_begins_with_the_newer():
    app = come(shell.PIXELS)
    app.slider(key="pixels_step").set_value(7).run()
    panel = "place:pixels"
    left = settings().of(ADA.id)[panel]
    assert left["pixels_step"] == 7
    settings().keep(ADA.id, panel, {**left, "pixels_step": 9})  # as by another tab
    assert come(shell.PIXELS, soon=True).slider(key="pixels_step").value == 7
    assert come(shell.PIXELS).slider(key="pixels_step").value == 9
    settings().keep(ADA.id, panel, {**left, MARK: "another program's"})
    assert come(shell.PIXELS).slider(key="pixels_step").value == 0


def test_what_was_never_changed_takes_no_room_and_what_is_too_large_is_left_out():
    app = come(shell.BOARD)
    assert not settings().of(ADA.id)
    app.segmented_control(key="board_sort").set_value("name").run()
    app.text_input(key="board_search").set_value("a" * PLACE_LETTERS).run()
    again = come(shell.BOARD)
    assert again.segmented_control(key="board_sort").value == "name"
    assert again.text_input(key="board_search").value == ""


@pytest.mark.parametrize("soon", [True, False])
def test_the_graph_is_as_the_hand_left_it(soon, monkeypatch):
    app = come(shell.ENERGY)
    with monkeypatch.context() as hand:
        changed = {"values": (0.0,) * 10 + (3.0,), "beta": 2.0, "chosen": 4, "summed": True}
        hand.setattr("pages.learn.energy.graph.received", lambda sent, drawn: drawn._replace(**changed))
        app.run()
    again = come(shell.ENERGY, soon=soon)
    assert again.session_state["energy_machine"]._replace(serial=0) == app.session_state["energy_now"]._replace(
        serial=0
    )
    again.switch_page(shell.MAP).run().switch_page(shell.ENERGY).run()
    assert again.session_state["energy_machine"].beta == 2.0


@pytest.mark.parametrize("soon", [True, False])
def test_a_drawing_that_was_stored_is_stored_and_is_on_the_pad(soon, monkeypatch):
    app = come(shell.HOPFIELD)
    drawing = tuple(i % 2 for i in range(len(app.session_state["hopfield_start"])))
    with monkeypatch.context() as hand:
        hand.setattr("pages.learn.hopfield.pad.received", lambda *sent: drawing)
        app.button(key="hopfield_store").click().run()
        app.button(key="hopfield_order").click().run()
    again = come(shell.HOPFIELD, soon=soon)
    assert again.session_state["hopfield_own"] == [drawing]
    assert again.session_state["hopfield_start"] == drawing
    assert again.session_state["hopfield_seed"] == 2


# Each page with what moves its chains, where they are, and how far they are there.
CHAINS = {
    shell.GIBBS: ("step_10", "walk", lambda walk: walk.step),
    shell.MARKOV: ("markov_50", "markov_chains", lambda chains: len(chains["Gibbs"].distance)),
    shell.BOLTZMANN: ("boltzmann_one", "boltzmann_pair", lambda pair: len(pair.history)),
    shell.LABELS: ("labels_step_10", "labels_chains", lambda box: box.dream.chains.step),
    shell.DEEP: ("deep_sweep_10", "deep_dream", lambda dream: dream.sweeps),
}


@pytest.mark.parametrize("script", list(CHAINS))
def test_chains_stand_where_they_stood(script):
    button, name, far = CHAINS[script]
    app = come(script)
    before = far(app.session_state[name])
    app.button(key=button).click().run()
    after = far(app.session_state[name])
    assert after > before
    again = come(script, soon=True)
    assert again.session_state[name] is app.session_state[name]
    assert far(again.session_state[name]) == after
    assert far(come(script).session_state[name]) == before  # much later they begin anew


def test_chains_of_a_machine_that_is_gone_are_not_taken_for_another_s():
    app = come(shell.GIBBS)
    app.button(key="step_10").click().run()
    again = come(shell.GIBBS, soon=True, look="digits-100")  # a link
    assert again.session_state["walk"] is not app.session_state["walk"]
    assert again.session_state["walk"].step == 0


def test_the_chosen_unit_and_picture_are_chosen_again():
    for script, chosen in ((shell.FILTERS, {"unit": 33}), (shell.LABELS, {"labels_page": 2, "labels_digit": 5})):
        app = come(script)
        for key, value in chosen.items():
            app.session_state[key] = value  # as by a click on a wall
        if script == shell.LABELS:
            app.segmented_control(key="labels_use_softmax").set_value("Name a digit")
        app.run()
        again = come(script)
        assert {key: again.session_state[key] for key in chosen} == chosen


def test_pages_make_their_widgets_where_they_are_kept():
    kinds = {name for name, made in vars(widgets).items() if getattr(made, "__wrapped__", None)}
    assert len(kinds) == 10
    own = {  # each with what keeps it, or why nothing does
        "pages/train/live/draft.py": {"selectbox", "pills", "select_slider"},  # the draft
        "pages/train/live/temperatures.py": {"text_input"},  # the draft
        "pages/train/data/own.py": {"text_input"},  # the name of what is uploaded, which a reload forgets
        "pages/compare/board/room.py": {"text_input"},  # an address to be copied
        "pages/compare/sweep/progress.py": {"selectbox"},  # sweep_chosen
        "pages/compare/runs/actions.py": {"text_input", "multiselect"},  # what is being written of one run
    }
    wrong = []
    for file in (*ROOT.glob("pages/[!u]*/*/*.py"), ROOT / "pages/ui/session/live.py"):
        called = {
            node.func.attr
            for node in ast.walk(ast.parse(file.read_text("utf-8")))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            if isinstance(node.func.value, ast.Name) and node.func.value.id == "st"
        }
        if called & (kinds | {"checkbox", "radio", "text_area", "date_input", "color_picker", "feedback"}) != own.get(
            str(file.relative_to(ROOT)), set()
        ):
            wrong.append(f"{file.relative_to(ROOT)}: {sorted(called & kinds)}")
    assert not wrong, "\n".join(wrong)
