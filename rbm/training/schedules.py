"""The learning rate over a run, and whether persistent chains can keep up with it. Reading this needs no torch.

    s = η_end / (1 − μ)        η_end the rate when all epochs are done, μ the momentum

is how far a lasting gradient still moves the model in an update when it should come to rest. Above FASTEST persistent chains
never catch up: they chase the modes that the model has just made and leave it others that nobody visits any more, so the
likelihood falls while the pictures look well. Falling to zero, a rate lets them.

Of P one-hot units each has a column on in every image, so an update moves a hidden unit's field by up to P η / (1 − μ). Above
STRONGEST the first updates already throw the chains away from the data, and no later rate brings them back. Measured on faces of
8 colours, P = 256, 640 updates of PCD-1: at η = 0.05 the norm of W is 390, still grows, and the chains' free energy is 3,400 nats
above the images'; at 0.02 and 0.01 the norms are 87 and 63.
"""

import math

from rbm.core.language import _
from rbm.training.config import RATES, TrainConfig

PERSISTENT = ("pcd", "fpcd", "pt", "ptt")
FASTEST, STRONGEST = 0.02, 32.0


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


def outrun(config: TrainConfig, places: int = 0) -> str:
    """A sentence when persistent chains cannot keep up with the rate, with what to do; empty when they can.

    ``places`` is the number of categorical visible units, 0 where they are of another type.
    Adam is not judged: it scales every weight's step by its own gradient's history.
    """
    if config.algorithm not in PERSISTENT or config.optimizer == "adam":
        return ""
    strength = config.learning_rate / (1.0 - config.momentum) * places
    if strength > STRONGEST:
        slower = max((r for r in RATES if r <= config.learning_rate * STRONGEST / strength), default=RATES[0])
        return _(
            "Persistent chains cannot keep up with this rate: each of {places} categorical pixels has one state on in every "
            "image, so weights grow at once and the chains lose the data. Choose a rate of {slower:g}, or CD."
        ).format(places=places, slower=slower)
    end = scheduled_rate(config, 1.0)
    step = end / (1.0 - config.momentum)
    if step <= FASTEST:
        return ""
    slower = max((rate for rate in RATES if rate <= config.learning_rate * FASTEST / step), default=RATES[0])
    momentum = _(", or {step:.2g} with momentum").format(step=step) if config.momentum else ""
    return _(
        "Persistent chains cannot keep up with this rate: at the end of the run it is still "
        "{end:.2g}{momentum}, where {fastest:g} is the most. Choose the schedule linear, cosine or step, "
        "or a rate of {slower:g}."
    ).format(end=end, momentum=momentum, fastest=FASTEST, slower=slower)
