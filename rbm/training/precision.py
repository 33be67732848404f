"""In which number format training multiplies: float32, or bfloat16 products on a float32 master copy.

bfloat16 keeps float32's range with 8 bits of precision, and processors with instructions for it multiply it at twice to
many times the speed. Samples are 0 or 1 and exact in it; fields and gradients are rounded by at most 2⁻⁸ of themselves,
less than their own chance. What is learnt adds up in float32, where small steps are not lost
(Micikevicius et al., Mixed Precision Training, 2018, section 3.1).
"""

import copy
from typing import NamedTuple

import torch

from rbm.core.language import _
from rbm.errors import ConfigError
from rbm.models.rbm import RBM
from rbm.training.config import TrainConfig
from rbm.training.gradients import Phases

HALF_ALGORITHMS = ("cd", "pcd", "rdm", "mfcd")  # those that compare no energies, which bfloat16 cannot
SMALLEST = 2**15  # weights; below it nearly all of a step is not products


class Precision(NamedTuple):
    """The format of the products and, in a sentence, why."""

    dtype: torch.dtype
    reason: str

    @property
    def name(self) -> str:
        return str(self.dtype).removeprefix("torch.")


def has_bfloat16_instructions() -> bool:
    """Whether this processor multiplies bfloat16 itself: AVX-512 BF16 or AMX. Read from its flags, never timed."""
    flags = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(bool(getattr(torch.cpu, flag, bool)()) for flag in flags)


def choose_precision(config: TrainConfig, model: RBM, by_rows: bool = False) -> Precision:
    """What ``config.precision`` means for this model on this machine; the same answer every time.

    ``by_rows``: in float32 rows of W are added up (``rbm.training.by_rows``), which is as fast as bfloat16 products or up to
    2.6 times faster (``python -m rbm bench``).

    ConfigError where bfloat16 is asked for by name and the algorithm or a unit cannot do with it.
    """
    if config.precision == "float32":
        return Precision(model.weight.dtype, _("float32 was asked for."))
    full, obstacle = model.weight.dtype, _obstacle(config, model)
    if config.precision == "bfloat16":
        if obstacle:
            wrong = _("precision='bfloat16' does not fit: {obstacle}; set precision to 'auto' or 'float32'.")
            raise ConfigError(wrong.format(obstacle=obstacle))
        return Precision(torch.bfloat16, _("bfloat16 was asked for."))
    if obstacle:
        return Precision(full, _("float32, because {obstacle}.").format(obstacle=obstacle))
    if model.weight.device.type != "cpu" or not has_bfloat16_instructions():
        return Precision(full, _("float32, because this processor has no instructions for bfloat16 products."))
    if by_rows:
        return Precision(full, _("float32, because adding up rows of W is at least as fast as bfloat16 products."))
    if model.weight.numel() < SMALLEST:
        return Precision(full, _("float32, because a model this small gains nothing from bfloat16."))
    return Precision(torch.bfloat16, _("bfloat16 products, because this processor has instructions for them."))


def _obstacle(config: TrainConfig, model: RBM) -> str:
    if config.algorithm not in HALF_ALGORITHMS:
        return _("{algorithm} needs more exact numbers than it has (only {half_algorithms} do without)").format(
            algorithm=config.algorithm, half_algorithms=", ".join(HALF_ALGORITHMS)
        )
    odd = {model.visible_unit.name, model.hidden_unit.name} - {"bernoulli"}
    if odd:
        return _("it covers bernoulli units only, not {odd} ones").format(odd=" and ".join(sorted(odd)))
    if model.weight.dtype != torch.float32:
        return _("the model itself is in {dtype}").format(dtype=str(model.weight.dtype).removeprefix("torch."))
    return ""


class HalfCopy:
    """A bfloat16 copy of ``master`` for the chains to follow; ``model`` is that copy."""

    def __init__(self, master: RBM) -> None:
        self.master, self.model = master, copy.deepcopy(master).to(torch.bfloat16)

    @torch.no_grad()
    def renew(self) -> None:
        """Round the master's parameters as they stand."""
        for rounded, p in zip(self.model.parameters(), self.master.parameters(), strict=True):
            rounded.copy_(p)


def widened(phases: Phases) -> Phases:
    """bfloat16 phases in float32, for what is summed or subtracted afterwards."""
    v0, h0_mean, vk, hk_mean = (t.float() for t in phases[:4])
    return phases._replace(v0=v0, h0_mean=h0_mean, vk=vk, hk_mean=hk_mean)
