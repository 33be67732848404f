"""The pseudo-log-likelihood of a model that still learns: every visible unit of some validation images.

One pixel an image would be cheaper, but its noise (30 nats on MNIST) is larger than what runs differ by. All pixels of
128 images, the same in every run of such a machine, tell two runs apart to about 1 nat (0.6 between two seeds), though
the mean over all images is only known to ±2.5. It takes a hundredth of the time of training 100 hidden units, a tenth of 500's.
"""

import torch
from torch import Tensor

from rbm import randomness
from rbm.core import kernels
from rbm.datasets.base import Dataset, binarise
from rbm.evaluation.likelihood import TWO_STATES, mean_pseudo_log_likelihood
from rbm.models.rbm import RBM

SEED = 2026  # of which images, and of their binarisation
MOST_IMAGES, FEWEST_IMAGES = 128, 20
TERMS = 52_000_000  # pixels × hidden units × images at one event: 14 ms of one core
TERMS_UNCOMPILED = TERMS // 10  # by torch's own operations, which pass over memory ten times as often


class PseudoLikelihoodTracker:
    """A metric for training, on the same images for all machines of one size and kind: two differ by what they learned.

    ``rows`` (N, V): the first of an order that depends on the data alone, as many as are quick for this model.
    """

    rows: Tensor

    def __init__(self, model: RBM, dataset: Dataset, how: str) -> None:
        """``how`` grey levels are binarised, as in ``TrainConfig``."""
        both = {model.visible_unit.name, model.hidden_unit.name}
        compiled = both <= set(TWO_STATES) and kernels.fits(model.weight)
        visible = model.visible_unit
        states = len(visible.states()) // visible.width if visible.name not in TWO_STATES else 1  # beside W's columns
        n = (TERMS if compiled else TERMS_UNCOMPILED) // (model.weight.numel() * states)
        draw = randomness.generator(SEED, "pseudo-likelihood")
        order = torch.randperm(len(dataset.validation), generator=draw)[: min(max(n, FEWEST_IMAGES), MOST_IMAGES)]
        self.rows = binarise(dataset.validation[order], how, draw).to(model.weight.device)

    def __call__(self, model: RBM, _probe: object) -> dict[str, float]:
        """``pseudo_log_likelihood`` in nats per image and ``pseudo_log_likelihood_error``; nothing without images."""
        if not len(self.rows):
            return {}
        found = mean_pseudo_log_likelihood(model, self.rows)
        return {"pseudo_log_likelihood": found.value, "pseudo_log_likelihood_error": found.standard_error}
