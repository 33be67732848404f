"""The learning rate over a run: can persistent chains keep up with it, do weights come to rest? Reading this needs no torch.

    s = η / (1 − μ)        η the rate, μ the momentum

is how far a lasting gradient moves the model in an update. Above FASTEST when all epochs are done, where the model should come
to rest, persistent chains never catch up: they chase the modes that the model has just made and leave it others that nobody
visits any more, so the likelihood falls while the pictures look well. Falling to zero, a rate lets them, unless it began above
SWIFTEST: then the first updates have made modes that no later rate unmakes. Measured on 6,000 digits, 100 units, 20 epochs of
PCD-1 with the rate falling to zero: −114 nats at s = 0.25 and 0.5, −129, −134 and −137 at 1, 1.5 and 2.5, where CD-1 reaches
−123; without momentum −113, −111, −115 and −125 at 0.25, 0.5, 1 and 2. Adam scales every weight's step by its own gradient's
history, so only where it begins is judged, against ADAM: −116 nats at 0.01, −126 at 0.05, where CD-1 reaches −124.

Chains that begin at the data keep up with any rate that falls: CD-1 reaches −120 to −122 nats at s from 0.4 to 4, and −128 and
−134 at 10 and 20, mostly on too few effective chains to be sure of the last two. A rate that stays above RESTLESS keeps the
weights in motion: −124 nats at s = 0.5 to the end, −136, −156 and −190 at 1, 2 and 4; mean field −134, −143 and −152 at 0.5, 1
and 2.5.

Of P one-hot units each has a column on in every image, so an update moves a hidden unit's field by up to P η / (1 − μ). Above
STRONGEST the first updates already throw the chains away from the data, and no later rate brings them back. Measured on faces of
8 colours, P = 256, 640 updates of PCD-1: at η = 0.05 the norm of W is 390, still grows, and the chains' free energy is 3,400 nats
above the images'; at 0.02 and 0.01 the norms are 87 and 63.
"""

import math

from rbm.core.language import _
from rbm.training.config import RATES, TrainConfig

PERSISTENT, FROM_DATA = ("pcd", "fpcd", "pt", "ptt"), ("cd", "mfcd")
FASTEST, SWIFTEST, STRONGEST, ADAM, RESTLESS = 0.02, 0.75, 32.0, 0.02, 0.75
_BEGINS = _(
    "Persistent chains cannot keep up with this rate: it begins at {rate:.2g}{momentum}, where {most:g} is the most. "
    "Choose a rate of {slower:g}, or CD."
)
_ENDS = _(
    "Persistent chains cannot keep up with this rate: at the end of the run it is still {rate:.2g}{momentum}, where "
    "{most:g} is the most. Choose the schedule linear, cosine or step, or a rate of {slower:g}."
)
_MOVES = _(
    "The weights may never come to rest at this rate: at the end of the run it is still {rate:.2g}{momentum}, where "
    "{most:g} is the most. Choose the schedule linear, cosine or step, or a rate of {slower:g}."
)


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
    """A sentence when persistent chains cannot keep up with the rate, or the weights do not come to rest, with what to do.

    ``places`` is the number of categorical visible units, 0 where they are of another type. Empty when all is well.
    """
    if config.algorithm in FROM_DATA and config.optimizer != "adam":
        return _judged(config, (1.0, RESTLESS, _MOVES))
    if config.algorithm not in PERSISTENT:
        return ""
    if config.optimizer == "adam":
        if config.learning_rate <= ADAM:
            return ""
        return _(
            "Persistent chains cannot keep up with this rate of Adam: it begins at {rate:.2g}, where {most:g} is the most. "
            "Choose a rate of {most:g}, or CD."
        ).format(rate=config.learning_rate, most=ADAM)
    strength = config.learning_rate / (1.0 - config.momentum) * places
    if strength > STRONGEST:
        slower = max((r for r in RATES if r <= config.learning_rate * STRONGEST / strength), default=RATES[0])
        return _(
            "Persistent chains cannot keep up with this rate: each of {places} categorical pixels has one state on in every "
            "image, so weights grow at once and the chains lose the data. Choose a rate of {slower:g}, or CD."
        ).format(places=places, slower=slower)
    return _judged(config, (0.0, SWIFTEST, _BEGINS), (1.0, FASTEST, _ENDS))


def _judged(config: TrainConfig, *limits: tuple[float, float, str]) -> str:
    """The first sentence whose limit the rate is above when so much of the run is done; "" for none."""
    for progress, most, sentence in limits:
        rate = scheduled_rate(config, progress)
        step = round(rate / (1.0 - config.momentum), 9)  # a rate that is the most is not above it
        if step > most:
            slower = max((one for one in RATES if one <= config.learning_rate * most / step), default=RATES[0])
            momentum = _(", or {step:.2g} with momentum").format(step=step) if config.momentum else ""
            return sentence.format(rate=rate, momentum=momentum, most=most, slower=slower)
    return ""
