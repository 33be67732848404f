"""Models: parameters, energy and conditionals; no loops over time, no files."""

from rbm.models.rbm import RBM

__all__ = ["RBM"]
