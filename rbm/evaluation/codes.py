"""What hidden units are worth as features: a linear classifier on few labels, and maps of the codes in the plane.

N rows, D columns of a kind of input (pixels, principal components, hidden units).
"""

import warnings
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rbm.core.imports import library

Rows = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]
STRENGTHS = (0.01, 0.1, 1.0, 10.0)  # inverse of the L2 penalty, of which the best on held-out rows is taken
ITERATIONS = 300


class Fitted(NamedTuple):
    """``accuracy`` on the test rows, 0 to 1, and the ``strength`` of STRENGTHS with which it was obtained."""

    accuracy: float
    strength: float


def draw(labels: Labels, count: int, seed: int) -> npt.NDArray[np.intp]:
    """``count`` rows at random in which every class keeps its share, to a row, and has one row at least."""
    train_test_split = library("sklearn.model_selection").train_test_split

    if count == len(labels):
        return np.arange(count)
    if min(np.unique(labels, return_counts=True)[1]) < 2:  # of a single row scikit-learn sees no share
        return _draw(labels, count, seed)
    chosen, _ = train_test_split(np.arange(len(labels)), train_size=count, stratify=labels, random_state=seed)
    found: npt.NDArray[np.intp] = chosen
    return found


def _draw(labels: Labels, count: int, seed: int) -> npt.NDArray[np.intp]:
    """The beginning of a random order in which each class's rows are spread evenly, the first of each before all others."""
    order = np.random.default_rng(seed).permutation(len(labels))
    place = np.empty(len(labels))
    for label in np.unique(labels):
        rows = np.flatnonzero(labels[order] == label)
        place[rows] = np.arange(len(rows)) / len(rows)
    found: npt.NDArray[np.intp] = order[place.argsort(kind="stable")[:count]]
    return found


def logistic(
    train: tuple[Rows, Labels], held_out: tuple[Rows, Labels], test: tuple[Rows, Labels], strength: float | None = None
) -> Fitted:
    """Multinomial logistic regression with an L2 penalty, fitted on ``train`` and judged on ``test``.

    Without a ``strength`` that of STRENGTHS is taken which does best on the rows ``held_out``; the middle one, 1, where
    there are no such rows.
    """
    if strength is None and not len(held_out[1]):
        strength = 1.0
    strengths = STRENGTHS if strength is None else (strength,)
    fits = [_fit(*train, c) for c in strengths]
    best = 0 if len(fits) == 1 else int(np.argmax([fit.score(*held_out) for fit in fits]))
    return Fitted(float(fits[best].score(*test)), strengths[best])


def _fit(x: Rows, y: Labels, strength: float) -> Any:
    ConvergenceWarning = library("sklearn.exceptions").ConvergenceWarning
    LogisticRegression = library("sklearn.linear_model").LogisticRegression

    with warnings.catch_warnings():
        # A fit that ITERATIONS did not end is a little more regularised than asked; held-out rows judge it as it is.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return LogisticRegression(C=strength, max_iter=ITERATIONS, tol=1e-3).fit(x, y)


def principal(rows: Rows, count: int, seed: int) -> Any:
    """PCA fitted to ``rows``: ``transform`` gives the first ``count`` components, fewer where there are no more."""
    PCA = library("sklearn.decomposition").PCA

    return PCA(min(count, *rows.shape), random_state=seed).fit(rows)


def plane(rows: Rows, how: str, seed: int) -> Rows:
    """Rows as points of the plane, (N, 2): ``"PCA"``, or ``"t-SNE"`` (van der Maaten & Hinton 2008) of 50 components.

    Its perplexity is 30, or a quarter of the rows where they are few. A single column lies on a line, and rows that are
    all the same in one place.
    """
    TSNE = library("sklearn.manifold").TSNE

    if not np.ptp(rows, axis=0).any():
        return np.zeros((len(rows), 2), np.float32)
    if rows.shape[1] == 1:
        rows = np.concatenate([rows, np.zeros_like(rows)], 1)
    if how == "PCA":
        return np.asarray(principal(rows, 2, seed).transform(rows), dtype=np.float32)
    few = principal(rows, 50, seed).transform(rows)
    points = TSNE(2, init="pca", perplexity=min(30.0, len(rows) / 4), random_state=seed, max_iter=500).fit_transform(
        few
    )
    return np.asarray(points, dtype=np.float32)


def agreement(points: Rows, labels: Labels) -> float:
    """Share of points whose nearest other point has the same label, 0 to 1."""
    NearestNeighbors = library("sklearn.neighbors").NearestNeighbors

    nearest = NearestNeighbors(n_neighbors=2).fit(points).kneighbors(return_distance=False, n_neighbors=1)[:, 0]
    return float((labels[nearest] == labels).mean())
