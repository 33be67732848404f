"""A kept run as files to take along: its filters, a film of its chains, and a ZIP of everything."""

from __future__ import annotations

import numpy as np

from pages.ui.draw import frames
from pages.ui.session import live
from rbm.store import Run, open_store

CHAINS, SWEEPS, STILLS, STILL_MS = 16, 100, 40, 150


def filters_png(run: Run) -> bytes:
    """Up to a hundred filters, the strongest first, in the colours of the light theme on white: for a slide."""
    from rbm.checkpoint import from_bytes

    model = from_bytes(open_store().checkpoint(run.id)).model
    weight = run.spec.coding.filters(model.weight.detach().float().cpu().numpy())
    strongest = np.argsort(-np.linalg.norm(weight, axis=0), kind="stable")[:100]
    pictures = frames.filter_pictures(
        weight, live.picture_shape(run.spec), strongest, shared=True, limit=None, mode="light"
    )
    return frames.grid_png(pictures, 10, gap=2, background=(255, 255, 255, 255), scale=4)


def film_gif(run: Run) -> bytes:
    """Chains from noise: their means ⟨v|h⟩ at moments that lie ever further apart; the same seed, the same film."""
    import torch

    from rbm import randomness
    from rbm.checkpoint import from_bytes
    from rbm.samplers import from_noise, trajectory

    model, draw = from_bytes(open_store().checkpoint(run.id)).model, randomness.generator(1, "film")
    with torch.no_grad():
        chains = from_noise(model, CHAINS, draw)
        _, film = trajectory.run(model, chains, draw, SWEEPS, keep=trajectory.spaced(SWEEPS, STILLS))
    painter, columns = live.painter(run.spec, "light"), frames.near_square(CHAINS)[1]
    walls = (frames.rgb(painter.visible(mean.float().cpu().numpy())) for mean in film.visible_mean)
    return frames.gif([frames.grid_pixels(wall, columns) for wall in walls], STILL_MS, scale=3)


def everything(run: Run) -> bytes:
    """The run as a ZIP (``rbm.store.bundle``) that anyone may open: description, numbers, checkpoint, filters, film."""
    from rbm.checkpoint import from_bytes, to_bytes
    from rbm.store import bundle

    store = open_store()
    saved = from_bytes(store.checkpoint(run.id))
    whole = to_bytes(saved.model, saved.spec, store.history(run.id), state=saved.state)
    return bundle.write(whole, pictures={"filters.png": filters_png(run), "chains.gif": film_gif(run)})
