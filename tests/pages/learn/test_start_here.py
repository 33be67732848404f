"""Start here under AppTest: what moves by itself is one walk for all, and what follows the pen is what the engine says."""

import json
import re

import numpy as np
import pytest
import torch

from pages.learn.home import dream, reading
from pages.ui import shell
from pages.ui.server.instant import Drawing
from rbm import bundled
from tests.browser.gallery import CARDS, GALLERY, MODES, MOST_BYTES, SIZE, SIZES
from tests.helpers.places import ROOT
from tests.helpers.screen import open_page

pytestmark = pytest.mark.usefixtures("clean")


def words(shared: dream.SharedDream) -> str:
    return shared.elements()["dream_words"]["rows"][0][0]


def test_many_who_look_make_one_walk(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(dream.time, "monotonic", lambda: now[0])
    shared = dream.SharedDream()
    assert words(shared).startswith("Step **0** of")
    assert shared.elements() is shared.elements()  # its pictures are made once
    for _ in range(3):  # three visitors at one moment
        shared.step()
    assert words(shared).startswith("Step **1** of")
    now[0] += 1000.0  # nobody has looked: nobody has stepped
    shared.step()
    assert words(shared).startswith("Step **2** of")


def test_a_walk_cools_down_ends_and_another_begins(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(dream.time, "monotonic", lambda: now[0])
    shared, first, steps = dream.SharedDream(), None, []
    while first is None or not words(shared).startswith("Step **0** of"):
        first = first or shared.elements()["dream_v"]["version"]
        now[0] += 1.0
        shared.step()
        steps.append(int(words(shared).split("**")[1]))
    assert steps[: dream.COLD + 1] == [*range(1, dream.COLD + 1), dream.COLD + dream.STRIDE]
    assert max(steps) >= dream.LAST
    assert shared.elements()["dream_v"]["version"] != first  # of other noise
    assert [dream.temperature(step) for step in (0, dream.COLD, dream.LAST)] == [dream.HOT, 1.0, 1.0]


def test_what_follows_the_pen_is_what_the_engine_computes():
    model, chains = bundled.load(dream.MACHINE).model(), reading.CompletingChains()
    ink = reading.example()
    centred = np.roll(ink, 28 * 5)
    found = reading.elements(chains, Drawing(ink, centred, np.zeros_like(ink)))
    v = torch.tensor(centred, dtype=torch.float32)[None]
    free = float(model.free_energy(v).detach())
    assert found[reading.PAD]["free"] == pytest.approx(free)
    likelier = float((reading.energies().sorted > free).mean())
    assert f"likelier than {likelier:.0%} of 6,000 digits" in found[reading.PAD]["words"]
    assert sum(found[reading.PAD]["counts"]) == 6000
    assert found["pad_hidden"]["version"] == dream.lit(model.hidden_mean(v)[0].detach().numpy())["version"]
    assert (found["pad_back"]["n"], found["pad_completed"]["n"]) == (2, reading.CHAINS)
    empty = reading.told(free, 0)
    assert empty["words"].startswith("The pad is empty.")


def test_completions_hold_what_is_drawn_go_on_for_a_while_and_start_again_when_ink_is_taken_away():
    chains, ink = reading.CompletingChains(), torch.tensor(reading.example(), dtype=torch.float32)
    assert chains.news() == {}
    p = chains.follow(ink)
    assert (p[:, ink.bool().numpy()] == 1).all()
    moved = 0
    for _ in range(reading.MORE + 3):
        chains.step()
        moved += bool(chains.news())
    assert moved == reading.MORE
    before = chains._chains.step
    chains.follow(ink)
    assert chains._chains.step == before + reading.SWEEPS
    chains.follow(0 * ink)
    assert chains._chains.step == reading.SWEEPS


def test_the_page_shows_a_dream_a_pad_and_the_way_to_every_page():
    app = open_page(shell.HOME)
    assert not app.exception
    sent = {data["channel"]: data for data in map(_sent, app.get("bidi_component")) if "channel" in data}
    assert {"dream_v", "dream_h", "dream_others", "pad_hidden", "pad_back", "pad_completed"} <= set(sent)
    assert sent["home_pad"]["example"] is True
    assert "arrow keys" in sent["home_pad"]["keys"]
    (chapters,) = [data["chapters"] for data in map(_sent, app.get("bidi_component")) if "chapters" in data]
    pages = [page for section in shell.PAGES.values() for page in section if page.address]
    assert [(one["title"], one["address"]) for one in chapters] == [(page.title, page.address) for page in pages]


def _sent(element) -> dict:
    return json.loads(element.proto.json)


@pytest.mark.parametrize(
    ("demo", "chart"), [("default", "card_filters"), ("overfit", "card_free_energy"), ("pcd", "card_mean")]
)
def test_a_demo_brings_its_chart_into_view_and_only_that_of_gibbs_sampling_plays(demo, chart):
    app = open_page(shell.HOME)
    app.button(key=f"demo_{demo}").click().run()
    assert not app.exception
    asked = [data["bring"] for data in map(_sent, app.get("bidi_component")) if "bring" in data]
    assert asked == [chart]
    assert ("gibbs_playing" in app.session_state) == (demo == "pcd")


def test_every_page_has_a_small_picture_in_both_themes():
    from PIL import Image

    pages = [page.address for section in shell.PAGES.values() for page in section if page.address]
    files = {file.name: file for file in CARDS.iterdir()}
    assert set(files) == {f"{page}.{mode}.webp" for page in pages for mode in ("light", "dark")}
    assert sum(file.stat().st_size for file in files.values()) <= MOST_BYTES[CARDS]
    for file in files.values():
        with Image.open(file) as picture:
            assert picture.size == SIZE, file.name


def test_the_gallery_has_every_page_in_each_size_and_theme_and_the_readme_shows_six_of_it():
    pages = [page.address or "home" for section in shell.PAGES.values() for page in section]
    files = {file.name: file for file in GALLERY.glob("*.*.webp")}  # beside the film of a class
    assert set(files) == {f"{page}.{width}.{mode}.webp" for page in pages for width in SIZES for mode in MODES}
    assert sum(file.stat().st_size for file in files.values()) <= MOST_BYTES[GALLERY]
    shown = re.findall(
        r'<a href="assets/gallery/([\w.]+)"><img src="assets/cards/([\w.]+)"', (ROOT / "README.md").read_text("utf-8")
    )
    assert len(shown) == 6
    for large, small in shown:
        assert large in files
        assert (CARDS / small).exists()
