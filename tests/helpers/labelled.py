"""A small machine of pictures and labels and its distribution, by the definition in loops over every state."""

from itertools import product

import torch

from rbm.models.labelled import LabelledRBM
from rbm.randomness import generator

PIXELS, LABELS, HIDDEN = 5, 3, 2


def labelled(labels: str = "softmax", seed: int = 7) -> LabelledRBM:
    """All parameters of order 1, float64."""
    model = LabelledRBM(PIXELS, LABELS, HIDDEN, labels=labels).double()
    source = generator(seed, "labelled")
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn(p.shape, generator=source, dtype=torch.float64))
    return model


def label_states(labels: str) -> list[tuple[int, ...]]:
    """Every y there can be."""
    if labels == "tags":
        return list(product((0, 1), repeat=LABELS))
    return [tuple(int(k == one) for k in range(LABELS)) for one in range(LABELS)]


def every(labels: str) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """x, y and h of every joint state, the definition's order."""
    rows = list(product(product((0, 1), repeat=PIXELS), label_states(labels), product((0, 1), repeat=HIDDEN)))
    return tuple(torch.tensor(part, dtype=torch.float64) for part in zip(*rows, strict=True))


def energy(model: LabelledRBM, x: list[float], y: list[float], h: list[float]) -> float:
    """−x·W·h − y·U·h − b·x − d·y − c·h, term by term."""
    w, u = model.weight[:PIXELS].tolist(), model.weight[PIXELS:].tolist()
    b, d = model.visible_bias[:PIXELS].tolist(), model.visible_bias[PIXELS:].tolist()
    total = -sum(x[i] * w[i][j] * h[j] for i in range(PIXELS) for j in range(HIDDEN))
    total -= sum(y[k] * u[k][j] * h[j] for k in range(LABELS) for j in range(HIDDEN))
    total -= sum(x[i] * b[i] for i in range(PIXELS)) + sum(y[k] * d[k] for k in range(LABELS))
    return total - sum(h[j] * c for j, c in enumerate(model.hidden_bias.tolist()))


def table(model: LabelledRBM) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """x, y, h and −E of every joint state."""
    x, y, h = every(model.labels)
    scores = [-energy(model, *(part.tolist() for part in row)) for row in zip(x, y, h, strict=True)]
    return x, y, h, torch.tensor(scores, dtype=torch.float64)
