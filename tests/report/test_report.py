"""A report holds the whole run in one file, fetches nothing, and shows as text what people wrote."""

import base64
import io
import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from pages.ui.controls import share
from rbm import link
from rbm.checkpoint import from_bytes, to_bytes
from rbm.core import colours
from rbm.experiment import DatasetSpec, ModelSpec, make_dataset, make_trainer
from rbm.report import curves, pictures, words
from rbm.report.curves import CurveLine
from rbm.report.page import html
from rbm.store import Evaluation, Progress, Run
from rbm.training.changes import Change
from rbm.training.history import History
from tests.helpers.reports import Reading
from tests.helpers.short_run import SPEC, trained

BAD = """<script>alert(1)</script>"'><img src=http://x.invalid/y.png onerror=alert(2)>\u202e"""
ESTIMATE = {f"log_likelihood_{part}": n for part, n in (("epoch", 1.0), ("low", -9.5), ("high", -9.0), ("ess", 2.5))}


@pytest.fixture(scope="module")
def saved():
    trainer, history = trained()
    *before, last = history.events
    estimated = last._replace(metrics={**last.metrics, **ESTIMATE})
    return from_bytes(to_bytes(trainer.model, SPEC, History([*before, estimated])))


def run(**more) -> Run:
    progress = Progress("finished", 12, 36, 3.0, 1.5, changes=(Change(5, {"learning_rate": 0.01}),))
    values = {"tags": (BAD,), "note": BAD, "versions": {BAD: BAD}}
    return Run("abc123", SPEC, progress, {}, created_at=0.0, updated_at=0.0, deleted_at=None, **{**values, **more})


def evaluation(**more) -> Evaluation:
    ends = {f"{part}{end}": -8.0 - n for part in ("test", "validation") for n, end in enumerate(("", "_high", "_low"))}
    errors = {f"{part}_error": 0.25 for part in ("test", "validation")}
    ais = {
        "method": "ais",
        "trustworthy": True,
        "reason": "They agree.",
        "log_z": 1.0,
        "log_z_reverse": 1.5,
        "ess": 1.2,
    }
    return Evaluation(12, "log_likelihood", {**ais, **ends, **errors, **more}, 0.0)


def test_a_report_holds_settings_likelihood_pictures_curves_and_code(saved):
    page = Reading(html(saved, run(), evaluation=evaluation()))
    for words_ in (
        "Bars and stripes, 4×4 · 7 hidden · PCD-1",
        "run abc123 · finished · 3 of 9 epochs · 12 updates",
        "−8.00 ± 0.25 unreliable−10.00 to −9.00",
        "test images",
        "a sample of validation images",
        "estimated while it trained, after epoch 1",
        "Unreliable: effective sample size 1.2",
        "Filters: the 7 strongest of 7",
        "Optimiseradamsgd",
        "Learning rate 0.05 → 0.01 after update 5",
        "Reconstruction error",
    ):
        assert words_ in page.text, words_
    assert link.code(SPEC, run().progress.changes) in page.text
    assert sum(tag == "svg" for tag, _ in page.elements) >= 6
    assert sum(tag == "img" for tag, _ in page.elements) == 3
    assert all(given.get("alt") for tag, given in page.elements if tag == "img")


def test_the_same_run_gives_the_same_file(saved):
    assert html(saved, run()) == html(saved, run())


def test_words_of_people_are_text_and_nothing_is_fetched(saved):
    page = html(saved, run(), said=BAD)
    found = Reading(page)
    assert (
        found.text.count("<script>alert(1)</script>") == 5
    )  # tag, note, both words of the versions, and what was said
    tags = {tag for tag, _ in found.elements}
    assert tags.isdisjoint({"script", "iframe", "object", "embed", "link", "base", "form", "a"})
    assert "\u202e" not in page
    assert not [name for _, given in found.elements for name in given if name.startswith("on")]
    assert all(re.match(r"data:image/png;base64,[\w+/=]+$", one) for one in found.addresses())
    style = page.split("<style>")[1].split("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style
    (policy,) = (given["content"] for _, given in found.elements if given.get("http-equiv"))
    assert policy.startswith("default-src 'none'; img-src data:;")


def test_where_nothing_is_known_it_says_so(saved):
    bare = saved._replace(history=History())
    text = Reading(html(bare)).text
    assert "Not computed yet" in text
    assert "Nothing was measured yet." in text
    assert "unreliable" not in text
    gone = saved._replace(spec=replace(SPEC, dataset=DatasetSpec(f"own:{BAD[:-1]}")))
    text = Reading(html(gone)).text
    assert "Its data set is not on this machine" in text
    assert "Nobody noted" not in text
    unknown = run()._replace(progress=run().progress._replace(changes=None, knobs={"k": 3}))
    assert "not recorded when: the code holds the settings at the start" in Reading(html(saved, unknown)).text


def test_an_exact_likelihood_bears_no_mark_and_no_bracket(saved):
    exact = evaluation(method="exact")
    rest = saved._replace(history=History())
    text = Reading(html(rest, run(), evaluation=exact)).text
    assert "−8.00 ± 0.25exact" in text
    assert "unreliable" not in text


@pytest.mark.parametrize(("visible", "data"), [("gaussian", "tiny_digits"), ("spin", "bars_and_stripes")])
def test_units_of_every_scale_have_their_pictures(visible, data):
    spec = replace(SPEC, dataset=DatasetSpec(data), model=ModelSpec(3, visible=visible))
    trainer = make_trainer(spec, make_dataset(spec.dataset, spec.model))
    addresses = Reading(html(from_bytes(to_bytes(trainer.model, spec)))).addresses()
    assert len(addresses) == {"gaussian": 6, "spin": 4}[visible]  # a scale around zero has a picture for each theme
    for address in addresses:
        picture = Image.open(io.BytesIO(base64.b64decode(address.split(",")[1]))).convert("RGB")
        assert len(set(picture.get_flattened_data())) > 2


@pytest.mark.parametrize(("visible", "logos"), [("categorical", True), ("multinary", False)])
def test_sequences_are_letters_and_the_weights_to_them_logos(visible, logos):
    spec = replace(SPEC, dataset=DatasetSpec("potts", size=200), model=ModelSpec(3, visible=visible, n_states=4))
    trainer = make_trainer(spec, make_dataset(spec.dataset, spec.model))
    reading = Reading(html(from_bytes(to_bytes(trainer.model, spec))))
    assert ("Each logo holds one hidden unit's weights" in reading.text) is logos
    each = reading.addresses()
    filters, samples, images = each[:2], each[2:4], each[4:]
    for drawn in [filters, samples, images] if logos else [samples, images]:  # else the weights are to numbers
        for address, mode in zip(drawn, ("dark", "light"), strict=True):
            found = np.asarray(Image.open(io.BytesIO(base64.b64decode(address.split(",")[1]))).convert("RGB"))
            assert (found == colours.rgb(colours.BACKGROUND[mode])).all(2).mean() > 0.3  # letters on the page's ground
            if drawn is images:  # of whose letters the machine need not be sure
                for letter in colours.CATEGORICAL[mode][:4]:
                    assert (found == colours.rgb(letter)).all(2).any()


def test_pictures_in_colour_are_colours_and_their_weights_stand_around_mid_grey():
    values = np.array([[-1.0, 0.0, 1.0, 0.5, 0.5, 0.5]], np.float32)
    assert pictures.greys(values, 0.0, (1, 2, 3)).tolist() == [[[[0, 0, 255], [128, 128, 128]]]]
    assert pictures.signed(values, (1, 2, 3), 1.0).tolist() == [[[[0, 128, 255], [191, 191, 191]]]]


def test_a_wall_keeps_every_picture_in_its_place():
    tiles = np.arange(3, dtype=np.uint8)[:, None, None] * np.ones((3, 2, 2), np.uint8)
    expected = [[0, 0, 9, 1, 1], [0, 0, 9, 1, 1], [9, 9, 9, 9, 9], [2, 2, 9, 9, 9], [2, 2, 9, 9, 9]]
    assert pictures.wall(tiles, 2, 9).tolist() == expected


def test_a_curve_is_drawn_inside_its_axes_broken_at_gaps_and_hollow_where_it_is_doubtful():
    y = [1.0, 2.0, np.nan, 4.0, 8.0]
    lines = [CurveLine("low", range(5), y, True, [3.0]), CurveLine("<b>", range(5), np.add(y, 1))]
    drawn = ElementTree.fromstring(curves.chart(lines, x_title="epochs", y_title="nats", about='a "chart"', band=True))
    parts = list(drawn.iter())
    kinds = [one.get("class") or "" for one in parts]
    assert [kinds.count(kind) for kind in ("line c0", "line c1", "band")] == [
        3,
        3,
        1,
    ]  # two pieces and one in the legend
    assert kinds.count("dot c0 hollow") == 1
    assert kinds.count("dot c0") == 3
    down = [float(one.get("cy")) for one in parts if one.get("cy")]
    assert down == sorted(down, reverse=True)
    assert all(curves.TOP <= place <= curves.HEIGHT - curves.BOTTOM for place in down)
    assert "<b>" in "".join(drawn.itertext())


def test_nothing_is_drawn_of_no_value_and_one_value_has_an_axis():
    assert curves.chart([CurveLine("a", [1], [np.nan])], x_title="", y_title="", about="") == ""
    for value in (0.0, 5.0, -3e6):
        drawn = curves.chart([CurveLine("a", [0], [value], True)], x_title="", y_title="", about="")
        (dot,) = (one for one in ElementTree.fromstring(drawn).iter() if one.get("cx"))
        assert curves.TOP <= float(dot.get("cy")) <= curves.HEIGHT - curves.BOTTOM


def test_values_that_hardly_differ_are_told_apart_on_the_axis():
    near = CurveLine("rate", [0, 1], [0.05, 0.04999])
    drawn = ElementTree.fromstring(curves.chart([near], x_title="", y_title="", about=""))
    told = [one.text for one in drawn.iter() if one.get("text-anchor") == "end"]
    assert len(told) == len(set(told)) >= 3
    assert {one[:4] for one in told} <= {"0.05", "0.04"}


def test_only_settings_that_act_are_told_and_what_is_usual_beside_those_that_differ():
    told = {one.label: (one.value, one.usual) for one in words.settings(SPEC)}
    assert told["Hidden units"] == ("7", "100")
    assert told["Gibbs steps k"] == ("1", "")
    assert told["Data set"] == ("Bars and stripes, 4×4", "")
    assert told["Seed"] == ("1", "")
    assert "Momentum" not in told  # Adam has none
    assert "Temperature" not in told


@pytest.mark.parametrize(
    ("data", "chosen", "told"),
    [
        ("ising_4", None, ("2.269, critical", "")),
        ("ising_1d", None, ("1", "")),
        ("ising_4", 3.5, ("3.5", "2.269, critical")),
    ],
)
def test_the_temperature_in_force_is_told_also_where_nobody_chose_it(data, chosen, told):
    spec = replace(SPEC, dataset=DatasetSpec(data, temperature=chosen))
    (found,) = (one for one in words.settings(spec) if one.label == "Temperature")
    assert (found.value, found.usual) == told


def test_a_report_bears_the_name_that_its_run_was_given(saved):
    page = html(saved, run(name="First <light>"))
    assert "<title>First &lt;light&gt;: Bars and stripes" in page
    assert "First <light>: Bars and stripes, 4×4 · 7 hidden" in Reading(page).text
    assert share.report_file("bf66", "First <light>: ö/../x") == "run-first-light-x-bf66.html"
    assert share.report_file("bf66", "") == "run-bf66.html"


def test_pictures_of_spins_have_frames_and_the_ground_of_the_page_between_them():
    grey = np.full((2, 24, 24), 128, np.uint8)
    found = pictures.framed(grey, 2)
    assert found.shape == (52, 105, 4)
    assert found[26, :, 3].tolist() == [0, *[255] * 50, 0, 0, 0, *[255] * 50, 0]
    dark = pictures.framed(grey * 0, 2)
    assert dark[26, 1].tolist() == [128, 128, 128, 255]
    assert dark[26, 2].tolist() == [0, 0, 0, 255]
