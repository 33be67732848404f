"""The learning rate over a run, and whether persistent chains can keep up with it. Reading this needs no torch.

    s = η_end / (1 − μ)        η_end the rate when all epochs are done, μ the momentum

is how far a lasting gradient still moves the model in an update when it should come to rest. Above FASTEST persistent chains
never catch up: they chase the modes that the model has just made and leave it others that nobody visits any more, so the
likelihood falls while the pictures look well. Falling to zero, a rate lets them.
"""

import math

from rbm.training.config import RATES, TrainConfig

PERSISTENT = ("pcd", "fpcd", "pt", "ptt")
FASTEST = 0.02


def scheduled_rate(config: TrainConfig, progress: float) -> float:
    """The learning rate when ``progress`` (0 to 1) of the run is done."""
    rate = config.learning_rate
    if config.schedule == "linear":
        return rate * max(1.0 - progress, 0.0)
    if config.schedule == "cosine":
        return rate * 0.5 * (1.0 + math.cos(math.pi * min(progress, 1.0)))
    if config.schedule == "inverse":
        return rate / (1.0 + 9.0 * progress)  # a tenth of the first rate at the end
    if config.schedule == "step":
        return rate * (0.01 if progress >= 0.75 else 0.1 if progress >= 0.5 else 1.0)
    return rate


def outrun(config: TrainConfig) -> str:
    """A sentence when persistent chains cannot keep up with the rate, with what to do; empty when they can.

    Adam is not judged: it scales every weight's step by its own gradient's history.
    """
    if config.algorithm not in PERSISTENT or config.optimizer == "adam":
        return ""
    end = scheduled_rate(config, 1.0)
    step = end / (1.0 - config.momentum)
    if step <= FASTEST:
        return ""
    slower = max((rate for rate in RATES if rate <= config.learning_rate * FASTEST / step), default=RATES[0])
    momentum = f", or {step:.2g} with momentum" if config.momentum else ""
    return (
        f"Persistent chains cannot keep up with this rate: at the end of the run it is still {end:.2g}{momentum}, where "
        f"{FASTEST:g} is the most. Choose the schedule linear, cosine or step, or a rate of {slower:g}."
    )
