"""Do chains mix? How long they remember, how many independent samples they are worth, and whether they agree.

Any number that a chain shows sweep by sweep will do; the free energy is the usual one. Letters: T sweeps, N chains, n
rows of a half, t a lag in sweeps. Each chain counts as two, its halves, in whatever judges mixing: one that drifts then
disagrees with itself (Vehtari et al. 2021, section 3). What all chains miss, no diagnostic of the chains can see: a low
R-hat says only that chains which started apart have come together.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from rbm.core.language import _
from rbm.errors import ShapeError
from rbm.samplers.trajectory import Frames

FEWEST_SWEEPS = 4  # two halves of two rows: the least that has a variance
STUCK = 1.1  # R-hat; Gelman & Rubin's old limit, read as "these chains are in different places"
MIXED = 1.01  # R-hat; Vehtari et al. 2021, section 4. About 50 autocorrelation times in half a run, as R̂² ≈ 1 + τ/n
FORGOTTEN = 0.05  # an autocorrelation, e^-3: three times the time in which an exponential falls to a third
ENOUGH = 400.0  # effective samples; Vehtari et al. 2021: fewer, and these diagnostics are themselves noise


class Mixing(NamedTuple):
    """``autocorrelation_time`` τ in sweeps, ``ess`` = TN / τ in samples, ``r_hat`` (1 is ideal), and what to make of them.

    NaN for what the chains do not tell; ``verdict`` is one sentence, fit to be shown to a person.
    """

    autocorrelation_time: float
    ess: float
    r_hat: float
    verdict: str


def diagnose(chains: Tensor | Frames) -> Mixing:
    """How well chains mix, from one number a sweep and chain (T, N), or from the free energies of a trajectory.

    The first sweeps count as the rest do: cut them off if the chains started from noise. Too few sweeps, values that
    are not finite or that never change give NaN and a verdict that says so. ShapeError unless (T, N).
    """
    x = chains if isinstance(chains, Tensor) else chains.free_energy
    x = _matrix(x)
    if len(x) < FEWEST_SWEEPS:
        return _unknown(
            _("Only {n} sweeps so far: {fewest_sweeps} are the least, hundreds are better.").format(
                n=len(x), fewest_sweeps=FEWEST_SWEEPS
            )
        )
    if not bool(x.isfinite().all()):
        return _unknown(_("Some values are not finite: the model has diverged, and its chains say nothing."))
    if bool((x == x[0, 0]).all()):
        return _unknown(
            _("Nothing changed in {n} sweeps: the chains are frozen, or this number cannot tell.").format(n=len(x))
        )
    tau, r = autocorrelation_time(x), r_hat(x)
    ess = x.numel() / tau
    return Mixing(tau, ess, r, _verdict(tau, ess, r, *x.shape))


def autocorrelation(x: Tensor) -> Tensor:
    """ρ_t of chains x (T, N) at lags t = 0 ... T − 1, all chains together, uncut: (T,), float64, ρ_0 = 1.

        ρ_t = (γ_t + B) / (γ_0 + B)

    with γ_t a chain's autocovariance about its own mean, divided by T and averaged over chains, and B the variance of
    the chains' means. Where those differ more than chance allows, ρ_t stays high at every lag: a chain that never
    crosses remembers for ever. One chain alone cannot show that. NaN if nothing varies. O(NT log T), by FFT.
    Source: Vehtari et al. 2021, eq. 10, written with γ_0 in place of W (which makes ρ_0 exactly 1).
    """
    return _correlation(_long_enough(x))


def autocorrelation_time(x: Tensor) -> float:
    """τ = 1 + 2 Σ_{t ≥ 1} ρ_t of chains x (T, N), in sweeps: so many are worth one independent sample. 1 is ideal.

    Of each chain's halves, so ρ_t reaches to T/2: a drift is then a difference between them, which stays at every lag.
    Summed in pairs P_k = ρ_2k + ρ_2k+1 up to the first that is not positive, and none larger than the one before:
    for a reversible chain, as Gibbs sampling of v is, the true pairs are positive and fall (Geyer, Practical Markov
    Chain Monte Carlo, 1992, section 3.3). The relative error is about √(2(2m + 1) / TN) for a sum of m lags (Madras
    & Sokal 1988). Where chains are far shorter than τ or stuck, it is of the order of T: a lower bound, no estimate.
    NaN if nothing varies.
    """
    return _time(_correlation(_halves(_long_enough(x))), x.numel())


def autocorrelation_time_error(x: Tensor, groups: int = 20) -> float:
    """The standard error of ``autocorrelation_time`` of chains x (T, N), of its window's choice too; NaN of a single chain.

    The jackknife over groups of whole chains, each left out in turn and the rest summed anew to where that sum ends, but no
    less than Madras & Sokal's; and beside it, as the bias of the window of m lags, what the next m lags would add.
    """
    n, groups = _long_enough(x).shape[1], min(groups, x.shape[1])
    if groups < 2:
        return math.nan
    halves = _halves(_matrix(x))
    covariance, means = _autocovariance(halves), halves.mean(0)
    total, left = covariance.sum(1), []
    for group in torch.arange(n).tensor_split(groups):
        rest = torch.ones(2 * n, dtype=torch.bool)
        rest[torch.cat([group, group + n])] = False  # both halves of each
        summed = (total - covariance[:, ~rest].sum(1)) / int(rest.sum()) + means[rest].var()
        left.append(_time(summed / summed[0], x.numel()))
    rho = total / (2 * n) + means.var()
    rho /= rho[0].clone()
    tau, m = _time(rho, x.numel()), 2 * len(_falling(rho))
    jackknife = math.sqrt((groups - 1) * float(torch.tensor(left, dtype=torch.float64).var(correction=0)))
    beyond = 2.0 * float(rho[m : 2 * m].sum())
    return math.hypot(max(jackknife, tau * math.sqrt(2 * (2 * m + 1) / x.numel())), beyond)


def _time(rho: Tensor, n_values: int) -> float:
    tau = -1.0 + 2.0 * float(_falling(rho).sum())
    limit = 1.0 / math.log10(n_values)  # Stan's, for antithetic chains
    return max(tau, limit) if math.isfinite(tau) else math.nan


def _falling(rho: Tensor) -> Tensor:
    """Its pairs up to the first that is not positive, none larger than the one before."""
    pairs = rho[: len(rho) // 2 * 2].view(-1, 2).sum(1)
    stop = (pairs <= 0).nonzero()
    pairs = pairs[: int(stop[0])] if len(stop) else pairs
    return pairs.cummin(0).values if len(pairs) else pairs


def forgotten_after(x: Tensor) -> float:
    """The first lag, in sweeps, at which ρ_t of chains x (T, N) is below FORGOTTEN: where a chain was says no more where it is.

    NaN where no lag up to T/2 is, as of chains that are stuck, or too short to tell; and if nothing varies.
    """
    rho = autocorrelation(x)
    below = (rho[: len(rho) // 2 + 1] < FORGOTTEN).nonzero()
    return float(below[0]) if len(below) else math.nan


def effective_sample_size(x: Tensor) -> float:
    """TN / τ of chains x (T, N): independent samples with the same error of the mean. NaN if nothing varies."""
    return x.numel() / autocorrelation_time(x)


def r_hat(x: Tensor) -> float:
    """Split, rank-normalised R-hat of chains x (T, N): √(variance of all / variance within), 1 is ideal.

    Each chain is cut into halves, so one that drifts disagrees with itself; values are replaced by the normal scores
    of their ranks, so no distribution is too wild; the greater of that for x and for |x − median|, which sees chains
    that agree in place but not in spread. Infinite for chains that each stand still in another place, NaN if nothing
    varies. Source: Vehtari, Gelman, Simpson, Carpenter & Bürkner, Rank-Normalization, Folding, and Localization: An
    Improved R-hat, Bayesian Analysis 16, 2021, section 4.
    """
    halves = _halves(_long_enough(x))
    bulk = _plain_r_hat(_normal_scores(halves))
    folded = _plain_r_hat(_normal_scores((halves - _median(halves)).abs()))
    return bulk if math.isnan(folded) else max(bulk, folded)


def _verdict(tau: float, ess: float, r: float, n_sweeps: int, n_chains: int) -> str:
    of_all = _("of all {n_chains:,} chains").format(n_chains=n_chains) if n_chains > 1 else _("of the chain")
    if r > STUCK:
        return _(
            "The chains do not mix: R-hat is {r:.3f}, they stay in different places; take far more sweeps, or "
            "a sampler that crosses between modes."
        ).format(r=r)
    if r > MIXED or ess < ENOUGH:
        return _(
            "The chains are on the way: R-hat is {r:.3f} ({mixed:g} is wanted) and the sweeps {of_all} are "
            "worth {ess:,.0f} independent samples ({enough:g} are wanted); run them longer."
        ).format(r=r, mixed=MIXED, of_all=of_all, ess=ess, enough=ENOUGH)
    return _(
        "The chains mix: R-hat is {r:.3f}, a sample is forgotten in about {tau:.1f} sweeps, and "
        "{n_sweeps:,} sweeps {of_all} are worth {ess:,.0f} independent samples."
    ).format(r=r, tau=tau, n_sweeps=n_sweeps, of_all=of_all, ess=ess)


def _unknown(verdict: str) -> Mixing:
    return Mixing(math.nan, math.nan, math.nan, verdict)


def _correlation(x: Tensor) -> Tensor:
    """ρ_t of chains (T, N), T ≥ 2: (T,)."""
    between = x.mean(0).var() if x.shape[1] > 1 else 0.0
    covariance = _autocovariance(x).mean(1) + between
    return covariance / covariance[0]


def _autocovariance(x: Tensor) -> Tensor:
    """γ_t = (1/T) Σ_s (x_s − x̄)(x_{s+t} − x̄) of each chain, padded so that no lag wraps round: (T, N) -> (T, N)."""
    n_sweeps = len(x)
    spectrum = torch.fft.rfft(x - x.mean(0), n=2 * n_sweeps, dim=0)
    return torch.fft.irfft(spectrum.abs().square(), n=2 * n_sweeps, dim=0)[:n_sweeps] / n_sweeps


def _halves(x: Tensor) -> Tensor:
    """Each chain as two, the middle row of an odd number left out: (T, N) -> (T // 2, 2N)."""
    n = len(x) // 2
    return torch.cat([x[:n], x[-n:]], 1)


def _median(x: Tensor) -> Tensor:
    """The mean of the two middle values (torch's median takes the lower)."""
    ordered = x.flatten().sort().values
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def _normal_scores(x: Tensor) -> Tensor:
    """Φ⁻¹((rank − 3/8) / (S + 1/4)) of each of the S values, ties at their mean rank; same shape."""
    _, place, count = x.unique(return_inverse=True, return_counts=True)
    rank = count.cumsum(0) - (count - 1) / 2
    return torch.special.ndtri((rank.double() - 0.375) / (x.numel() + 0.25))[place]


def _plain_r_hat(x: Tensor) -> float:
    """√((W(n−1)/n + B/n) / W) of chains (n, M), B/n the variance of their means (Gelman & Rubin 1992)."""
    n = len(x)
    moves = x.amax(0) > x.amin(0)  # asked outright: rounding leaves a constant a variance of 1e-32
    within = float(torch.where(moves, x.var(0), 0.0).mean())
    between = float(x.mean(0).var())
    if within == 0:
        return math.nan if bool((x == x[0, 0]).all()) else math.inf
    return math.sqrt((n - 1) / n + between / within)


def _long_enough(x: Tensor) -> Tensor:
    x = _matrix(x)
    if len(x) < FEWEST_SWEEPS:
        wrong = _("Chains of {n} sweeps are too short, expected at least {fewest_sweeps}: run them longer.")
        raise ShapeError(wrong.format(n=len(x), fewest_sweeps=FEWEST_SWEEPS))
    return x


def _matrix(x: Tensor) -> Tensor:
    """x (T, N) in float64, checked."""
    if x.ndim != 2 or x.shape[1] < 1:
        wrong = _(
            "Chains have shape {shape}, expected (T, N): one row a sweep, one column a chain; make one chain "
            "(T,) into x[:, None]."
        )
        raise ShapeError(wrong.format(shape=tuple(x.shape)))
    return x.detach().double()
