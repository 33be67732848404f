"""What shares the first screen: for each page the controls that are pressed and the pictures that they move."""

from typing import NamedTuple

from playwright.sync_api import Page, expect

from pages.ui import shell
from tests.helpers.hands import drawn

WIDTH, HEIGHT = 1280, 720  # a projector


class OneScreen(NamedTuple):
    """Keys of a page's controls and pictures, or selectors of their parts."""

    controls: tuple[str, ...]
    pictures: tuple[str, ...]


PICTURES = {
    shell.HOME: OneScreen(("home_pad",), ("dream_v", "dream_h", "pad_back")),
    shell.ENERGY: OneScreen(
        ("energy_graph .knob", "energy_graph .beta"),
        ("energy_graph .graph", "energy_graph .chart.energy", "energy_graph .chart.probability"),
    ),
    shell.PIXELS: OneScreen(("pixels_one", "pixels_step"), ("pixels_bars", "pixels_kl", "pixels_correlation")),
    shell.HOPFIELD: OneScreen(("hopfield_pad [name=one]",), ("hopfield_pad canvas", "hopfield_pad svg")),
    shell.BOLTZMANN: OneScreen(
        ("boltzmann_play",), ("boltzmann_kl", "boltzmann_w_boltzmann", "boltzmann_w_rbm", "boltzmann_v_rbm")
    ),
    shell.SLOW: OneScreen(("slow_next", "slow_k"), ("slow_wall_v", "slow_wall_h", "slow_parts")),
    shell.MARKOV: OneScreen(("markov_1", "markov_coupling"), ("markov_matrix", "markov_visits", "markov_distance")),
    shell.CD_BIAS: OneScreen(("follows_place", "follows_k"), ("follows_numbers", "follows_angles", "follows_lengths")),
    shell.ISING: OneScreen(
        ("ising_temperature",), ("ising_lattice", "ising_chains", "ising_j", "ising_c", "ising_against")
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
            "chart_pseudo_log_likelihood",
        ),
    ),
    shell.FILTERS: OneScreen(("filters_order", "filters_scale"), ("wall_all_filters",)),
    shell.EXAMINE: OneScreen(("examine",), ("examine_spectrum", "examine_modes", "examine_growth")),
    shell.COLOUR: OneScreen(("colour_learn",), ("colour_pairs", "colour_samples", "colour_filters", "colour_error")),
    shell.DEEP: OneScreen(("deep_sweep_1",), ("deep_fantasies", "deep_filters_1", "deep_filters_2")),
    shell.DATA: OneScreen(("own_files",), ()),
    shell.GIBBS: OneScreen(("step", "play"), ("wall_v", "wall_mean", "wall_h")),
    shell.LABELS: OneScreen(("labels_train", "labels_step_1"), ("labels_errors", "labels_dream")),
    shell.RUNS: OneScreen(("machine_menu",), ("wall_dreams_A",)),
    shell.BOARD: OneScreen((), ()),
    shell.SWEEP: OneScreen(("sweep_start",), ()),
    shell.RIVALS: OneScreen(("rivals_start",), ("rivals_wall_rbm",)),
    shell.MAP: OneScreen((), ()),
    shell.FEATURES: OneScreen(("features_map",), ("features_scatter",)),
}


def places(page: Page, script: str) -> dict[str, tuple[int, int]]:
    """Top and bottom, in pixels from the top of the screen, of all that the table names for the page."""
    drawn(page)
    found = {}
    for key in (*PICTURES[script].controls, *PICTURES[script].pictures):
        place = page.locator(f".st-key-{key}").first
        expect(place).to_be_visible()
        if place.locator(".chart .plot").count():  # it has its height once it is drawn
            expect(place.locator(".main-svg").first).to_be_visible()
        box = place.bounding_box()
        assert box is not None
        found[key] = round(box["y"]), round(box["y"] + box["height"])
    return found
