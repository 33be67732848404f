"""The examination: every finding against what it is computed from."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from rbm.evaluation.moment_gap import SecondMoments
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec, cached_dataset, make_dataset, make_model, make_trainer
from rbm.models.rbm import RBM
from rbm.randomness import generator
from rbm.tasks import examine as task
from rbm.tasks.examine import (
    REFERENCE,
    ChainsFromNoise,
    Energies,
    Likeness,
    Mixed,
    Parameters,
    Together,
    WeightModes,
    examine,
)
from rbm.tasks.likelihood import fixed_data
from rbm.training.config import TrainConfig
from rbm.units.listing import joint_states
from tests.helpers.unit_pairs import PAIRS

SPEC = RunSpec(
    DatasetSpec("bars_and_stripes_3x3"),
    ModelSpec(6),
    TrainConfig(algorithm="pcd", epochs=3000, batch_size=14, schedule="constant", likelihood="never"),
)


def learn(spec: RunSpec) -> Parameters:
    trainer = make_trainer(spec, make_dataset(spec.dataset))
    while not trainer.finished:
        trainer.step()
    return Parameters(*(p.detach().numpy() for p in trainer.model.parameters()))


@pytest.fixture(scope="module")
def learnt() -> Parameters:
    return learn(SPEC)


@pytest.fixture(scope="module")
def findings(learnt) -> list:
    return list(examine(SPEC.to_json(), learnt, n_samples=14, n_sweeps=300))


def one(findings: list, kind: type):
    return [found for found in findings if isinstance(found, kind)][-1]


def test_findings_come_quick_ones_first_and_are_the_same_again(learnt, findings):
    kinds = [type(found) for found in findings]
    assert kinds == [WeightModes, *[ChainsFromNoise] * 6, Mixed, Together, Energies, Likeness]
    again = list(examine(SPEC.to_json(), learnt, n_samples=14, n_sweeps=300))
    np.testing.assert_array_equal(one(again, ChainsFromNoise).free_energy, one(findings, ChainsFromNoise).free_energy)
    assert one(again, Likeness).verdict == one(findings, Likeness).verdict


def test_pairs_and_triples_of_its_chains_are_those_of_enumeration_within_their_errors(monkeypatch):
    """A machine of weak couplings, whose chains forget in a few sweeps, against its p(v) over all 65,536 states."""
    monkeypatch.setattr(task, "COLUMNS", 7)
    spec = RunSpec(DatasetSpec("ising_4", temperature=3.5), ModelSpec(5, "zero", visible="spin", hidden="bernoulli"))
    model = RBM(16, 5, visible="spin").double()
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(
                (0.8 if p.ndim == 2 else 0.4)
                * torch.randn(p.shape, generator=generator(2, "weak"), dtype=torch.float64)
            )
    weak = Parameters(*(p.detach().float().numpy() for p in model.parameters()), visible="spin")
    found = one(list(examine(spec.to_json(), weak, n_samples=1000, n_sweeps=100)), Together)
    v, train = (
        joint_states(torch.arange(2**16), 16, model.visible_unit),
        fixed_data(spec)["train"][: task.TOGETHER].double(),
    )
    columns = train.var(0, correction=0).argsort(descending=True, stable=True)[:7].sort().values
    log_p = -model.free_energy(v).detach()
    p = log_p.softmax(0)
    for size, group in ((2, found.pairs), (3, found.triples)):
        of = torch.combinations(columns, size)
        truth = (p[:, None] * (v - p @ v)[:, of].prod(2)).sum(0).numpy()
        np.testing.assert_allclose(group.images, (train - train.mean(0))[:, of].prod(2).mean(0), atol=1e-6)
        np.testing.assert_array_less(np.abs(group.chains - truth), 5 * group.error + 3 / 1000)
        assert np.abs(truth).max() > 5 * group.error.mean()
        assert group.agreement == pytest.approx(np.corrcoef(group.images, group.chains)[0, 1], abs=1e-6)
        walsh = (v[:, of].prod(2) * log_p[:, None]).mean(0)
        assert group.coupling == pytest.approx(float(walsh.abs().mean()), abs=1e-6)


def test_modes_are_the_singular_values(learnt, findings):
    found = one(findings, WeightModes)
    np.testing.assert_allclose(found.values, np.linalg.svd(learnt.weight, compute_uv=False), rtol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(found.pictures, axis=1), found.values, rtol=1e-4)


def test_the_histogram_lies_over_the_law_of_noise(findings):
    found = one(findings, WeightModes)
    assert found.shares.sum() == pytest.approx(1, abs=1e-5)
    assert found.noise.sum() == pytest.approx(1, abs=1e-5)
    assert found.edges[-1] > found.values.max()
    counts = np.histogram(found.values, found.edges)[0]
    np.testing.assert_allclose(found.shares * len(found.values), counts, atol=1e-4)
    assert found.noise.min() >= 0
    assert not found.noise[found.edges[:-1] >= found.noise_edge * (1 + 1e-5)].any()


@pytest.mark.parametrize(("n_visible", "n_hidden"), [(784, 500), (300, 300)])
def test_weights_that_have_learned_nothing_follow_it(n_visible, n_hidden):
    weight = RBM(n_visible, n_hidden, generator=generator(3)).weight.detach().numpy()
    spec = RunSpec(DatasetSpec("bars_and_stripes_3x3"))
    found = next(examine(spec.to_json(), Parameters(weight, np.zeros(n_visible), np.zeros(n_hidden))))
    np.testing.assert_allclose(found.shares, found.noise, atol=0.01)  # singular values repel: closer than coins
    assert found.noise.max() > 0.05
    assert found.n_modes == 0


def test_the_walk_ends_where_the_machine_s_own_distribution_lies():
    """The chains' free energy against the exact mean over all 512 states, within four standard errors.

    Of a machine young enough that its chains mix: the number of independent samples is itself a guess where they do not.
    """
    spec = replace(SPEC, training=replace(SPEC.training, epochs=600))
    young = learn(spec)
    findings, model = list(examine(spec.to_json(), young, n_samples=14, n_sweeps=300)), young.to_model()
    v = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 9)
    f = model.free_energy(v).detach().double()
    p = torch.softmax(-f, 0)
    mean, spread = float(p @ f), float((p @ f.square() - (p @ f) ** 2).sqrt())
    settled = one(findings, ChainsFromNoise).free_energy[150:]
    mixed = one(findings, Mixed)
    assert mixed.ess > 400
    assert abs(settled.mean() - mean) < 4 * spread / np.sqrt(mixed.ess)
    data = make_dataset(SPEC.dataset).test
    assert one(findings, ChainsFromNoise).data_free_energy == pytest.approx(
        float(model.free_energy(data).detach().mean()), rel=1e-5
    )


def test_a_machine_that_learnt_all_patterns_samples_only_them(findings):
    found = one(findings, Likeness)
    assert (
        found.differ == 0
    ).mean() >= 0.7  # of ten samples: it has learnt, and there is nothing but the training images
    assert found.privacy_loss == 0  # training and test images are the same here
    counts = one(findings, Energies).counts
    assert {name: int(count.sum()) for name, count in counts.items()} == dict.fromkeys(
        ("training", "test", "samples"), 14
    )
    assert one(findings, Energies).noise > one(findings, ChainsFromNoise).data_free_energy


@pytest.mark.parametrize(("visible", "hidden"), PAIRS)
def test_a_machine_of_any_pair_of_units_is_examined(visible, hidden):
    data = DatasetSpec("tiny_digits") if visible == "categorical" else DatasetSpec("mnist", size=100)
    spec = RunSpec(data, ModelSpec(5, visible=visible, hidden=hidden, n_states=3), TrainConfig())
    rows = cached_dataset(spec.dataset, spec.model)
    parameters = Parameters.of(make_model(spec, rows))
    found = list(examine(spec.to_json(), parameters, n_samples=10, n_sweeps=20))
    assert [type(one) for one in found] == [WeightModes, ChainsFromNoise, Mixed, Together, Energies, Likeness]
    assert found[5].samples.shape == found[5].nearest.shape == (10, rows.n_visible)
    assert np.isfinite([found[1].data_free_energy, found[4].noise, found[5].data_side]).all()
    assert np.isfinite(found[3].triples.coupling) == (visible in {"bernoulli", "spin"} and hidden != "categorical")
    assert (found[3].contacts is not None) == (visible == "categorical" and hidden != "categorical")


def test_a_machine_that_learnt_by_k_steps_from_noise_is_judged_at_k_and_beside_it(learnt):
    spec = replace(SPEC, training=replace(SPEC.training, algorithm="rdm", k=15))
    found = list(examine(spec.to_json(), learnt, n_samples=14, n_sweeps=30))
    assert {14, 15, 16} <= set(one(found, ChainsFromNoise).quality.steps.tolist())


def test_quality_is_judged_from_the_first_sweep_to_the_last_ever_more_rarely(learnt, findings):
    found = one(findings, ChainsFromNoise).quality
    np.testing.assert_array_equal(found.steps[:4], [1, 2, 3, 4])
    assert 256 <= found.steps[-1] <= 300
    assert len(found.steps) == len(found.gap) == len(found.gap_error) == len(found.aats)
    assert (found.gap_error > 0).all()
    assert 15 not in found.steps
    data = fixed_data(SPEC)
    assert found.gap_of_data == SecondMoments(data["train"][:REFERENCE]).gap(data["test"][:14]).value
    assert found.aats_error == pytest.approx(0.5 / 14**0.5)
