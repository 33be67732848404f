"""What pre-training is worth when labels are few: test error against their number, with and without, seed by seed.

All images are seen without their labels by the pre-training; a few of them then lend their labels to the fine-tuning,
which is the same with and without (Hinton & Salakhutdinov 2006; Erhan et al., Why Does Unsupervised Pre-training Help
Deep Learning?, JMLR 11, 2010).
"""

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from rbm.datasets.base import Dataset
from rbm.datasets.catalog import load_dataset
from rbm.errors import ConfigError
from rbm.models.dbn import DeepBeliefNet
from rbm.randomness import generator
from rbm.studies.fitting import undivided
from rbm.training.config import TrainConfig
from rbm.training.finetune import Classifier, FinetuneConfig, error_rate, finetune
from rbm.training.greedy import make_dbn, train_greedily
