"""Evaluation: how good a model is, exactly where it can be enumerated, else by estimates that state their error."""

from rbm.evaluation import ais, exact, likelihood

__all__ = ["ais", "exact", "likelihood"]
