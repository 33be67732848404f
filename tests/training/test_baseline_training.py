"""Training of the baselines: it lowers what it should, remembers tiny data by heart, and can be repeated bit for bit."""

from dataclasses import replace

import pytest
import torch

from rbm.datasets.catalog import load_dataset
from rbm.datasets.toy import bars_and_stripes
from rbm.errors import ConfigError, DivergenceError
from rbm.models.autoencoder import Autoencoder
from rbm.models.baselines import KINDS
from rbm.models.gan import GAN
from rbm.models.vae import VAE
from rbm.randomness import generator
from rbm.training.baselines import BaselineConfig, BaselineTrainer, train_baseline


@pytest.fixture(scope="module")
def few():
    return load_dataset("mnist", size=65)


def test_an_autoencoder_learns_tiny_data_by_heart():
    data = bars_and_stripes(3)
    model = Autoencoder(40, (3, 3), n_code=4, generator=generator(1, "ae"))
    model.rate = 0.01
    *_, last = train_baseline(model, data, BaselineConfig(batch_size=14, epochs=400), generator(1, "training"))
    assert last.metrics["loss"] < 0.02
    assert torch.equal(model.reconstruct(data.train).round(), data.train)


def test_a_vaes_bound_nears_the_best_there_is_on_tiny_data_and_stays_below():
    data = bars_and_stripes(2)  # 6 pictures: −log 6 is the best that any model can reach
    model = VAE(30, (2, 2), n_code=2, generator=generator(2, "vae"))
    model.rate = 0.01
    *_, last = train_baseline(model, data, BaselineConfig(batch_size=6, epochs=600), generator(2, "training"))
    rows = data.train.repeat(500, 1)
    bound = model.bound(rows, generator(2, "bound")).detach()
    error = float(bound.std()) / len(bound) ** 0.5
    best = -float(torch.tensor(float(len(data.train.unique(dim=0)))).log())
    assert best - 1.0 < float(bound.mean()) < best + 4 * error
    assert last.step == 600


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_gives_the_same_run_bit_for_bit(kind, few):
    def run(seed):
        model = KINDS[kind](2, (28, 28), generator=generator(seed, "model"))
        events = list(train_baseline(model, few, BaselineConfig(batch_size=32, epochs=2), generator(seed, "training")))
        return model, events

    (model, events), (again, repeated), (other, _) = run(1), run(1), run(2)
    assert [e[:3] for e in events] == [e[:3] for e in repeated]
    for p, q in zip(model.state_dict().values(), again.state_dict().values(), strict=True):
        assert torch.equal(p, q)
    assert any(not torch.equal(p, q) for p, q in zip(model.parameters(), other.parameters(), strict=True))
    assert events[-1].step == 4  # 65 rows: the one left over of an epoch is left out
    assert events[-1].epoch == 2


def test_each_player_moves_only_its_own_part(few):
    model = GAN(3, (28, 28), generator=generator(3, "gan"))
    trainer = BaselineTrainer(model, few, BaselineConfig(batch_size=32), generator(3, "training"))
    trainer._optimizers["generator"].param_groups[0]["lr"] = 0.0
    before = [p.clone() for p in model.generator.parameters()]
    critic = [p.clone() for p in model.discriminator.parameters()]
    trainer.step()
    assert all(torch.equal(p, q) for p, q in zip(model.generator.parameters(), before, strict=True))
    assert any(not torch.equal(p, q) for p, q in zip(model.discriminator.parameters(), critic, strict=True))


def test_what_does_not_fit_or_breaks_is_told_in_a_sentence(few):
    with pytest.raises(ConfigError, match="image_shape"):
        BaselineTrainer(GAN(3, (3, 3)), few, BaselineConfig(), generator(1))
    with pytest.raises(ConfigError, match="Batch size is 1"):
        BaselineConfig(batch_size=1)
    model = Autoencoder(3, (28, 28))
    broken = replace(few)
    trainer = BaselineTrainer(model, broken, BaselineConfig(), generator(1))
    with torch.no_grad():
        next(model.parameters()).fill_(float("nan"))
    trainer.step()
    with pytest.raises(DivergenceError, match="no longer finite"):
        trainer.report()
