"""Negative phases: what the algorithms differ in. One algorithm, one file; the loop knows only ``NegativePhase``."""

from rbm.training.negative.base import NegativePhase, make_negative

__all__ = ["NegativePhase", "make_negative"]
