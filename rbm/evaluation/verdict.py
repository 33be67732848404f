"""Whether an estimated likelihood may be quoted, and the words that stand beside it where it may not.

    ESS = (Σw)² / Σw²        of N weights, 1 to N: with fewer than FEWEST_EFFECTIVE the standard error itself is a guess

AIS and reverse AIS bound log Z from below and from above *in expectation*; in one run they may come out the other way
round, which is called crossed. Everything that shows a likelihood takes its words from here: the tables of the studies,
the command line and the pages. Reading this needs no torch.
"""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from rbm.core.language import _

FEWEST_EFFECTIVE = 5.0  # chains
UNRELIABLE = _("unreliable")


class Verdict(NamedTuple):
    """``mark``: what stands beside the number, empty where it may be quoted; ``sentences``: why, each fit for a person."""

    mark: str
    sentences: tuple[str, ...]


def unreliable(ess: float | None) -> bool:
    """Whether a likelihood whose log Z rests on ``ess`` effective chains needs the mark; None stands for an exact one."""
    return ess is not None and not ess >= FEWEST_EFFECTIVE  # NaN is no proof of anything


def quoted(value: float, ess: float | None, digits: int = 2) -> str:
    """The number as it may be shown anywhere: "−119.03", or "−123.35 (unreliable)"."""
    number = f"{value:.{digits}f}".replace("-", "−")
    return f"{number} ({UNRELIABLE})" if unreliable(ess) else number


def too_few(ess: float) -> str:
    """The sentence about too small an effective sample size, which is never rounded to one that is large enough."""
    shown = math.floor(10 * ess) / 10 if round(ess, 1) >= FEWEST_EFFECTIVE else ess
    return _(
        "Unreliable: effective sample size {ess:.1f} (at least {fewest_effective:g} needed). Use more temperatures."
    ).format(ess=shown, fewest_effective=FEWEST_EFFECTIVE)


def crossed(gap: float) -> str:
    """The sentence about estimates that are the wrong way round by more than what two decimals show; else empty.

    ``gap``: the log-likelihood from AIS minus that from reverse AIS, nats, which is never negative in expectation.
    """
    if round(gap, 2) >= 0:
        return ""
    return _("The two estimates are crossed by {gap:.2f} nats: they enclose the truth only in expectation.").format(
        gap=-gap
    )


def judge(*, ess: float | None, gap: float) -> Verdict:
    """The verdict on two estimates ``gap`` apart (as in :func:`crossed`), ``ess`` the smaller of their sample sizes."""
    doubt = too_few(ess) if ess is not None and unreliable(ess) else ""
    return Verdict(UNRELIABLE if doubt else "", tuple(filter(None, (doubt, crossed(gap)))))


def mark(*, trustworthy: bool, gap: float) -> str:
    """What stands beside a likelihood that is shown as a span, whose ends no longer tell which estimate is which."""
    return ", ".join(filter(None, ("" if trustworthy else UNRELIABLE, _("crossed") if crossed(gap) else "")))


def of_result(result: Mapping[str, Any]) -> Verdict:
    """The verdict on a kept evaluation, see :func:`rbm.tasks.likelihood.summary`, of any version of this program.

    Estimates more than a nat or two apart are not trustworthy either, and bear the same mark with their own reason.
    """
    if result["method"] == "exact":
        return Verdict("", ())
    ess = min(result["ess"], result.get("ess_reverse", result["ess"]))  # older results know only the forward one
    found = judge(ess=ess, gap=result["log_z_reverse"] - result["log_z"])
    if found.mark or result["trustworthy"]:
        return found
    return Verdict(UNRELIABLE, (str(result["reason"]), *found.sentences))
