"""In a real browser of 1280 × 720, a projector's: what is pressed and what it moves share the first screen, on every page."""

import re
from functools import partial

import pytest
from playwright.sync_api import Locator, Page, expect

from pages.ui import shell
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec
from rbm.link import to_url
from rbm.store import Progress, open_store
from rbm.training.config import TrainConfig
from tests.helpers.axe import is_for_everyone
from tests.helpers.browser import Server
from tests.helpers.hands import OpenPage, at_rest, at_rest_now, drawn, go, picture, points, press, sized
from tests.helpers.pictures import without_files
from tests.helpers.stage import BROUGHT, EXAMINED, HEIGHT, PICTURES, WIDTH, beyond, open_view
from tests.helpers.waiting import wait

pytestmark = pytest.mark.browser
SLOW = (
    "the reading of a test digit",
    "the reading of a drawing",
    "the guess from a half",
    "confusions",
    "the temperature of spins",
    "the spin glass",
    "what is held by a drawing",
    "a ring of spins",
    "a lattice that was learnt",
    "the contacts of a sequence",
    "files of one's own",
    "a test with few labels",
)
ENTRIES = [entry for section in shell.PAGES.values() for entry in section]


def test_the_table_knows_every_page():
    assert set(PICTURES) == {entry.script for entry in ENTRIES}


@pytest.mark.parametrize(
    "what", [pytest.param(what, marks=[pytest.mark.slow] if what in SLOW else []) for what in BROUGHT]
)
def test_what_a_choice_brings_is_on_the_first_screen_too_and_for_everyone(
    server: Server, open_page: OpenPage, what: str
):
    script, choose, shown = BROUGHT[what]
    entry = next(one for one in ENTRIES if one.script == script)
    page = open_page(f"{server.url}/{entry.address}", width=WIDTH, height=HEIGHT)
    drawn(page)
    choose(page)
    assert beyond(page, shown) == {}
    assert without_files(page) == []
    is_for_everyone(page)


@pytest.mark.slow  # half a minute: 256 chains of 500 hidden units
def test_so_it_is_with_what_an_examination_brings_which_is_shown_at_once(server: Server, open_page: OpenPage):
    page = open_page(f"{server.url}/examine", width=WIDTH, height=HEIGHT)
    press(page, "examine")
    expect(page.locator(".st-key-examine_walk .main-svg").first).to_be_visible()
    expect(page.locator(".st-key-examine_nearest .wall")).to_have_count(1)
    for name, shown in EXAMINED.items():
        open_view(page, name)
        assert beyond(page, shown) == {}
    is_for_everyone(page)


@pytest.mark.slow
def test_so_it_is_with_a_run_of_one_s_own_whose_moments_can_be_chosen(server: Server, open_page: OpenPage):
    short = RunSpec(DatasetSpec(size=200), ModelSpec(100), training=TrainConfig(epochs=2))
    page = open_page(to_url(f"{server.url}/train", short), width=WIDTH, height=HEIGHT)
    press(page, "train")
    expect(page.locator(".st-key-status .status")).to_contain_text("Finished")
    go(page, "Generate", "Gibbs sampling")
    assert beyond(page, PICTURES[shell.GIBBS].and_control("gibbs_time")) == {}
    go(page, "Train", "Filters")
    drawn(page)
    __, excite, shown = BROUGHT["what excites a unit"]
    excite(page)
    assert beyond(page, shown.and_control("filters_time")) == {}


def test_before_leads_back(server: Server, open_page: OpenPage):
    page = open_page(f"{server.url}/{ENTRIES[-1].address}", width=WIDTH, height=HEIGHT)
    page.get_by_role("link", name="← Before").click()
    expect(page.get_by_role("heading", name=ENTRIES[-2].title, exact=True)).to_be_visible()


def test_projector_mode_is_remembered_hides_settings_and_fills_the_screen_with_one_picture(
    server: Server, open_page: OpenPage
):
    page = open_page(f"{server.url}/markov", width=WIDTH, height=HEIGHT)
    guide, picture = page.locator(".st-key-guide_markov"), page.locator(".st-key-markov_visits")
    expect(guide).to_be_visible()
    expect(picture.locator("svg.frame .grid text").first).to_be_visible()
    expect(page.get_by_role("button", name="Projector")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("f")
    expect(guide).to_be_hidden()
    page.reload()
    expect(picture).to_be_visible()
    expect(guide).to_be_hidden()
    choice = page.get_by_label("Picture that fills the screen")
    choice.focus()
    choice.select_option("Shares of visits of the chains against the exact probabilities")
    box = at_rest(picture)
    assert box["width"] > 0.9 * WIDTH or box["height"] > 0.7 * HEIGHT
    assert box["y"] + box["height"] <= HEIGHT
    expect(page.locator(".st-key-markov_1 button").first).to_be_visible()
    expect(page.locator(".st-key-markov_matrix .wall")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.locator(".st-key-markov_matrix .wall")).to_be_visible()
    page.get_by_role("button", name="Projector").click()
    expect(guide).to_be_visible()
    page.mouse.click(8, HEIGHT - 8)  # beside all things
    page.keyboard.press("f")
    expect(guide).to_be_hidden()
    main = page.locator("[data-testid=stMain]")
    expect(main).to_be_focused()
    assert main.evaluate("(main) => getComputedStyle(main, '::before').content") == "none"  # no frame around the page


@pytest.mark.slow  # one picture fills the screen in every run
def test_the_picture_grows_to_the_screens_edge_below_what_moves_it(server: Server, open_page: OpenPage):
    """However narrow it is in the middle of its box; and both layers' filters can be chosen."""
    page = open_page(f"{server.url}/deep", width=WIDTH, height=HEIGHT)
    for key in ("deep_fantasies", "deep_filters_1", "deep_filters_2"):
        expect(page.locator(f".st-key-{key} .wall")).to_have_attribute("aria-label", re.compile("."))
    drawn(page)
    page.keyboard.press("f")
    choice = page.get_by_label("Picture that fills the screen")
    choice.focus()
    filters = "Weights of 64 hidden units as pictures"
    assert choice.locator("option").all_inner_texts()[2:] == [filters, f"{filters} (2)"]
    for name, key in (("Fantasies of the machine", "deep_fantasies"), (f"{filters} (2)", "deep_filters_2")):
        choice.select_option(name)
        box, drawn_in = at_rest(page.locator("[data-fill]")), at_rest(page.locator(f".st-key-{key} canvas"))
        assert box["width"] > 0.9 * WIDTH or box["y"] + box["height"] > 0.9 * HEIGHT
        assert drawn_in["width"] > 0.9 * box["width"]
        expect(page.locator(".st-key-deep_sweep_1 button").first).to_be_visible()
    page.keyboard.press("f")


@pytest.mark.slow  # a neighbour of the two before
def test_a_table_and_a_chart_that_is_out_of_sight_can_fill_the_screen_too(server: Server, open_page: OpenPage):
    spec = RunSpec(DatasetSpec("bars_and_stripes"), ModelSpec(7))
    open_store().create(spec, "a class", Progress("finished", 20, 20, 4.0, 1.5))
    page = open_page(f"{server.url}/runs", width=WIDTH, height=HEIGHT)
    table = page.locator(".st-key-runs_table [data-testid=stDataFrame]")
    expect(table).to_be_visible()
    open_view(page, "Curves")
    page.get_by_role("button", name="Numbers").click()
    page.get_by_role("button", name="Speed", exact=True).click()
    page.keyboard.press("Escape")
    expect(page.locator(".st-key-card_runs_samples_per_second")).to_be_attached()
    page.get_by_role("button", name="Projector").click()
    height = at_rest(table)["height"]
    choice = page.get_by_label("Picture that fills the screen")
    for option, key in (
        ("The runs that were trained", "runs_table [data-testid=stDataFrame]"),
        ("Speed of the chosen runs", "chart_runs_samples_per_second"),
    ):
        choice.focus()
        choice.select_option(option)
        box = at_rest(page.locator(f".st-key-{key}"))
        assert box["width"] > 0.9 * WIDTH or box["height"] > 0.7 * HEIGHT
        assert box["y"] + box["height"] <= HEIGHT
        assert key != "runs_table [data-testid=stDataFrame]" or box["height"] > 1.5 * height
    page.keyboard.press("Escape")
    assert at_rest(table)["height"] == height


def test_a_step_lights_what_it_speaks_of(server: Server, open_page: OpenPage):
    page = open_page(f"{server.url}/pixels", width=WIDTH, height=HEIGHT)
    open_view(page, "What to see")
    lit = page.locator(".st-key-pixels_kl")
    expect(lit).to_have_css("outline-style", "none")

    def pointed_at() -> bool:
        page.locator(
            ".st-key-see_two_pixels_2"
        ).hover()  # again, where a chart that came late has moved it from under the hand
        return lit.evaluate("element => getComputedStyle(element).outlineStyle") == "solid"

    wait(pointed_at, what="the light")
    page.mouse.move(1, 1)
    expect(lit).to_have_css("outline-style", "none")
    step = page.locator(".st-key-see_two_pixels_2")
    expect(step).to_have_attribute("tabindex", "0")
    step.focus()
    expect(lit).to_have_css("outline-style", "solid")


def stands_in_one_thin_row(page: Page, what: str, *keys: str) -> None:
    """That all of it comes to stand in the bar under the page's name, which is as high as a button, on each of two screens."""
    for width, height, thin in ((1920, 1080, 54), (WIDTH, HEIGHT, 40)):
        sized(page, width, height)
        bar = page.locator(".st-key-transport")

        def beside(key: str, bar: Locator = bar) -> bool:
            row, one = bar.bounding_box(), page.locator(f".st-key-{key}").first.bounding_box()
            within = one is not None and row is not None and one["y"] + one["height"] / 2
            return row is not None and row["y"] <= within <= row["y"] + row["height"]

        def thin_enough(bar: Locator = bar, thin: int = thin) -> bool:
            row = bar.bounding_box()
            return row is not None and row["height"] <= thin

        at_rest(bar)
        wait(thin_enough, what=f"{what} in {thin} px at {width}")
        for key in keys:
            wait(partial(beside, key), what=f"{key} of {what} in the bar at {width}")


def test_on_a_page_without_a_guide_the_steps_stand_behind_a_button(server: Server, open_page: OpenPage):
    page = open_page(f"{server.url}/gibbs", width=WIDTH, height=HEIGHT)
    drawn(page)
    keys = ("half", "step", "step_1000", "play", "gibbs_speed", "reset")
    stands_in_one_thin_row(page, "step, play and speed", *keys)
    page.locator(".st-key-play button").first.click()
    expect(page.locator(".st-key-play button").first).to_contain_text("Pause")
    stands_in_one_thin_row(page, "the same while it plays", *keys, "back")
    page.locator(".st-key-play button").first.click()
    page.locator(".st-key-see button").press("Enter")
    step = page.locator(".st-key-see_gibbs_3")
    expect(step).to_have_attribute("tabindex", "0")
    step.focus()
    lit = page.locator(".st-key-chart_energy")
    expect(lit).to_have_css("outline-style", "solid")
    behind, light = step.bounding_box(), lit.bounding_box()
    assert behind is not None
    assert light is not None
    assert behind["x"] > light["x"] + light["width"] or behind["y"] + behind["height"] < light["y"]  # both are seen


LATER = {  # what an examination, a test, a race, labels, runs, searches or files bring
    "examine": {2, 3, 4},
    "features": {1, 2},
    "deep": {4},
    "runs": {1, 2, 3},
    "board": {1, 2, 3},
    "sweep": {1, 2, 3},
    "data": {2},
}


OPEN = """(step) => { // by the tab of each room that it is in
  for (let room = step.closest("[data-testid=stTabPanel]"); room; room = room.parentElement.closest("[data-testid=stTabPanel]")) {
    const rooms = [...room.parentElement.children].filter((one) => one.dataset.testid === "stTabPanel");
    room.closest("[data-testid=stTabs]").querySelectorAll("[role=tab]")[rooms.indexOf(room)].click();
  }
}"""


@pytest.mark.slow  # a minute or two: every step of every page is pressed
@pytest.mark.parametrize(
    "entry", [one for section in shell.PAGES.values() for one in section], ids=lambda one: one.title
)
def test_every_step_lights_something_that_is_in_sight_once_it_is_pressed(
    server: Server, open_page: OpenPage, entry: shell.Entry
):
    page = open_page(f"{server.url}/{entry.address}", width=WIDTH, height=HEIGHT)
    drawn(page)
    for button in page.locator(".st-key-see button").all():  # where they have no room of their own
        button.click()
        expect(page.locator(".st-key-see_" + entry.address + "_1")).to_be_visible()
    steps = page.locator('[class*="st-key-see_"]')
    for number, step in enumerate(steps.all(), 1):
        if number in LATER.get(entry.address, ()):
            continue
        expect(step).to_have_attribute("tabindex", "0")  # it listens
        if not step.is_visible():  # in another view of the page, with its guide, or of the guide
            step.evaluate(OPEN)
        step.click()
        lit = step.locator('[class*="st-key-to_"]').evaluate(
            r"(one) => one.className.match(/st-key-to_\w+?_\d+_(\w+)/)[1]"
        )
        seen = page.locator(f".st-key-{lit}").first
        expect(seen).to_have_css("outline-style", "solid")
        expect(seen).to_be_in_viewport(ratio=0.5)


def test_nothing_fades_and_streamlit_s_own_stop_does_not_show(server: Server, open_page: OpenPage):
    page = open_page(f"{server.url}/boltzmann", width=WIDTH, height=HEIGHT)
    expect(page.locator(".st-key-boltzmann_kl .main-svg").first).to_be_visible()
    page.evaluate(
        """() => {
          window.faintest = 1;
          window.own = 0;
          const look = () => {
            for (const node of document.querySelectorAll(".stElementContainer"))
              window.faintest = Math.min(window.faintest, Number(getComputedStyle(node).opacity));
            window.own += document.querySelector("[data-testid=stStatusWidget]")?.clientHeight ?? 0;
            requestAnimationFrame(look);
          };
          look();
        }"""
    )
    press(page, "try_boltzmann_2")
    wait(lambda: points(page, "boltzmann_kl") > 8, what="learning")
    press(page, "boltzmann_play")
    drawn(page)
    assert page.evaluate("[window.faintest, window.own]") == [1, 0]


def test_on_a_phone_the_picture_comes_first_then_its_control_then_the_text_and_the_menu_is_a_word(
    server: Server, open_page: OpenPage
):
    page = open_page(f"{server.url}/pixels", width=390, height=844)
    drawn(page)
    shown, control, text = (
        page.locator(f".st-key-{key}").first for key in ("pixels_bars", "pixels_rate", "see_two_pixels_1")
    )
    tops = [at_rest(shown)["y"], at_rest(control)["y"]]
    assert tops == sorted(tops)
    expect(text).to_be_hidden()  # behind its tab, beside the control's
    open_view(page, "What to see")
    assert at_rest(text)["y"] > at_rest(shown)["y"]
    button = at_rest(page.locator(".st-key-pixels_one"))
    assert button["y"] + button["height"] <= 844  # at hand, whatever is scrolled past
    menu = page.get_by_test_id("stExpandSidebarButton")
    assert menu.evaluate("(node) => getComputedStyle(node, '::after').content") == '"Menu"'
    menu.click()
    expect(page.get_by_test_id("stSidebar")).to_have_attribute("data-collapsed", "false")
    page.goto(f"{server.url}/train")
    buttons = page.locator(".st-key-transport button:visible")
    expect(buttons.nth(4)).to_be_visible()
    drawn(page)
    rows = [round(one.bounding_box()["y"]) for one in buttons.all()]
    assert len(set(rows[:5])) == 1  # what moves the run is one row of the small screen,
    assert at_rest(page.locator(".st-key-progress"))["y"] > rows[0]  # and how far it is another, at hand as well
    expect(page.get_by_role("button", name="One epoch")).to_be_visible()


def test_on_a_phone_a_page_without_settings_begins_with_its_title(server: Server, open_page: OpenPage):
    page = open_page(f"{server.url}/map", width=390, height=844)
    drawn(page)
    title, map_ = at_rest(page.get_by_test_id("stHeading").first), at_rest(page.locator(".st-key-map_all"))
    assert title["y"] + title["height"] <= map_["y"]


def test_pictures_turn_dark_with_the_page(server: Server, open_page: OpenPage):
    page = open_page(f"{server.url}/filters", width=WIDTH, height=HEIGHT)
    light = picture(page, "wall_all_filters")
    page.emulate_media(color_scheme="dark")
    wait(lambda: picture(page, "wall_all_filters") != light, what="another scale of colours")
    page.emulate_media(color_scheme="light")
    wait(lambda: picture(page, "wall_all_filters") == light, what="the scale that it was")


def test_pictures_and_pads_grow_with_the_window_and_shrink_again(server: Server, open_page: OpenPage):
    page = open_page(server.url, width=WIDTH, height=HEIGHT)
    kinds = [page.locator(f".st-key-{one}").first for one in ("home_pad canvas", "pad_back .wall")]
    small = [at_rest(one)["width"] for one in kinds]

    def scales() -> list[float]:
        return [at_rest(one)["width"] / width for one, width in zip(kinds, small, strict=True)]

    sized(page, 3 * WIDTH // 2, 3 * HEIGHT // 2)
    wait(lambda: all(1.1 < scale < 1.51 for scale in scales()), what="pictures that have grown")
    sized(page, WIDTH, HEIGHT)
    wait(lambda: scales() == pytest.approx([1, 1], abs=0.01), what="pictures that are as large as they were")


@pytest.mark.slow  # pictures and pads grow in every run
def test_letters_and_charts_grow_on_a_large_screen(server: Server, open_page: OpenPage):
    page = open_page(f"{server.url}/energy", width=WIDTH, height=HEIGHT)
    words, plot = (page.locator(f".st-key-energy_graph .{one}").first for one in ("probability .tick", "energy"))
    expect(words).to_be_visible()

    def sizes() -> tuple[float, float]:
        return at_rest(words)["height"], at_rest(plot)["height"]

    letters, high = sizes()
    sized(page, 1920, 1080)
    wait(lambda: sizes()[0] > 1.2 * letters and sizes()[1] > 1.4 * high, what="letters and a chart that have grown")


def test_on_a_wide_screen_the_menu_is_a_rail_beside_the_page_and_train_is_ten_tabs_away(
    server: Server, open_page: OpenPage
):
    page = open_page(f"{server.url}/train", width=1920, height=1080)
    rail = page.locator(".st-key-menu nav")
    links = rail.get_by_role("link")
    expect(links).to_have_count(len(ENTRIES))
    expect(rail.locator("[aria-current=page]")).to_have_text("Train a machine")
    expect(page.get_by_test_id("stTopNavSection").first).to_be_hidden()
    train = page.locator(".st-key-train button:visible")
    expect(train).to_be_enabled()
    drawn(page)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # past the menu and the settings
    for _ in range(8):
        page.keyboard.press("Tab")
        if train.evaluate("button => button === document.activeElement"):
            break
    expect(train).to_be_focused()
    expect(train).to_have_css("outline-style", "solid")
    rail.get_by_role("link", name="Two pixels").click()
    expect(page.get_by_role("heading", name="Two pixels", exact=True)).to_be_visible()
    drawn(page)
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()  # nothing is left of Train's settings
    chosen = rail.locator("[aria-current=page]")
    chosen.focus()
    page.keyboard.press("ArrowDown")
    expect(rail.get_by_role("link", name="Hopfield network")).to_be_focused()
    assert at_rest(rail)["x"] + at_rest(rail)["width"] <= at_rest(page.get_by_test_id("stMain"))["x"]


@pytest.mark.slow
def test_a_warning_moves_nothing(server: Server, open_page: OpenPage):
    """Neither a run that is not there, on two pages, nor a link's words and settings with which hardly anything is learnt."""
    short = to_url(f"{server.url}/train", RunSpec(DatasetSpec(size=200), training=TrainConfig(epochs=1)))
    for plain, warned, words, keys in (
        ("gibbs", f"{server.url}/gibbs?run=ffffffffffff", "There is no run", ("step", "wall_v", "chart_memory")),
        ("train", f"{server.url}/train?run=ffffffffffff", "There is no run", ("train", "wall_filters", "status")),
        ("train", short, "take more epochs", ("train", "wall_filters", "status")),
    ):
        page = open_page(f"{server.url}/{plain}", width=WIDTH, height=HEIGHT)
        before = places(page, keys)
        page.goto(warned)
        said = page.get_by_text(words).first
        expect(said).to_be_in_viewport(ratio=1)
        assert places(page, keys) == before
        box = at_rest(said)
        assert box["y"] + box["height"] <= before[keys[0]]["y"]  # in the bar over the page


def places(page: Page, keys: tuple[str, ...]) -> dict[str, dict[str, float]]:
    """Where they are, once none has moved while all were looked at."""
    before, found = None, {}
    while found != before:
        before, found = found, {key: at_rest(page.locator(f".st-key-{key}").first) for key in keys}
    return found


TOPS = """(key) => {
  window.tops = new Set();
  const look = () => {
    const place = document.querySelector(`.st-key-${key}`);
    if (place?.clientHeight) window.tops.add(Math.round(place.getBoundingClientRect().top));
    requestAnimationFrame(look);
  };
  look();
}"""


def test_the_picture_stays_where_it_is_from_the_start_of_training_to_its_end(server: Server, open_page: OpenPage):
    short = RunSpec(DatasetSpec(size=2000), training=TrainConfig(epochs=3))
    page = open_page(to_url(f"{server.url}/train", short), width=WIDTH, height=HEIGHT)
    said = page.get_by_text("These are the settings of the link")
    expect(said).to_be_visible()
    press(page, "one_batch")
    expect(said).to_have_count(0)
    at_rest_now(page)
    at_rest(page.locator(".st-key-wall_filters"))
    page.evaluate(TOPS, "wall_filters")
    press(page, "train")
    expect(page.locator(".st-key-status .status")).to_contain_text("Finished")
    drawn(page)
    assert page.evaluate("window.tops.size") == 1
    rows = page.locator(".st-key-wall_reconstructions .rows")
    expect(rows.locator("span")).to_have_text(["images", "untrained", "now"])
    assert (
        at_rest(rows)["x"] + at_rest(rows)["width"] <= at_rest(page.locator(".st-key-chart_reconstruction_error"))["x"]
    )
    page.locator(".st-key-draft_n_hidden input").first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("You changed Hidden units.")).to_be_visible()
    assert page.evaluate("window.tops.size") == 1
    stands_in_one_thin_row(page, "play, step and progress", "train", "one_epoch", "reset", "progress", "smoothing")


@pytest.mark.slow
def test_the_picture_stays_where_it_is_when_a_machine_of_one_s_own_begins_and_pauses(
    server: Server, open_page: OpenPage
):
    page = open_page(f"{server.url}/labels", width=WIDTH, height=HEIGHT)
    expect(page.locator(".st-key-labels_dream .wall")).to_be_visible()
    expect(page.locator(".st-key-labels_dream .ring.selected")).to_be_hidden()  # nothing was chosen
    wait(lambda: points(page, "labels_errors") > 2, what="the errors of the machine that comes with the program")
    at_rest(page.locator(".st-key-labels_errors"))
    page.evaluate(TOPS, "labels_errors")
    press(page, "labels_train")
    expect(page.locator(".st-key-machine")).to_contain_text("yours")
    press(page, "labels_stop")
    expect(page.locator(".st-key-labels_go_on button").first).to_be_enabled()
    drawn(page)
    assert page.evaluate("window.tops.size") == 1
