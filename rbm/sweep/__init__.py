"""Searching over settings: many runs on all workers, each an ordinary run of the registry, and the best of them found.

``spec`` says what is searched, ``ledger`` keeps who has tried what (an Optuna study in the registry's database),
``objective`` measures, ``trial`` trains one run on one worker, ``engine`` keeps all workers busy.
"""

from rbm.sweep.engine import Sweep, at_work, problem_of, stop_all
from rbm.sweep.ledger import Ledger, Trial, names
from rbm.sweep.spec import METHODS, OBJECTIVES, Axis, SweepSpec

__all__ = [
    "METHODS",
    "OBJECTIVES",
    "Axis",
    "Ledger",
    "Sweep",
    "SweepSpec",
    "Trial",
    "at_work",
    "names",
    "problem_of",
    "stop_all",
]
