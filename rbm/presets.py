"""Ready-made runs: the sources' recipes, good starts, and runs that make a point by going wrong."""

from types import MappingProxyType
from typing import NamedTuple

from rbm.core.language import _
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec
from rbm.training.config import TrainConfig


class Preset(NamedTuple):
    """A named run and why one would try it: what to look at, in a sentence or two."""

    title: str
    why: str
    spec: RunSpec


PRESETS = MappingProxyType(
    {
        "default": Preset(
            _("Digits in seconds"),
            _("CD-1 with 100 units, the place to start: strokes appear among the filters within seconds."),
            RunSpec(),
        ),
        "pcd": Preset(
            _("Better likelihood: PCD"),
            _(
                "The same size with persistent chains and no momentum: a far better model of the digits, though "
                "its reconstructions look no better. Step its chains from noise on the page Gibbs sampling."
            ),
            RunSpec(
                training=TrainConfig(
                    algorithm="pcd", learning_rate=0.1, momentum=0.0, schedule="linear", epochs=12, weight_decay=0.0001
                )
            ),
        ),
        "hinton": Preset(
            _("Hinton's practical guide"),
            _(
                "CD-1 with 500 units, batches of 100, momentum 0.9, a little weight decay and the visible biases set "
                "from the data, as his guide of 2010 advises."
            ),
            RunSpec(
                model=ModelSpec(n_hidden=500),
                training=TrainConfig(
                    centred="off",
                    learning_rate=0.05,
                    schedule="constant",
                    momentum=0.9,
                    batch_size=100,
                    weight_decay=0.0002,
                    epochs=30,
                ),
            ),
        ),
        "adam_500": Preset(
            _("Tutorial recipe with Adam"),
            _(
                "500 units, Adam at 0.001, batches of 64, pixels drawn from grey levels, zero biases at the start. Its "
                "pictures are usually shown at epoch 20; little changes after 10."
            ),
            RunSpec(
                model=ModelSpec(n_hidden=500, visible_bias="zero"),
                training=TrainConfig(
                    centred="off",
                    optimizer="adam",
                    learning_rate=0.001,
                    schedule="constant",
                    weight_decay=0.0,
                    epochs=100,
                ),
            ),
        ),
        "momentum_100": Preset(
            _("Momentum, a falling rate"),
            _(
                "The classroom recipe: shuffled batches, 10 % validation, momentum, decaying rate. Watch the two free energies."
            ),
            RunSpec(
                training=TrainConfig(
                    centred="off", learning_rate=0.1, momentum=0.5, schedule="inverse", epochs=20, weight_decay=0.0
                )
            ),
        ),
        "threshold_128": Preset(
            _("Thresholded pixels, Adam"),
            _(
                "Grey levels cut at 0.5 and a large Adam rate for ten epochs. Thresholded digits are another, "
                "easier task: do not compare likelihoods across."
            ),
            RunSpec(
                model=ModelSpec(n_hidden=128, visible_bias="zero"),
                training=TrainConfig(
                    centred="off",
                    optimizer="adam",
                    learning_rate=0.01,
                    schedule="constant",
                    weight_decay=0.0,
                    epochs=10,
                    binarise="threshold",
                ),
            ),
        ),
        "toy": Preset(
            _("Bars and stripes, exactly"),
            _(
                "Thirty pictures of 16 pixels: small enough that everything can be computed exactly. Its filters become bars."
            ),
            RunSpec(
                dataset=DatasetSpec("bars_and_stripes"),
                model=ModelSpec(n_hidden=16),
                training=TrainConfig(
                    algorithm="pcd",
                    k=5,
                    batch_size=30,
                    epochs=5000,
                    learning_rate=0.1,  # 0.2 suits the plain gradient; centred steps go further, and 30 chains follow less
                    momentum=0.0,
                    weight_decay=0.0,
                    schedule="linear",
                ),
            ),
        ),
        "out_of_equilibrium": Preset(
            _("Out of equilibrium"),
            _(
                "Chains start from noise for every batch and take 10 steps: the machine makes its best digits "
                "exactly 10 steps from noise and worse ones ever after. Press Examine on the page Diagnostics and "
                "look at quality against steps."
            ),
            RunSpec(
                training=TrainConfig(
                    algorithm="rdm", k=10, learning_rate=0.05, schedule="constant", momentum=0.0, epochs=5
                )
            ),
        ),
        "too_fast": Preset(
            _("Goes wrong: rate too high"),
            _(
                "At rate 10 the weights explode within moments. The run stops, says why, and keeps the last good weights."
            ),
            RunSpec(
                training=TrainConfig(
                    centred="off", learning_rate=10.0, schedule="constant", momentum=0.9, weight_decay=0.0
                )
            ),
        ),
        "overfit": Preset(
            _("Goes wrong: overfitting"),
            _("Only 500 training images for 500 units: the gap between the two free energies opens and keeps growing."),
            RunSpec(
                dataset=DatasetSpec(size=500),
                model=ModelSpec(n_hidden=500),
                training=TrainConfig(
                    centred="off",
                    learning_rate=0.05,
                    schedule="constant",
                    momentum=0.5,
                    batch_size=20,
                    epochs=300,
                    weight_decay=0.0,
                ),
            ),
        ),
        "dead": Preset(
            _("Goes wrong: dead units"),
            _(
                "A rough start with a strong decay: most filters stay grey and switch off; watch the share of dead units."
            ),
            RunSpec(
                model=ModelSpec(n_hidden=256, visible_bias="zero"),
                training=TrainConfig(
                    centred="off",
                    learning_rate=1.0,
                    schedule="constant",
                    momentum=0.5,
                    batch_size=10,
                    weight_decay=0.003,
                    epochs=10,
                ),
            ),
        ),
        "k1": Preset(
            _("Compare: CD, k = 1"),
            _(
                "Note reconstruction error and likelihood, then run k = 25: errors are alike, the likelihood of k "
                "= 1 is far worse."
            ),
            RunSpec(
                model=ModelSpec(n_hidden=64),
                training=TrainConfig(
                    centred="off", k=1, learning_rate=0.1, schedule="constant", epochs=3, momentum=0.5
                ),
            ),
        ),
        "k25": Preset(
            _("Compare: CD, k = 25"),
            _(
                "The other half of the comparison: slower, no better reconstructions, yet its chains from noise "
                "look like digits."
            ),
            RunSpec(
                model=ModelSpec(n_hidden=64),
                training=TrainConfig(
                    centred="off", k=25, learning_rate=0.1, schedule="constant", epochs=3, momentum=0.5
                ),
            ),
        ),
        "batch_1": Preset(
            _("Compare: one image a batch"),
            _(
                "Many noisy updates: filters become strokes. With a batch of 100 and as many epochs they stay points and blobs."
            ),
            RunSpec(
                training=TrainConfig(
                    centred="off",
                    batch_size=1,
                    learning_rate=0.005,
                    schedule="constant",
                    momentum=0.0,
                    epochs=2,
                    weight_decay=0.0,
                )
            ),
        ),
    }
)
