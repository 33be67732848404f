"""The numbers that lessons show and that never change, computed for ``rbm.lessons.known``: a few seconds of work."""

from __future__ import annotations

from torch import Tensor

from rbm.datasets import toy
from rbm.datasets.base import Dataset
from rbm.evaluation import mean_gradient, transition
from rbm.evaluation.associative_memory import capacity
from rbm.lessons import known, machines, retrieval_theory
from rbm.lessons.known import CAPACITY_SEED, CAPACITY_UNITS, GRADIENTS, KS, LOADS, RULES, Compass, GradientLesson


def make() -> None:
    """Compute everything and keep it."""
    compasses = {name: path(lesson) for name, lesson in GRADIENTS.items()}
    overlaps = {rule: capacity(rule, CAPACITY_UNITS, LOADS, CAPACITY_SEED, trials=1) for rule in RULES}
    known.write(compasses, retrieval_theory.lines(), overlaps, machines.learnt_bars())


def patterns(lesson: GradientLesson) -> Tensor:
    """The data, (N, V), every pattern once."""
    made: Dataset = getattr(toy, lesson.builder)(*lesson.arguments)
    return made.train


def path(lesson: GradientLesson) -> list[Compass]:
    """All gradients at each moment of exact learning, exact each."""
    data = patterns(lesson)
    best = -toy.entropy(data)
    return [_compass(moment, data, best) for moment in machines.path(data, lesson.n_hidden, rate=lesson.rate)]


def _compass(moment: machines.PathMoment, data: Tensor, best: float) -> Compass:
    half = transition.halves(moment.model)
    p0 = mean_gradient.distribution(data, half)
    truth = mean_gradient.likelihood(data, half)
    found = []
    for start in (p0, moment.chains):
        gradients = [mean_gradient.contrast(p0, q, half) for q in mean_gradient.after(start, half, KS)]
        found.append(tuple(mean_gradient.angle(g, truth) for g in gradients))
        found.append(tuple(mean_gradient.length(g) for g in gradients))
    cd_angle, cd_length, pcd_angle, pcd_length = found
    log_likelihood = float((p0 * half.visible.clamp(min=1e-300).log()).sum())
    length = mean_gradient.length(truth)
    return Compass(moment.step, log_likelihood, best, length, cd_angle, pcd_angle, cd_length, pcd_length)
