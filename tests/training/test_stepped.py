"""The loop that all trainers share, held on one that learns nothing and writes down what it is told."""

import pytest
import torch

from rbm.randomness import generator
from rbm.training.stepped import SteppedTraining


class Scribe(SteppedTraining[int]):
    """Notes its batches and how far each was from an event; an event is the number of the update."""

    def __init__(self, n_images, batch_size, epochs, *, operations=0.0, spacing=1, **more):
        super().__init__(n_images, batch_size, epochs, generator(1, "scribe"), **more)
        self.batches, self.left, self._operations, self._every = [], [], operations, spacing

    def _learn(self, rows, left):
        self.batches.append(rows)
        self.left.append(left)

    def _event(self):
        return self.step_number

    def _spacing(self):
        return self._doubling(self._operations) if self._operations else self._every


def test_each_epoch_shows_every_image_once_in_an_order_of_its_own():
    trainer = Scribe(11, 3, 2)
    assert list(trainer.events()) == [1, 2, 3, 4, 5, 6, 7, 8]
    epochs = torch.cat(trainer.batches[:4]), torch.cat(trainer.batches[4:])
    assert [len(rows) for rows in trainer.batches] == [3, 3, 3, 2] * 2
    assert all(epoch.sort().values.tolist() == list(range(11)) for epoch in epochs)
    assert not torch.equal(*epochs)
    draw = generator(1, "scribe")
    assert all(torch.equal(epoch, torch.randperm(11, generator=draw)) for epoch in epochs)
    assert (trainer.epoch, trainer.done, trainer.finished) == (2.0, 1.0, True)


@pytest.mark.parametrize(
    ("n_images", "batches"), [(12, [3, 3, 3, 3]), (13, [3, 3, 3, 3]), (14, [3, 3, 3, 3, 2]), (1, [1])]
)
def test_a_last_batch_that_is_too_small_is_left_out(n_images, batches):
    trainer = Scribe(n_images, 3, 1, smallest_batch=2)
    assert len(list(trainer.events())) == trainer.total_steps == len(batches)
    assert [len(rows) for rows in trainer.batches] == batches


def test_events_are_sparse_at_first_by_doubling_and_then_even_and_the_last_update_has_one():
    work = 1.2e10 / 10  # an event for every ten updates
    assert list(Scribe(45, 1, 1, operations=work).events()) == [1, 2, 4, 8, 16, 26, 36, 45]
    assert list(Scribe(20, 1, 1, spacing=7).events()) == [7, 14, 20]
    assert list(Scribe(20, 1, 1, spacing=7).events(every=6)) == [6, 12, 18, 20]


def test_an_update_knows_how_far_the_next_event_is():
    trainer = Scribe(7, 1, 1, spacing=4)
    assert list(trainer.events()) == [4, 7]
    assert trainer.left == [4, 3, 2, 1, 4, 3, 1]  # the end comes before the next event would be due


def test_a_report_that_is_asked_for_moves_the_next_one():
    trainer = Scribe(20, 1, 1, spacing=5)
    assert [trainer.step(), trainer.step(report=True), trainer.step()] == [None, 2, None]
    assert list(trainer.events()) == [7, 12, 17, 20]
