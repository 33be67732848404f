"""Other people's engines, where they are installed. Each is used as its own documentation does, without its file output."""

import warnings
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rbm.benchmarks.race import Advance, Setting, Unavailable


def package(module: str, install: str) -> ModuleType:
    """The module; Unavailable, with the way to get it, where it is missing or cannot run."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # theirs to heed
            return import_module(module)
    except ImportError as error:
        raise Unavailable(f"not installed ({error}); pip install {install}") from error


def scikit_learn(setting: Setting, data: Tensor) -> Advance:
    """BernoulliRBM.fit in float32, its faster format: PCD-1 on grey levels, no momentum, no shuffling."""
    module = package("sklearn.neural_network", "scikit-learn")
    if setting.k != 1:
        raise Unavailable("it takes one Gibbs step an update, no more")
    rows: Any = data.numpy().astype(np.float32)

    def advance(batches: int) -> None:
        images = min(batches * setting.batch_size, len(rows) // setting.batch_size * setting.batch_size)
        passes, rest = divmod(batches * setting.batch_size, images)
        for n_iter, count in ((passes, images), (1, rest)):
            if count:
                module.BernoulliRBM(
                    setting.n_hidden, learning_rate=0.01, batch_size=setting.batch_size, n_iter=n_iter, random_state=1
                ).fit(rows[:count])

    return advance


def rbms(setting: Setting, data: Tensor) -> Advance:
    """Its centred PCD-k update on as many chains as the batch has images, and the SGD of its training script."""
    classes, training = package("rbms.bernoulli_bernoulli.classes", "rbms"), package("rbms.training.pcd", "rbms")
    weight = torch.randn(data.shape[1], setting.n_hidden) * 1e-4
    params = classes.BBRBM(weight, torch.zeros(data.shape[1]), torch.zeros(setting.n_hidden))
    for p in params.parameters():
        p.grad = torch.zeros_like(p)
    optimizer = torch.optim.SGD(params.parameters(), lr=0.01, maximize=True)
    binary = (data > 0.5).to(torch.float32)
    weights = torch.ones(setting.batch_size, 1)
    chains = params.init_chains(setting.batch_size)

    @torch.no_grad()
    def advance(batches: int) -> None:
        nonlocal chains
        for _ in range(batches):
            rows = torch.randperm(len(binary))[: setting.batch_size]
            optimizer.zero_grad(set_to_none=False)
            chains, _ = training.fit_batch_pcd((binary[rows], weights), chains, params, setting.k, 1.0)
            optimizer.step()

    return advance


def learnergy(setting: Setting, data: Tensor) -> Advance:
    """RBM.fit: CD-k by autograd, with the pseudo-likelihood that it measures on every batch."""
    module = package("learnergy.models.bernoulli", "learnergy")
    model = module.RBM(data.shape[1], setting.n_hidden, steps=setting.k, learning_rate=0.01, momentum=0.5)
    binary = (data > 0.5).to(torch.float32)

    def advance(batches: int) -> None:
        images = min(batches * setting.batch_size, len(binary) // setting.batch_size * setting.batch_size)
        passes, rest = divmod(batches * setting.batch_size, images)
        for epochs, count in ((passes, images), (1, rest)):
            if count:
                rows = torch.utils.data.TensorDataset(binary[:count], torch.zeros(count))
                model.fit(rows, batch_size=setting.batch_size, epochs=epochs)

    return advance
