"""Models: parameters, energy and conditionals; no loops over time, no files."""

from rbm.models.boltzmann import BoltzmannMachine
from rbm.models.hopfield import DenseHopfield, Hopfield
from rbm.models.rbm import RBM

__all__ = ["RBM", "BoltzmannMachine", "DenseHopfield", "Hopfield"]
