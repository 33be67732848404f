"""A protein family: sequences of one domain, found in many species, whose places are amino acids or gaps.

The Kunitz domain (Pfam PF00014; Pfam is public domain, CC0), 53 places of the alignment, as it is usually given to such models:
without sequences of more than six gaps in a row (from the tests of adabmDCA, Muntoni et al. 2021). Here without the sequences'
names, each different one once, in an order drawn once. Places that changed together touch in the folded protein (Morcos et al.
2011); by an RBM: Tubiana, Cocco & Monasson 2019. A row holds a_i / 20, of which categorical units of 21 states make one-hot
columns (``coding``); letter a is the a-th of LETTERS. Its label is the amino acid that decides which enzyme the domain stops:
lysine or arginine (trypsin), or another.
"""

from pathlib import Path

import numpy as np
import torch

from rbm.datasets.base import Dataset
from rbm.datasets.entry import AMINO_ACIDS, CATALOG, KUNITZ

FILE = Path(__file__).resolve().parents[2] / "assets" / "proteins" / "kunitz.npz"
LETTERS = "-ACDEFGHIKLMNPQRSTVWY"
DECIDES = 11  # the place of that amino acid, the first being 0
PARTS = {"train": 7_271, "validation": 800, "test": 800}


def load() -> Dataset:
    """The data set, always the same."""
    entry = CATALOG[KUNITZ]
    with np.load(FILE) as file:
        parts = dict(zip(PARTS, torch.from_numpy(file["letters"]).split(list(PARTS.values())), strict=True))
    kind = torch.full((AMINO_ACIDS,), 2)
    kind[LETTERS.index("K")], kind[LETTERS.index("R")] = 0, 1
    rows = {part: a.float() / (AMINO_ACIDS - 1) for part, a in parts.items()}
    return Dataset.of(entry, rows | {f"{part}_labels": kind[a[:, DECIDES].long()] for part, a in parts.items()})
