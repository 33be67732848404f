"""What the registry keeps of each page's machine shows the same as what its task told."""

import numpy as np
import pytest

from rbm import bundled
from rbm.core.limits import MACHINES_BYTES
from rbm.jobs.machines import MOST_TOLD, Kind
from rbm.models.parameters import Parameters
from rbm.tasks import labels
from rbm.tasks.colour import job as colour
from rbm.tasks.colour import keeping as colour_keeping
from rbm.tasks.deep import keeping as deep_keeping
from rbm.tasks.deep.job import train
from rbm.tasks.deep.plan import KINDS, Bounded, Curve, DeepSpec, FilterLook, Learned

TINY = {kind: DeepSpec(kind, (7, 5), epochs=1, together=1, images=300) for kind in KINDS}


def back(kind: Kind, news: list) -> list:
    made = kind.made(news)
    assert made is not None
    return kind.told(bundled.from_bytes(bundled.to_bytes(*made), "x"))


def same(one: Parameters, other: Parameters) -> None:
    """In half precision, of which a number has eleven binary digits."""
    for name in ("weight", "visible_bias", "hidden_bias"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name).astype(np.float16))
    assert (one.labels, one.n_labels) == (other.labels, other.n_labels)


@pytest.mark.parametrize("kind", ["softmax", "tags"])
def test_labels_keep_their_errors_and_the_newest_machine(kind):
    news = list(labels.train(kind, 7, "both", 1, seed=1, size=700))
    found = back(labels.KEPT, news)
    assert [one[:4] for one in found] == [one[:4] for one in news]
    same(found[-1].machine, news[-1].machine)
    assert found[-1].machine.epoch == news[-1].machine.epoch
    early = back(labels.KEPT, news[:2])  # it was paused
    assert [one.epoch for one in early] == [one.epoch for one in news[:2]]
    assert early[-1].machine is not None
    assert labels.made([]) is None


def test_long_curves_are_thinned_and_the_last_error_on_all_images_stays():
    news = list(labels.train("softmax", 3, "both", 1, seed=1, size=100))
    first = news[0]._replace(machine=news[-1].machine, whole_error=None)
    told = [first._replace(epoch=number / 100) for number in range(2 * MOST_TOLD)]
    told[2] = told[2]._replace(whole_error=0.25)
    found = back(labels.KEPT, told)
    assert MOST_TOLD <= len(found) <= MOST_TOLD + 1
    assert [one.epoch for one in found if one.whole_error is not None] == [0.02]
    assert found[-1].epoch == told[-1].epoch


@pytest.mark.parametrize("kind", KINDS)
def test_deep_nets_keep_curves_filters_layers_and_the_bound(kind):
    news = list(train(TINY[kind]))
    found = back(deep_keeping.KEPT, news)
    for what in (Curve, Bounded):
        assert [one for one in found if isinstance(one, what)] == [one for one in news if isinstance(one, what)]
    learned, others = ([one for one in told if isinstance(one, Learned)] for told in (found, news))
    assert [one.layer for one in learned] == [one.layer for one in others]
    for one, other in zip(learned, others, strict=True):
        same(one, other)
    newest = {one.layer: one.filters for one in news if isinstance(one, FilterLook)}
    looks = {one.layer: one.filters for one in found if isinstance(one, FilterLook)}
    assert newest.keys() == looks.keys()
    for layer, filters in newest.items():
        np.testing.assert_array_equal(looks[layer], filters)
    given = deep_keeping.KEPT.settings({"spec": TINY[kind]})
    assert deep_keeping.KEPT.arguments(given) == {"spec": TINY[kind]}


def test_of_a_deep_net_that_was_paused_early_there_is_what_it_had_told():
    news = list(train(TINY[KINDS[0]]))[:2]
    assert {type(one) for one in back(deep_keeping.KEPT, news)} == {Curve, FilterLook}
    assert deep_keeping.made(news[:1]) is None


def test_colours_keep_their_curves_and_the_pictures_as_the_screen_has_them():
    looks = list(colour.learn(n_hidden=7, epochs=1, count=200, looks=2))
    found = back(colour_keeping.KEPT, looks)
    assert [(*one[:5], one.sweeps) for one in found] == [(*one[:5], one.sweeps) for one in looks]
    for name in ("originals", "reconstructions", "filters", "samples"):
        on_screen = np.rint(getattr(looks[-1], name) * 255).astype(np.uint8)
        np.testing.assert_array_equal(np.rint(getattr(found[-1], name) * 255).astype(np.uint8), on_screen)


def test_the_largest_machine_that_a_page_makes_is_kept():
    """A deep Boltzmann machine of two layers of 1,000 on own pictures of 4,096 pixels: layers alone, and together."""
    sizes = [(4096, 1000), (1000, 1000)] * 2
    assert sum(2 * (v * h + v + h) for v, h in sizes) + 2 * 2 * 64 * 4096 < MACHINES_BYTES
