"""One contract for every unit type, against brute sums and quadrature. N samples, S states, G points of a grid."""

import math

import pytest
import torch

from rbm import randomness
from rbm.errors import ConfigError, TooLargeError
from rbm.units import (
    MANY_STATES,
    UNITS,
    VARIANCE_FLOOR,
    Bernoulli,
    Categorical,
    Discrete,
    DReLU,
    Gaussian,
    Multinary,
    Quadratic,
    ReLU,
    unit,
)

SAMPLES = 20011
SHARP = torch.tensor(0.7, dtype=torch.float64)
KINDS = {
    **UNITS,
    "categorical of 5": Categorical(5),
    "multinary of 2": Multinary(2),
    "multinary of 256": Multinary(256),
    "sharp gaussian": Gaussian(SHARP),
    "blunt relu": ReLU(-SHARP),
    "skewed drelu": DReLU().shaped(torch.tensor([0.6, 0.8]).double()),
    "drelu of two peaks": DReLU().shaped(torch.tensor([-0.3, -2.0]).double()),
}
FIELDS = [-37.0, -9.3, -8.0, -3.1, -1.0, -0.4, -1e-3, 0.0, 1e-5, 0.02, 0.9, 1.0, 2.5, 7.0, 31.0]


@pytest.fixture(params=KINDS.values(), ids=KINDS)
def kind(request):
    return request.param


def fields(kind, values=FIELDS) -> torch.Tensor:
    """One unit in each of several fields: (G, width), float64; a categorical unit's other states stay near 0."""
    x = torch.tensor(values, dtype=torch.float64)[:, None]
    return torch.cat([x, *(torch.full_like(x, 0.3 * i) for i in range(1, kind.width))], 1)


def grid(kind, x: torch.Tensor) -> torch.Tensor:
    """Points (G, 1) that hold all of a continuous unit's probability in the field x, and their spacing."""
    if isinstance(kind, DReLU):  # its energy has a corner at 0, which must be a point
        wide = max(float((-half.log_precision).exp()) for half in (kind.above, kind.below))
        reach = (abs(float(x)) + abs(float(kind.threshold))) * wide + 14 * math.sqrt(wide)
        return torch.linspace(-reach, reach, 200_001, dtype=torch.float64)[:, None]
    lam = float(kind.log_precision.exp())
    middle, reach = float(x) / lam, 14 / math.sqrt(lam)
    low, high = middle - reach, middle + reach
    if kind.name == "relu":  # cut off at 0; far below 0 its scale is that of an exponential, 1/|x|
        low = max(low, 0.0)
        high = high if float(x) > -2 else 45 / abs(float(x))
    return torch.linspace(low, high, 200_001, dtype=torch.float64)[:, None]


def brute(kind, x: torch.Tensor) -> tuple[float, torch.Tensor, torch.Tensor]:
    """log_partition, ⟨s⟩ and ⟨base_energy⟩ in one field x (1, width), by listing states or by Simpson's rule."""
    if isinstance(kind, Discrete):
        s = kind.states().double().reshape(-1, kind.width)
        weight = torch.ones(len(s), dtype=torch.float64)
    else:
        s = grid(kind, x)
        weight = torch.ones(len(s), dtype=torch.float64)
        weight[1:-1:2], weight[2:-1:2] = 4, 2
        weight *= float(s[1] - s[0]) / 3
    log_p = (s * x).sum(1) - kind.base_energy(s).sum(1) + weight.log()
    p = log_p.softmax(0)[:, None]
    return float(log_p.logsumexp(0)), (p * s).sum(0), (p * kind.base_energy(s)).sum(0)


def test_log_partition_mean_and_mean_energy_are_the_sums_over_all_states(kind):
    for x in fields(kind).split(1):
        log_partition, mean, energy = brute(kind, x)
        assert float(kind.log_partition(x)) == pytest.approx(log_partition, abs=1e-9, rel=1e-10)
        torch.testing.assert_close(kind.mean(x)[0], mean, rtol=1e-9, atol=1e-11)
        torch.testing.assert_close(kind.mean_energy(x)[0], energy, rtol=1e-8, atol=1e-9)


def test_the_mean_is_the_derivative_of_log_partition(kind):
    x = fields(kind).requires_grad_()
    (slope,) = torch.autograd.grad(kind.log_partition(x).sum(), x)
    torch.testing.assert_close(slope, kind.mean(x).detach(), rtol=1e-8, atol=1e-12)


def test_the_covariance_is_the_derivative_of_the_mean(kind):
    x, step = fields(kind), 1e-5
    found = kind.covariance(x)[:, 0]  # one unit: (G, width, width)
    for column in range(kind.width):
        shift = torch.zeros_like(x)
        shift[:, column] = step
        slope = (kind.mean(x + shift) - kind.mean(x - shift)) / (2 * step)
        torch.testing.assert_close(found[:, column], slope, rtol=1e-5, atol=1e-6)
    single = kind.covariance(x.float())[:, 0].double()
    torch.testing.assert_close(single, found, rtol=1e-4, atol=1e-5)
    assert not found.requires_grad


@pytest.mark.parametrize("value", [-12.0, -1.7, 0.0, 0.6, 3.0])
def test_samples_have_the_mean_and_the_variance_of_the_derivatives(kind, value):
    x = fields(kind, [value]).requires_grad_()
    (mean,) = torch.autograd.grad(kind.log_partition(x).sum(), x, create_graph=True)
    variance = torch.stack([torch.autograd.grad(m, x, retain_graph=True)[0][0, i] for i, m in enumerate(mean[0])])
    s = kind.sample(x.detach().expand(SAMPLES, -1), randomness.generator(1, "samples"))
    assert s.shape == (SAMPLES, kind.width)
    assert not s.requires_grad
    centred = s - mean.detach()
    error = centred.square().mean(0).sqrt() / math.sqrt(SAMPLES)
    assert bool((centred.mean(0).abs() <= 4 * error + 1e-3 / SAMPLES**0.5).all())
    spread = centred.square()
    error = spread.std(0) / math.sqrt(SAMPLES)
    assert bool(((spread.mean(0) - variance).abs() <= 4 * error + 4e-4 * variance.sqrt() + 1e-4).all())


@pytest.mark.parametrize("value", [-30.0, -2.0, -0.01, 0.0, 0.2, 1.4])
@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_samples_follow_the_distribution(kind, value, fast, dtype):
    x = fields(kind, [value])
    wide, draw = x.to(dtype).repeat(SAMPLES, 1), randomness.generator(2, "samples")
    s = kind.draw(wide, randomness.Coins(draw))[1] if fast else kind.sample(wide, draw)
    assert s.dtype == dtype
    if isinstance(kind, Discrete):
        states = kind.states().double().reshape(-1, kind.width)
        p = ((states * x).sum(1) - kind.log_partition(x)).exp()
        code = states @ torch.arange(1.0, kind.width + 1, dtype=torch.float64)  # another number for each state
        found = (s.double() @ torch.arange(1.0, kind.width + 1, dtype=torch.float64))[:, None] == code
        assert bool(found.any(1).all())
        often = p * SAMPLES >= 5
        off = (found.sum(0) - p * SAMPLES)[often] / (p * SAMPLES)[often].sqrt()
        n = len(off)
        assert float(off.square().sum()) <= n + 4 * math.sqrt(2 * n) + 4  # chi square
        return
    points = grid(kind, x)
    log_p = ((points * x) - kind.base_energy(points) - kind.log_partition(x))[:, 0]
    p = log_p.exp() * float(points[1] - points[0])
    cdf = (p.cumsum(0) - p / 2 - p[0] / 2).clamp(0, 1)  # trapezium
    at = torch.searchsorted(points[:, 0].contiguous(), s.double()[:, 0].sort().values).clamp(max=len(cdf) - 1)
    empirical = (torch.arange(SAMPLES, dtype=torch.float64) + 0.5) / SAMPLES
    assert float((cdf[at] - empirical).abs().max()) < 1.95 / math.sqrt(SAMPLES)  # Kolmogorov–Smirnov at 0.1 %


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_extreme_fields_stay_finite_and_right(kind, dtype):
    x = fields(kind, [-800.0, -90.0, -1e-30, 0.0, 1e-12, 90.0, 800.0]).to(dtype).requires_grad_()
    log_partition = kind.log_partition(x)
    (slope,) = torch.autograd.grad(log_partition.sum(), x)
    mean, s = kind.mean(x.detach()), kind.sample(x.detach(), randomness.generator(3))
    for t in (log_partition, slope, mean, s, kind.base_energy(s)):
        assert bool(torch.isfinite(t).all())
    rtol = 1e-6 if dtype == torch.float64 else 2e-3
    torch.testing.assert_close(slope, mean, rtol=rtol, atol=1e-2 if dtype == torch.float32 else 1e-6)
    exact = kind.mean(x.detach().double())
    torch.testing.assert_close(mean.double(), exact, rtol=1e-4 if dtype == torch.float32 else 1e-12, atol=1e-7)


def test_annealing_scales_the_energy_of_every_state(kind):
    beta, x = 0.3, fields(kind, [-2.0, 0.5])
    cold = kind.anneal(beta)
    s = kind.sample(x, randomness.generator(4))
    torch.testing.assert_close(cold.base_energy(s), beta * kind.base_energy(s))
    for row in x.split(1):
        if isinstance(kind, Discrete):
            states = kind.states().double().reshape(-1, kind.width)
            expected = float((beta * (states * row).sum(1)).logsumexp(0))
            assert float(cold.log_partition(beta * row)) == pytest.approx(expected, abs=1e-9)
        else:
            points = grid(cold, beta * row)
            log_p = beta * (points * row - kind.base_energy(points))
            expected = float((log_p + (points[1] - points[0]).log()).logsumexp(0))
            assert float(cold.log_partition(beta * row)) == pytest.approx(expected, abs=2e-4)
    assert kind.anneal(1.0) is kind


def test_bias_for_inverts_the_mean(kind):
    x = fields(kind, [-2.1, 0.4, 1.3])
    mean = kind.mean(x)
    found = torch.stack([kind.bias_for(row, 10**6) for row in mean])
    torch.testing.assert_close(kind.mean(found), mean, rtol=1e-7, atol=1e-8)
    never = kind.bias_for(torch.zeros(kind.width, dtype=torch.float64), 101)  # a pixel never seen on
    assert bool(torch.isfinite(never).all())


def test_uniform_noise_has_every_state_equally_likely_or_no_field(kind):
    noise = kind.uniform((SAMPLES, 3), randomness.generator(5))
    assert noise.shape == (SAMPLES, 3 * kind.width)
    assert noise.dtype == torch.get_default_dtype()
    mean = kind.mean(torch.zeros(3 * kind.width, dtype=torch.float64))
    error = noise.double().std(0) / math.sqrt(SAMPLES)
    assert bool(((noise.mean(0) - mean).abs() < 4 * error).all())


def test_states_survive_being_stored_small(kind):
    s = kind.sample(fields(kind).float(), randomness.generator(6))
    assert torch.equal(s.to(kind.stored).to(s.dtype), s)


def test_layers_hold_units_side_by_side(kind):
    x = fields(kind, [-1.0, 0.2, 2.0])
    side = x.reshape(1, -1)  # one row of three units
    torch.testing.assert_close(kind.log_partition(side)[0], kind.log_partition(x)[:, 0])
    torch.testing.assert_close(kind.mean(side).reshape(x.shape), kind.mean(x))
    assert kind.sample(side, randomness.generator(7)).shape == side.shape


@pytest.mark.parametrize("m", [2, 3, 8, 256])
def test_multinary_formulae_hold_over_their_whole_range(m):
    x = torch.cat([torch.linspace(-800, 800, 2001), torch.logspace(-12, 2, 1001)]).double()
    n = torch.arange(m).double()
    torch.testing.assert_close(Multinary(m).log_partition(x), (n * x[:, None]).logsumexp(1), rtol=1e-13, atol=1e-12)
    mean = ((n * x[:, None]).softmax(1) * n).sum(1)
    torch.testing.assert_close(Multinary(m).mean(x), mean, rtol=1e-11, atol=1e-13)


def test_multinary_units_of_two_states_are_bernoulli():
    x = torch.linspace(-50, 50, 997).double()
    two, one = Multinary(2), Bernoulli()
    torch.testing.assert_close(two.log_partition(x), one.log_partition(x), rtol=0, atol=3e-9)  # softplus cuts off at 20
    torch.testing.assert_close(two.log_partition(x), torch.logaddexp(x, torch.zeros_like(x)), rtol=1e-14, atol=1e-15)
    torch.testing.assert_close(two.mean(x), one.mean(x), rtol=1e-13, atol=1e-15)
    assert torch.equal(two.states(), one.states())


def test_a_continuum_cannot_be_listed_and_has_a_fitted_precision():
    for kind in (Gaussian(), ReLU(), DReLU()):
        with pytest.raises(TooLargeError, match="continuum"):
            kind.states()
    data = torch.tensor([1.0, 3.0]).double()
    fitted = Gaussian().log_precision_for(data.mean()[None], data.square().mean()[None])
    assert fitted.exp().item() == pytest.approx(1.0)
    flat = Gaussian().log_precision_for(torch.zeros(1), torch.zeros(1))
    assert flat.exp().item() == pytest.approx(1 / VARIANCE_FLOOR)


def test_a_drelu_unit_has_gaussian_and_rectified_ones_as_its_limits():
    x = fields(DReLU())
    for name in ("log_partition", "mean", "mean_energy"):
        found, expected = (getattr(kind, name)(x) for kind in (DReLU(), Gaussian()))
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
    sharp = DReLU(ReLU(SHARP), ReLU(SHARP))
    torch.testing.assert_close(sharp.log_partition(x), Gaussian(SHARP).log_partition(x), rtol=1e-12, atol=1e-12)
    steep = DReLU(ReLU(SHARP), ReLU(torch.tensor(60.0).double()))  # γ₋ = e⁶⁰: the half below has no room
    walled = DReLU(ReLU(), ReLU(), torch.tensor(1e9).double())  # θ₊ = 1 and θ₋ = −2e9 + 1, about x = 1e9
    for found, given, rectified in ((steep, x, ReLU(SHARP)), (walled, x.clamp(min=-9) + 1e9, ReLU())):
        there = given if found is steep else given - 1e9
        torch.testing.assert_close(found.log_partition(given), rectified.log_partition(there), rtol=1e-6, atol=1e-6)
        torch.testing.assert_close(found.mean(given), rectified.mean(there), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("shape", [[0.0, 0.0], [0.6, 0.8], [-0.9, -2.0], [0.95, -0.3]])
def test_the_slope_of_a_drelu_unit_by_its_shape_is_that_of_log_partition(shape):
    x, learned = fields(DReLU()), torch.tensor(shape).double().requires_grad_()
    found = DReLU().shaped(learned).shape_slope(x)[..., 0].detach()  # (G, 2)
    for row, slope in zip(x.split(1), found, strict=True):
        (expected,) = torch.autograd.grad(DReLU().shaped(learned).log_partition(row).sum(), learned)
        torch.testing.assert_close(slope, expected, rtol=1e-8, atol=1e-10)


def test_units_by_name():
    for name in UNITS:
        assert unit(name, 4 if name in MANY_STATES else None).name == name
    assert unit("categorical", 4).width == 4
    assert unit("multinary", 4).width == 1
    with pytest.raises(ConfigError, match="no unit type 'potts'; choose one of: bernoulli, spin"):
        unit("potts")
    with pytest.raises(ConfigError, match="give n_states"):
        unit("multinary")
    with pytest.raises(ConfigError, match="2 or more states, got n_states=1"):
        unit("categorical", 1)
    with pytest.raises(ConfigError, match="Spin units have 2 states, got n_states=3"):
        unit("spin", 3)
    with pytest.raises(ConfigError, match="continuum"):
        unit("gaussian", 2)
    assert all(isinstance(UNITS[name], Quadratic) for name in ("gaussian", "relu"))
