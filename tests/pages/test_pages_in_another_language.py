"""The second language is a file: with one, no page shows a word of English that is not a name."""

import json
import os
import re
import subprocess
import sys

import pytest

from pages.ui import shell
from rbm.experiment import HIDDEN_NAMES
from tests.helpers import bracketed
from tests.helpers.places import ROOT

NAMES = {
    *("RBM", "GAN", "DCGAN", "VAE", "Autoencoder", "CD", "PCD", "PT", "AIS", "AATS", "PCA", "SNE", "TPE"),  # of methods
    *("Fréchet", "Gibbs"),  # of people
    *("MNIST", "CIFAR", "CelebA", "Fashion", "Kuzushiji"),  # of data sets
    *HIDDEN_NAMES,  # of types of units, as links, code and the command line call them
    "ms",  # a unit
    "Visitor",  # the name that the registry gives; people change it
    "sweep",  # sweep-1, the name that a search has, and its runs' tag
}
ADDRESSES = {
    entry.address for entries in shell.PAGES.values() for entry in entries
}  # they go to the menu with the titles


@pytest.fixture(scope="module")
def left(tmp_path_factory) -> dict[str, list[str]]:
    """By page, what stands in no brackets in the made-up language: one process draws all pages."""
    place = tmp_path_factory.mktemp("language")
    bracketed.language(place / "made_up.po")
    environment = {
        **os.environ,
        **{
            "RBM_LANGUAGE": str(place / "made_up.po"),
            "RBM_RUNS": str(place),
            "RBM_DATA": str(place),
            "RBM_WORKERS": "1",
        },
    }
    command = [sys.executable, "-m", "tests.helpers.bracketed"]
    ran = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-4000:]
    return json.loads(ran.stdout)


def test_all_that_the_pages_show_goes_through_the_catalogue(left):
    assert len(left) == len(ADDRESSES)
    english = [
        f"{page}: {text}"
        for page, texts in left.items()
        for text in texts
        if "\\" not in text
        and text not in ADDRESSES
        and not {*re.findall(r"[A-Za-zÀ-ž]{2,}", text)} <= NAMES  # "\\": LaTeX
    ]
    assert not english, "\n".join(english)


def test_what_stands_in_brackets_is_told_from_what_does_not():
    assert bracketed.outside("«{n} of «all»» and :material/info: <b>more</b>") == "and more"
