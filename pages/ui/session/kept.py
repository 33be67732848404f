"""A run of the registry as any page shows it: its name in a few words, and what its machine looks like."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import streamlit as st

from rbm.core.text import plain
from rbm.datasets.catalog import CATALOG
from rbm.experiment import RunSpec, cached_dataset
from rbm.jobs.training import SHOWN_IMAGES
from rbm.models.parameters import Array
from rbm.store import Run, open_store

IMAGES, FANTASIES, SWEEPS = 5, 10, 200


def name(spec: RunSpec, turned: Mapping[str, Any] = MappingProxyType({})) -> str:
    """A run in a few words: what is learnt, how, and how large. ``turned``: the knobs as they stand by now."""
    return f"{data_title(spec)} · {spec.model.n_hidden} hidden · {algorithm(spec, turned)}"


def data_title(spec: RunSpec) -> str:
    entry = CATALOG.get(spec.dataset.name)
    return plain(entry.title if entry is not None else spec.dataset.name)


def algorithm(spec: RunSpec, turned: Mapping[str, Any] = MappingProxyType({})) -> str:
    return f"{spec.training.algorithm.upper()}-{turned.get('k', spec.training.k)}"


class Looks(NamedTuple):
    """What a machine looks like: weight (V, H); originals, reconstructions (IMAGES, V); fantasies (FANTASIES, V)."""

    weight: Array
    originals: Array
    reconstructions: Array
    fantasies: Array


@st.cache_resource(max_entries=64, show_spinner=False)
def looks(run_id: str, step: int, _run: Run) -> Looks:
    """The run's machine at its newest checkpoint, which is known by ``step``; fantasies from noise, a fixed seed."""
    import torch

    from rbm import randomness
    from rbm.checkpoint import from_bytes
    from rbm.samplers import from_noise, gibbs

    model = from_bytes(open_store().checkpoint(run_id)).model
    dataset = cached_dataset(_run.spec.dataset)
    draw = randomness.generator(1, "fantasies")
    with torch.no_grad():
        originals = dataset.test[[i % len(dataset.test) for i in SHOWN_IMAGES[:IMAGES]]].to(model.weight)
        back = model.visible_mean(model.hidden_mean(originals))
        chains = from_noise(model, FANTASIES, draw)
        for _ in range(SWEEPS):
            chains, info = gibbs.sweep(model, chains, draw)
        pictures = (model.weight, originals, back, info.visible_mean)
        weight, shown, reconstructed, dreamt = (t.detach().float().cpu().numpy().copy() for t in pictures)
    return Looks(weight, shown, reconstructed, dreamt)
