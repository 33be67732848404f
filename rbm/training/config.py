"""Every knob of training, with what a page or a command line needs to offer it: range, unit, usual values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

from rbm.core.language import _
from rbm.core.text import quoted
from rbm.errors import ConfigError

KEEP_CHAINS = ("pcd", "fpcd", "pt", "ptt")  # algorithms whose chains outlive a batch
RATES = (*(float(f"{mantissa}e{power}") for power in range(-5, 1) for mantissa in (1, 1.5, 2, 3, 5, 7)), 10.0)


@dataclass(frozen=True)
class Knob:
    """What a person is told about one setting. ``live`` ones may change while training goes on.

    ``acts``: whether the setting does anything beside the others, which it is given by name. Where it does not, any two of
    its values train the same parameters, and a screen leaves it out.
    """

    label: str
    help: str
    low: float | None = None
    high: float | None = None
    step: float | None = None
    unit: str = ""
    choices: tuple[Any, ...] = ()
    names: Mapping[Any, str] = field(default_factory=dict)  # of choices whose own name is an abbreviation
    stops: tuple[float, ...] = ()  # the values that a slider offers, where not every one makes sense
    live: bool = False
    acts: Callable[[Mapping[str, Any]], bool] = lambda settings: True

    def called(self, choice: Any) -> str:
        """A choice as a menu writes it."""
        return _(self.names.get(choice, str(choice)))

    def with_code(self, name: str) -> str:
        """What a complaint calls the setting: its name on the screen, and that in code where it is not the same words."""
        label = _(self.label)
        return label if label.lower().endswith(name.replace("_", " ")) else f"{label} ({name})"


def knob(default: Any, label: str, help: str, **more: Any) -> Any:
    """A dataclass field that carries its Knob as metadata."""
    return field(default=default, metadata={"knob": Knob(label, help, **more)})


def knobs(kind: type) -> Mapping[str, Knob]:
    """The knobs of a settings dataclass by field name, in the order in which they are declared."""
    return MappingProxyType({f.name: f.metadata["knob"] for f in fields(kind) if "knob" in f.metadata})


def check_knobs(settings: Any) -> None:
    """ConfigError, in one sentence, for the first value outside its knob's range or choices."""
    for name, k in knobs(type(settings)).items():
        value = getattr(settings, name)
        setting = k.with_code(name)
        if k.choices:
            if value not in k.choices:
                wrong = _("{setting} is {value}; choose one of: {choices}.")
                raise ConfigError(wrong.format(setting=setting, value=quoted(value), choices=", ".join(k.choices)))
        elif k.low is not None and k.high is not None:
            whole = isinstance(getattr(type(settings), name), int)
            if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
                kind = _("a whole number") if whole else "a number"
                wrong = _("{setting} is {value}; expected {kind} from {low:g} to {high:g}.")
                raise ConfigError(wrong.format(setting=setting, value=quoted(value), kind=kind, low=k.low, high=k.high))
            if not k.low <= value <= k.high:  # NaN fails this too
                raise ConfigError(
                    _("{setting} is {value}; expected {low:g} to {high:g} {unit}")
                    .format(
                        setting=setting, value=value if whole else f"{value:g}", low=k.low, high=k.high, unit=k.unit
                    )
                    .rstrip()
                    + "."
                )


@dataclass(frozen=True)
class TrainConfig:
    """How a model is trained; the defaults give readable filters on MNIST within seconds."""

    algorithm: str = knob(
        "cd",
        _("Algorithm"),
        _(
            "CD restarts its chains at the data for every batch; PCD keeps them going and follows the "
            "likelihood more closely. FPCD drives them on with fast weights, PT swaps them with hotter ones, "
            "PTT with those of the model's own past; Rdm starts them from noise for every batch; MFCD is CD "
            "without chance; exact is for tiny models."
        ),
        choices=("cd", "pcd", "fpcd", "pt", "ptt", "rdm", "mfcd", "exact"),
        names={
            "cd": _("CD: contrastive divergence"),
            "pcd": _("PCD: persistent chains"),
            "fpcd": _("FPCD: fast PCD"),
            "pt": _("PT: parallel tempering"),
            "ptt": _("PTT: trajectory tempering"),
            "rdm": _("Rdm: chains from noise"),
            "mfcd": _("MFCD: mean-field CD"),
            "exact": _("exact gradient"),
        },
    )
    k: int = knob(
        1,
        _("Gibbs steps k"),
        _(
            "Sampling steps in the negative phase; usually 1, and 5 to 25 for a gradient with less bias. Each "
            "costs another sweep; the positive phase and the update are made once."
        ),
        low=1,
        high=50,
        step=1,
        unit="steps",
        live=True,
        acts=lambda settings: settings["algorithm"] != "exact",
    )
    n_chains: int = knob(
        0,
        _("Persistent chains"),
        _(
            "Chains that PCD and its relatives keep; 0 takes as many as the batch has images; more give a calmer gradient."
        ),
        low=0,
        high=5000,
        stops=(0, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000),
        unit="chains",
        acts=lambda settings: settings["algorithm"] in KEEP_CHAINS,
    )
    n_replicas: int = knob(
        10,
        _("Replicas"),
        _(
            "Temperatures of PT, and versions of the model in PTT; usually 5 to 20: the larger the model, the "
            "more. Each costs as much as PCD's chains."
        ),
        low=2,
        high=50,
        step=1,
        unit="replicas",
        acts=lambda settings: settings["algorithm"] in ("pt", "ptt"),
    )
    learning_rate: float = knob(
        0.05,
        _("Learning rate"),
        _(
            "Size of a step along the gradient at the start of the schedule; usually 0.01 to 0.2 with SGD and "
            "0.0005 to 0.01 with Adam."
        ),
        low=1e-5,
        high=10.0,
        stops=RATES,
        live=True,
    )
    batch_size: int = knob(
        64,
        _("Batch size"),
        _("Images averaged for one update; usually 10 to 128. Small ones give stroke-like filters, large ones blobs."),
        low=1,
        high=1024,
        stops=(1, 2, 5, 10, 16, 20, 32, 50, 64, 100, 128, 200, 256, 512, 1024),
        unit="images",
    )
    epochs: int = knob(
        20,
        _("Epochs"),
        _("Passes over the training images; 5 to 20 show a lot, 100 polish, thousands suit toy sets."),
        low=1,
        high=5000,
        stops=(1, 2, 3, 5, 10, 12, 20, 30, 50, 100, 200, 300, 500, 1000, 2000, 5000),
    )
    optimizer: str = knob(
        "sgd",
        _("Optimiser"),
        _(
            "SGD with momentum is the classic; Nesterov's looks ahead and overshoots less; Adam scales every "
            "weight's step by its own gradient's history."
        ),
        choices=("sgd", "nesterov", "adam"),
    )
    centred: str = knob(
        "on",
        _("Centred gradient"),
        _(
            "On: pixels and units are measured from their means, so that weights and biases do not fight; the "
            "usual choice. Standardised: pixels are measured in units of how much they vary as well: those "
            "that rarely change learn faster, the others slower."
        ),
        choices=("on", "off", "standardised"),
    )
    momentum: float = knob(
        0.8,
        _("Momentum"),
        _(
            "Share of the last step that is carried into the next (not with Adam); usually 0.5 to 0.9; 0 leaves PCD calmest."
        ),
        low=0.0,
        high=0.99,
        step=0.01,
        live=True,
        acts=lambda settings: settings["optimizer"] != "adam",
    )
    weight_decay: float = knob(
        0.0001,
        _("Weight decay"),
        _("L2 pull of the weights (never the biases) towards zero; usually 0 to 0.001."),
        low=0.0,
        high=0.1,
        stops=(0.0, 0.00001, 0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1),
        live=True,
    )
    l1: float = knob(
        0.0,
        _("L1 penalty"),
        _("Constant pull of every weight towards zero, which leaves filters with few pixels; usually 0 to 0.001."),
        low=0.0,
        high=0.1,
        stops=(0.0, 0.00001, 0.00003, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1),
        live=True,
    )
    max_norm: float = knob(
        0.0,
        _("Largest weight norm"),
        _(
            "Length that the weights into one hidden unit may reach; 0 sets no limit, usually 5 to 20 where one is wanted."
        ),
        low=0.0,
        high=100.0,
        stops=(0.0, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 50.0, 100.0),
        live=True,
    )
    sparsity_target: float = knob(
        0.1,
        _("Sparsity target"),
        _(
            "Share of images that each hidden unit should be on for; usually 0.01 to 0.1. It acts through the sparsity cost."
        ),
        low=0.001,
        high=0.999,
        stops=(0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.999),
        live=True,
        acts=lambda settings: settings["sparsity_cost"] > 0,
    )
    sparsity_cost: float = knob(
        0.0,
        _("Sparsity cost"),
        _("How strongly a hidden unit's bias is moved towards the target; 0 is off, usually 0.1 to 1."),
        low=0.0,
        high=10.0,
        stops=(0.0, 0.01, 0.03, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0),
        live=True,
    )
    gradient_clip: float = knob(
        0.0,
        _("Gradient clipping"),
        _("Longest gradient that is followed in full, over all parameters; 0 never clips, usually 1 to 10."),
        low=0.0,
        high=100.0,
        stops=(0.0, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0),
        live=True,
    )
    schedule: str = knob(
        "linear",
        _("Learning-rate schedule"),
        _(
            "How the rate changes over all the epochs; falling to zero lets the weights settle and persistent "
            "chains keep up. Step takes a tenth from half way and a hundredth from three quarters; inverse "
            "ends at a tenth. Asked for more epochs, a run goes on at the rate that the longer schedule has "
            "there."
        ),
        choices=("constant", "linear", "step", "cosine", "inverse"),
    )
    weighting: str = knob(
        "alike",
        _("What rows count"),
        _(
            "Alike: every training image once an epoch. By class: each class as much as any other, however "
            "many images it has. By likeness: the more images share four fifths of its pixels, the less one "
            "counts, as is usual for protein families. Rows are drawn that often; measurements count all rows "
            "alike."
        ),
        choices=("alike", "by class", "by likeness"),
    )
    binarise: str = knob(
        "stochastic",
        _("Grey levels"),
        _(
            "Stochastic draws every pixel again in each epoch with its grey level as probability; threshold "
            "cuts at 0.5; none is for data that are states of the units already: zeros and ones, or real "
            "values with gaussian units."
        ),
        choices=("stochastic", "threshold", "none"),
        acts=lambda settings: settings.get("visible", "bernoulli") == "bernoulli",
    )
    likelihood: str = knob(
        "1-2-5",
        _("Likelihood after epochs"),
        _(
            "Which epochs' machines get their log-likelihood bracketed (1-2-5: after 1, 2, 5, 10, 20 ...). The "
            "first takes a fifth of the time until it is there, later ones a twentieth; nothing else changes."
        ),
        choices=("never", "1-2-5", "each"),
        acts=lambda settings: settings["binarise"] != "none" or settings.get("visible", "bernoulli") != "bernoulli",
    )
    precision: str = knob(
        "auto",
        _("Precision"),
        _(
            "Number format of the matrix products; auto takes bfloat16 where the processor has instructions "
            "for it, the machine is large enough to gain and too many pixels are on to add up rows of W instead, and "
            "float32 elsewhere."
        ),
        choices=("auto", "float32", "bfloat16"),
    )
    device: str = knob(
        "auto",
        _("Device"),
        _("Where the tensors live; auto takes a GPU when there is one."),
        choices=("auto", "cpu", "cuda", "mps"),
    )

    def __post_init__(self) -> None:
        check_knobs(self)


# What an algorithm needs where the shared defaults are not enough, found with `python -m rbm reproduce defaults`: without
# chance a single mean-field step hardly leaves the image, and the weights grow towards modes that nobody visits.
SUITED: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "mfcd": MappingProxyType({"k": 5, "weight_decay": 0.001}),
        "rdm": MappingProxyType({"k": 10, "momentum": 0.0}),
    },
)


def suited(algorithm: str) -> TrainConfig:
    """The defaults of an algorithm: what the Train page has when nothing else is chosen."""
    return TrainConfig(algorithm=algorithm, **SUITED.get(algorithm, {}))


def with_algorithm(settings: Mapping[str, Any], algorithm: str) -> dict[str, Any]:
    """``settings`` by field name under another algorithm: what was the old one's default becomes the new one's.

    Whatever a person chose stays as it is.
    """
    old, new = suited(settings["algorithm"]), suited(algorithm)
    moved = {name for name in knobs(TrainConfig) if getattr(old, name) != getattr(new, name)}
    untouched = {name: getattr(new, name) for name in moved if settings[name] == getattr(old, name)}
    return {**settings, **untouched, "algorithm": algorithm}


LIVE = tuple(name for name, k in knobs(TrainConfig).items() if k.live)
