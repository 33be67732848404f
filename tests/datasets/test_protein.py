"""The bundled protein family is the Kunitz domain: what everybody knows of that stands in its columns."""

import numpy as np
import torch

from rbm.core.glyphs import alphabet
from rbm.datasets import load_dataset, protein
from rbm.datasets.entry import AMINO_ACIDS, KUNITZ


def letters() -> np.ndarray:
    data = load_dataset(KUNITZ)
    rows = torch.cat([data.train, data.validation, data.test])
    return np.array(list(protein.LETTERS))[(rows * (AMINO_ACIDS - 1)).round().long().numpy()]


def test_its_letters_are_those_that_pages_draw_and_no_sequence_is_there_twice():
    found = letters()
    assert alphabet(AMINO_ACIDS) == protein.LETTERS
    assert found.shape == (8_871, 53)
    assert len({"".join(row) for row in found}) == len(found)


def test_six_cysteines_stand_as_far_apart_as_in_the_inhibitor_of_trypsin():
    """5, 14, 30, 38, 51, 55 of bovine pancreatic trypsin inhibitor (PROSITE PS00280); the second and fourth, a bridge that part
    of the family lacks, less often."""
    share = (letters() == "C").mean(0)
    often = np.flatnonzero(share > 0.5)
    assert (often + 4).tolist() == [5, 14, 30, 38, 51, 55]
    assert share[[10, 34]].max() < 0.9 < share[[1, 26, 47, 51]].min()


def test_labels_are_the_amino_acid_that_decides():
    data = load_dataset(KUNITZ)
    kinds = np.select([letters()[:, 15 - 4] == "K", letters()[:, 15 - 4] == "R"], [0, 1], 2)
    parts = (data.train_labels, data.validation_labels, data.test_labels)
    np.testing.assert_array_equal(torch.cat(parts).numpy(), kinds)
    assert np.bincount(kinds).min() > 500
