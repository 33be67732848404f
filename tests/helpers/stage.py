"""What shares the first screen: for each page the controls that are pressed and the pictures that they move."""

from collections.abc import Callable
from typing import NamedTuple

from playwright.sync_api import Page, expect

from pages.ui import shell
from rbm.datasets.entry import AMINO_ACIDS, KUNITZ
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec
from rbm.link import to_url
from rbm.training.config import TrainConfig
from tests.helpers.hands import choose, drawn, go, press
from tests.helpers.scenes import SCENES

WIDTH, HEIGHT = 1280, 720  # a projector
LATEST = 330  # pixels down, where the first picture begins at the latest
FADE = 20  # pixels at the guide's end in which nothing stands


class OneScreen(NamedTuple):
    """Keys of a page's controls and pictures, or selectors of their parts."""

    controls: tuple[str, ...]
    pictures: tuple[str, ...]

    def and_control(self, key: str) -> "OneScreen":
        """The same, and one more control."""
        return self._replace(controls=(*self.controls, key))


PICTURES = {
    shell.HOME: OneScreen(
        ("home_pad",), ("dream_v", "dream_h", "dream_others", "pad_hidden", "pad_back", "pad_completed")
    ),
    shell.ENERGY: OneScreen(
        ("energy_graph .knob", "energy_graph .beta"),
        ("energy_graph .graph", "energy_graph .chart.energy", "energy_graph .chart.probability"),
    ),
    shell.PIXELS: OneScreen(("pixels_one", "pixels_step"), ("pixels_bars", "pixels_kl", "pixels_correlation")),
    shell.HOPFIELD: OneScreen(
        ("hopfield_pad [name=one]",),
        ("hopfield_pad canvas", "hopfield_pad svg", "hopfield_basins", "hopfield_capacity"),
    ),
    shell.BOLTZMANN: OneScreen(
        ("boltzmann_play", "boltzmann_measure"),
        (
            "boltzmann_kl",
            "boltzmann_w_boltzmann",
            "boltzmann_w_rbm",
            "boltzmann_v_rbm",
            "boltzmann_sizes",
            "boltzmann_costs",
        ),
    ),
    shell.SLOW: OneScreen(
        ("slow_next", "slow_k"), ("slow_wall_v", "slow_wall_h", "slow_filters", "slow_parts", "slow_hidden")
    ),
    shell.MARKOV: OneScreen(("markov_1", "markov_coupling"), ("markov_matrix", "markov_visits", "markov_distance")),
    shell.CD_BIAS: OneScreen(("follows_place", "follows_k"), ("follows_numbers", "follows_angles", "follows_lengths")),
    shell.ISING: OneScreen(
        ("ising_temperature",),
        ("ising_lattice", "ising_chains", "ising_j", "ising_c", "ising_against", "ising_table", "ising_words"),
    ),
    shell.RETRIEVAL: OneScreen(
        ("retrieval_load", "retrieval_temperature"),
        ("retrieval_map", "retrieval_m", "retrieval_held", "retrieval_facts"),
    ),
    shell.TEACHER: OneScreen(("teacher_beta", "teacher_learn"), ("teacher_q", "teacher_w")),
    shell.TRAIN: OneScreen(
        ("train", "draft_n_hidden"),
        (
            "status",
            "wall_filters",
            "wall_reconstructions",
            "chart_free_energy",
            "chart_likelihood",
            "chart_reconstruction_error",
            "other_curve",
            "chart_pseudo_log_likelihood",
        ),
    ),
    shell.FILTERS: OneScreen(("filters_order", "filters_scale"), ("wall_all_filters",)),
    shell.EXAMINE: OneScreen(("examine",), ("examine_spectrum", "examine_modes", "examine_growth", "examine_noise")),
    shell.COLOUR: OneScreen(
        ("colour_learn",), ("colour_pairs", "colour_samples", "colour_filters", "colour_error", "colour_energy")
    ),
    shell.DEEP: OneScreen(("deep_sweep_1",), ("deep_fantasies", "deep_filters_1", "deep_filters_2")),
    shell.DATA: OneScreen(("own_files",), ()),
    shell.GIBBS: OneScreen(
        ("step", "play"), ("wall_v", "wall_mean", "wall_h", "wall_film", "chart_energy", "chart_memory")
    ),
    shell.LABELS: OneScreen(("labels_train", "labels_step_1"), ("labels_errors", "labels_dream")),
    shell.RUNS: OneScreen(("machine_menu",), ("wall_filters_A", "wall_dreams_A")),
    shell.BOARD: OneScreen((), ()),
    shell.SWEEP: OneScreen(("sweep_start",), ()),
    shell.RIVALS: OneScreen(
        ("rivals_start",),
        ("rivals_wall_rbm", "rivals_wall_gan", "rivals_wall_dcgan", "rivals_wall_autoencoder", "rivals_wall_vae"),
    ),
    shell.MAP: OneScreen((), ()),
    shell.FEATURES: OneScreen(("features_map",), ("features_scatter",)),
}


# The views that a page opens with one of, by the words of the others, and what shares the first screen in each.
VIEWS = {
    shell.MARKOV: {
        "Eigenvalues": OneScreen(
            ("markov_coupling", "markov_beta"),
            ("markov_matrix", "markov_times", "markov_spectrum", "markov_slowest"),
        )
    },
    shell.CD_BIAS: {
        "Five algorithms, one start": OneScreen(
            ("race_start", "race_rate", "race_shown"), ("race_likelihood", "race_error", "race_states")
        )
    },
    shell.DEEP: {
        "Layer by layer": OneScreen(("deep_train",), ("deep_reconstruction_error", "deep_free_energy_gap")),
        "Does pre-training save labels?": OneScreen(("deep_labels_start",), ()),
    },
    shell.RUNS: {
        "Curves": OneScreen(
            ("runs_axis", "runs_log", "runs_smoothing", "runs_seeds"),
            # not the log-likelihood's, which comes with a run's first estimate of it
            ("chart_runs_pseudo_log_likelihood", "chart_runs_free_energy_gap"),
        ),
        "Likelihood, settings": OneScreen(("measure",), ()),
    },
    shell.RIVALS: {
        "How good they are": OneScreen(("rivals_start",), ("rivals_frechet", "rivals_aats")),
        "In numbers": OneScreen(("rivals_start",), ("rivals_table",)),
    },
}
# What an examination brings, by the view in which it stands.
EXAMINED = {
    "Weights": OneScreen(("examine",), ("examine_spectrum", "examine_modes", "examine_growth", "examine_noise")),
    "Chains": OneScreen(("examine", "examine_longer"), ("examine_walk", "examine_mixing", "examine_quality")),
    "Samples": OneScreen(("examine",), ("examine_energies", "examine_nearest", "examine_aats")),
    "Correlations": OneScreen(("examine",), ("examine_pairs", "examine_triples")),
}


def open_view(page: Page, name: str) -> None:
    """By its word in the row of views."""
    page.get_by_role("tab", name=name, exact=True).click()


def _use(view: str) -> Callable[[Page], None]:
    return lambda page: page.locator(".st-key-labels_use_softmax").get_by_text(view, exact=True).click()


def _excite(page: Page) -> None:
    page.locator(".st-key-wall_all_filters .wall").focus()
    page.keyboard.press("Enter")


def _hold_a_drawing(page: Page) -> None:
    choose(page, "gibbs_held", "what I draw")


def _learn_spins(page: Page) -> None:
    press(page, "ising_learn")
    expect(page.locator(".st-key-ising_words")).to_contain_text("100 % learnt")


def _examine_a_family(page: Page) -> None:
    model = ModelSpec(20, visible="categorical", n_states=AMINO_ACIDS)
    spec = RunSpec(DatasetSpec(KUNITZ, size=500), model, TrainConfig(epochs=2, binarise="none", likelihood="never"))
    page.goto(to_url(page.url.replace("/examine", "/train"), spec))
    press(page, "train")
    expect(page.locator(".st-key-status .status")).to_contain_text("Finished")
    go(page, "Train", "Diagnostics")
    press(page, "examine")
    expect(page.locator(".st-key-examine button").first).to_be_disabled()
    expect(page.locator(".st-key-examine button").first).to_be_enabled()
    open_view(page, "Correlations")


def _test_with_few_labels(page: Page) -> None:
    page.get_by_role("button", name="Test with few labels").click()
    expect(page.locator(".st-key-features_words")).to_contain_text("Done")
    expect(page.locator(".st-key-stage_features [data-testid=stDataFrame]")).to_be_visible()


def _take_spins(page: Page) -> None:
    choose(page, "draft_dataset", "Ising spins, 8×8")


# What a choice on a page brings, by its name: the page, how it is chosen, and what then shares the first screen.
BROUGHT: dict[str, tuple[str, Callable[[Page], None], OneScreen]] = {
    "the temperature of spins": (
        shell.TRAIN,
        _take_spins,
        OneScreen(("train", "draft_temperature"), PICTURES[shell.TRAIN].pictures),
    ),
    "a ring of spins": (
        shell.ISING,
        lambda page: press(page, "try_ising_3"),
        PICTURES[shell.ISING].and_control("try_ising_3"),
    ),
    "a lattice that was learnt": (shell.ISING, _learn_spins, PICTURES[shell.ISING].and_control("ising_learn")),
    "files of one's own": (
        shell.DATA,
        SCENES["data"],
        OneScreen(
            ("own_files", "own_size", "own_turn", "own_levels", "own_threshold"), ("card_own_preview", "own_keep")
        ),
    ),
    "a test with few labels": (
        shell.FEATURES,
        _test_with_few_labels,
        OneScreen(("features_judge",), ("features_accuracy", "stage_features [data-testid=stDataFrame]")),
    ),
    "the contacts of a sequence": (
        shell.EXAMINE,
        _examine_a_family,
        OneScreen(("examine",), ("examine_pairs", "examine_triples", "examine_contacts")),
    ),
    "the spin glass": (
        shell.BOLTZMANN,
        lambda page: page.get_by_role("radio", name="Spin glass").click(),
        OneScreen(("glass_play", "glass_reset", "glass_seed"), ("glass_floor", "glass_shares", "glass_way", "glass_j")),
    ),
    "the reading of a test digit": (
        shell.LABELS,
        _use("Name a digit"),
        OneScreen(("labels_wall", "labels_other"), ("labels_large", "labels_bars")),
    ),
    "the reading of a drawing": (
        shell.LABELS,
        _use("Read what you draw"),
        OneScreen(("labels_pad",), ("labels_drawn_bars",)),
    ),
    "confusions": (
        shell.LABELS,
        _use("Confusions"),
        OneScreen(("labels_confusion",), ("labels_confused_wall",)),
    ),
    "the guess from a half": (
        shell.LABELS,
        _use("Guess from a half"),
        OneScreen(("labels_wall", "labels_cover"), ("labels_seen", "labels_mean", "labels_ways", "labels_half_bars")),
    ),
    "what excites a unit": (
        shell.FILTERS,
        _excite,
        OneScreen(("wall_all_filters",), ("wall_unit", "wall_best", "histogram_unit")),
    ),
    "what is held by a drawing": (
        shell.GIBBS,
        _hold_a_drawing,
        OneScreen(("step", "gibbs_pad"), ("wall_v", "wall_film", "chart_energy", "chart_memory")),
    ),
}


def places(page: Page, shown: OneScreen) -> dict[str, tuple[int, int]]:
    """Top and bottom, in pixels from the top of the screen, of all that is named."""
    drawn(page)
    found = {}
    for key in (*shown.controls, *shown.pictures):
        place = page.locator(f".st-key-{key}").first
        expect(place).to_be_visible()
        if place.locator(".chart .plot").count():  # it has its height once it is drawn
            expect(place.locator(".main-svg").first).to_be_visible()
        box = place.bounding_box()
        assert box is not None
        found[key] = round(box["y"]), round(box["y"] + box["height"])
    return found


def cut_guide(page: Page) -> dict[str, int]:
    """By the guide's open tab, how many pixels of settings, formula and steps must be scrolled to."""
    guide = page.locator("[class*=st-key-guide_]:visible")
    if guide.count() == 0:
        return {}
    tabs, found = guide.get_by_role("tab").all(), {}
    for tab in tabs or [None]:
        if tab is not None:
            tab.click()
            expect(tab).to_have_attribute("aria-selected", "true")
        found[tab.inner_text() if tab else "all"] = guide.evaluate("one => one.scrollHeight - one.clientHeight")
    if tabs:
        tabs[0].click()
    return {name: over for name, over in found.items() if over > FADE}


def begins(page: Page, shown: OneScreen) -> int:
    """How far down the first picture begins: below the menu, the page's name and the row of what is pressed."""
    found = places(page, shown)
    return min(found[key][0] for key in shown.pictures if key != "status")  # which is words


def beyond(page: Page, shown: OneScreen) -> dict[str, tuple[int, int]]:
    """What of it is not on the first screen, and where it is."""
    return {key: place for key, place in places(page, shown).items() if place[0] < 0 or place[1] > HEIGHT}
