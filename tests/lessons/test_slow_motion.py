"""An update in slow motion ends where the engine's own training step does, to rounding."""

import pytest
import torch

from rbm.datasets.base import Dataset
from rbm.datasets.toy import bars_and_stripes
from rbm.errors import ConfigError
from rbm.lessons import slow_motion
from rbm.models.rbm import RBM
from rbm.randomness import Coins, generator
from rbm.training.config import TrainConfig
from rbm.training.loop import Trainer


def only(row: torch.Tensor) -> Dataset:
    """Bars and stripes of which nothing is left but one picture."""
    whole = bars_and_stripes(3)
    return Dataset(
        **{
            **{name: getattr(whole, name) for name in whole.__dataclass_fields__},
            **dict.fromkeys(("train", "validation", "test"), row),
            **{f"{part}_labels": whole.train_labels[: len(row)] for part in ("train", "validation", "test")},
        }
    )


def trained(**knobs) -> tuple[RBM, Trainer, TrainConfig]:
    """A machine after 7 updates, its momentum under way and its chains warm; the trainer learns from one picture."""
    config = TrainConfig(batch_size=1, epochs=50, centred="off", binarise="none", schedule="constant", **knobs)
    model = RBM(9, 5, generator=generator(2, "model"))
    trainer = Trainer(model, only(bars_and_stripes(3).train[4:5]), config, generator(3, "training"))
    for _ in range(7):
        trainer.step()
    return model, trainer, config


@pytest.mark.parametrize(
    "knobs",
    [
        {"algorithm": "cd", "k": 1, "momentum": 0.0, "weight_decay": 0.0},
        {"algorithm": "cd", "k": 3, "momentum": 0.8, "weight_decay": 0.01},
        {"algorithm": "pcd", "k": 1, "momentum": 0.5, "weight_decay": 0.001},
        {"algorithm": "pcd", "k": 4, "momentum": 0.9, "weight_decay": 0.0},
        {"algorithm": "pcd", "k": 2, "n_chains": 13},
    ],
)
def test_the_parameters_that_come_out_are_the_training_steps(knobs):
    model, trainer, config = trained(**knobs)
    state = trainer.state()
    chance = generator(0)
    chance.set_state(state["generator"])
    torch.randperm(1, generator=chance)  # the trainer shuffles its one image first
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    velocity = {name: state[f"velocity.{name}"].clone() for name in before}
    slow = slow_motion.update(
        model,
        bars_and_stripes(3).train[4:5],
        config,
        Coins(chance),
        velocity=velocity,
        chains=state["chains"].clone() if config.algorithm == "pcd" else None,
    )
    for name, p in model.named_parameters():
        assert torch.equal(p, before[name])  # it only looked
    trainer.step()
    for name, p in model.named_parameters():
        # The trainer makes one product of both phases, which rounds otherwise than the two that are shown.
        torch.testing.assert_close(slow.after.get_parameter(name), p, rtol=1e-5, atol=1e-7)
        torch.testing.assert_close(slow.velocity[name], trainer.state()[f"velocity.{name}"], rtol=1e-5, atol=1e-7)
    if config.algorithm == "pcd":
        assert torch.equal(trainer.state()["chains"], slow.phases.hk)


@pytest.mark.parametrize("algorithm", ["cd", "pcd"])
def test_its_parts_sum_to_the_change_and_its_halves_are_those_of_the_chain(algorithm):
    model, trainer, config = trained(algorithm=algorithm, k=2, momentum=0.7, weight_decay=0.02)
    v0 = bars_and_stripes(3).train[:5]
    velocity = {name: trainer.state()[f"velocity.{name}"] for name in ("weight", "visible_bias", "hidden_bias")}
    chains = trainer.state().get("chains")
    slow = slow_motion.update(model, v0, config, Coins(generator(5)), velocity=velocity, chains=chains)
    torch.testing.assert_close(slow.learnt + slow.carried + slow.decayed, slow.change, atol=1e-6, rtol=0)
    torch.testing.assert_close(slow.learnt, config.learning_rate * (slow.positive - slow.negative), atol=1e-7, rtol=0)
    torch.testing.assert_close(slow.decayed, -config.learning_rate * 0.02 * model.weight.detach(), atol=1e-8, rtol=0)
    assert [half.name for half in slow.halves] == ["h0", "v1", "h1", "v2", "h2"]
    torch.testing.assert_close(slow.halves[0].mean, model.hidden_mean(v0))
    for one, other in zip(slow.halves[1:], slow.halves[2:], strict=False):
        mean = model.hidden_mean(one.sample) if other.name[0] == "h" else model.visible_mean(one.sample)
        torch.testing.assert_close(other.mean, mean)
    assert (slow.halves[-1].sample is None) == (algorithm == "cd")


def test_it_says_what_it_cannot_show():
    model, v0, coins = RBM(9, 5), bars_and_stripes(3).train, Coins(generator(1))
    with pytest.raises(ConfigError, match="cd and pcd, not 'pt'"):
        slow_motion.update(model, v0, TrainConfig(algorithm="pt", centred="off"), coins)
    with pytest.raises(ConfigError, match="plain gradient"):
        slow_motion.update(model, v0, TrainConfig(), coins)
    with pytest.raises(ConfigError, match="chains that it keeps"):
        slow_motion.update(model, v0, TrainConfig(algorithm="pcd", centred="off"), coins)
