"""Evaluation: how good a model is, exactly where it can be enumerated, else by estimates that state their error.

Import the modules, ``from rbm.evaluation import ais``; the package itself needs no torch, as ``verdict`` does not.
"""
