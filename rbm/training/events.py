"""What training tells: one event now and then, and what each of its numbers means."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from rbm.core.language import _


class TrainEvent(NamedTuple):
    """Where training stands: updates done, epochs done (a fraction within one), numbers by name, seconds of training."""

    step: int
    epoch: float
    metrics: Mapping[str, float]
    seconds: float


class Measure(NamedTuple):
    """One number of the event stream: its title, its unit, what it tells and what it does not."""

    title: str
    unit: str
    tells: str
    not_tells: str


MEASURES = MappingProxyType(
    {
        "cd_loss": Measure(
            _("CD loss F(v) − F(vₖ)"),
            _("nats per image"),
            _(
                "How much higher the free energy of the images is than that of the chain's states: below 0, as "
                "usual with CD, the model finds the images likelier than what its chain makes of them."
            ),
            _(
                "It is a difference used for its gradient, not a likelihood: it may rise while the model learns. 0 "
                "says that both are equally likely on average, not that the chain stays at the data."
            ),
        ),
        "reconstruction_error": Measure(
            _("Reconstruction error"),
            _("mean squared error per pixel"),
            _(
                "How far ⟨v|⟨h⟩⟩ lies from an image: the pixels' means, p(v|⟨h⟩) where they are on or off, given "
                "those of the hidden units, of which no sample is drawn."
            ),
            _(
                "It is a proxy: it can fall while the likelihood falls, because a chain that hardly moves reconstructs well."
            ),
        ),
        "pseudo_log_likelihood": Measure(
            _("Pseudo-log-likelihood"),
            _("nats per image"),
            _(
                "How well each pixel of a validation image is predicted from all the others, summed over all "
                "pixels and averaged over at most 128 images, of a large machine fewer, down to 20. They are the same for all "
                "machines of one size and kind on the data. Of gaussian and relu pixels it is a density and may be above 0; of "
                "large machines of them it is measured now and then, on still fewer images."
            ),
            _("It is not the likelihood: a model may score well here and mix badly."),
        ),
        "log_likelihood": Measure(
            _("Log-likelihood (two estimates)"),
            _("nats per image"),
            _(
                "How probable the model makes validation images, which is what learning is for. Two estimates of "
                "log Z bracket it in expectation: annealed importance sampling, which gives too high a value on "
                "average, and its reverse, too low a one. Where a layer has at most 4,096 states, as 12 binary "
                "units have, it is exact."
            ),
            _(
                "Where the two ends lie far apart neither is to be believed. The reverse chains start at samples "
                "by population annealing: what those miss of the model's modes, the lower end misses too, and is "
                "too high. Of Gaussian and ReLU units it is the logarithm of a density, which may lie above 0."
            ),
        ),
        "free_energy_train": Measure(
            _("Free energy, training"),
            _("nats per image"),
            _("Mean free energy of a fixed sample of training images."),
            _("Its absolute value says nothing, since log Z moves too: compare it with the validation curve only."),
        ),
        "free_energy_validation": Measure(
            _("Free energy, validation"),
            _("nats per image"),
            _("Mean free energy of a fixed sample of images that are never trained on."),
            _("Its absolute value says nothing, since log Z moves too: compare it with the training curve only."),
        ),
        "free_energy_gap": Measure(
            _("Overfitting gap"),
            _("nats per image"),
            _(
                "F(validation) − F(training): when it grows, the model likes the images it has seen better than new ones."
            ),
            _("A small gap does not mean a good model: one that has learnt nothing has none."),
        ),
        "weight_norm": Measure(
            _("Weight norm ‖W‖"),
            _("Frobenius norm"),
            _("The overall size of the weights; it grows fast at first and then slowly."),
            _(
                "It does not say whether the weights are any good; growth without end hints at too high a rate or no decay."
            ),
        ),
        "dead_units": Measure(
            _("Dead hidden units"),
            _("share of units"),
            _("Hidden units that are on in fewer than 1 % of validation images."),
            _("A rarely used unit can still be a useful specialist on other data."),
        ),
        "saturated_units": Measure(
            _("Always-on hidden units"),
            _("share of units"),
            _("Hidden units that are on in more than 99 % of validation images: they act as a bias."),
            _("A unit may saturate early and come back."),
        ),
        "swap_rate": Measure(
            _("Swap rate"),
            _("share accepted"),
            _("How often neighbouring replicas trade places, for the pair that does so least; 0.3 to 0.6 is good."),
            _("Swaps alone mix nothing: the hottest replica must move freely, so look at the lowest β too."),
        ),
        "lowest_beta": Measure(
            _("Lowest β"),
            _("inverse temperature"),
            _(
                "How hot the hottest replica is: 0 is pure noise, 1 the model itself; the ladder reaches as far as swaps allow."
            ),
            _("How low is low enough depends on the model: more replicas reach further."),
        ),
        "saved_models": Measure(
            _("Saved versions"),
            "models",
            _("Past versions of the model that trajectory tempering swaps with: a new one whenever swaps become rare."),
            _("Their number is limited by the replicas; when it stands still, look at the swap rate."),
        ),
        "samples_per_second": Measure(
            _("Speed"),
            _("images per second"),
            _("Training images taken through an update each second, measurements left out."),
            _(
                "It says nothing about learning. k steps take less than k times as long: the positive phase and "
                "the update are made once."
            ),
        ),
        "learning_rate": Measure(
            _("Learning rate"),
            _("step size"),
            _("The rate in force after the schedule."),
            _("With Adam the size of a step also depends on each weight's history."),
        ),
    }
)
