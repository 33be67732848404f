"""Work that is left in its midst: it goes on as if nothing had been, and what surrounds it does not notice."""

import time

import pytest
import torch

from rbm.core.rests import Work, rest, worked

NOW, NEVER = 0.0, float("inf")


def count(to: int, seen: list[int]) -> int:
    for i in range(to):
        seen.append(i)
        rest()
    return to


def test_it_is_left_where_it_says_and_goes_on_from_there():
    one, other = list[int](), list[int]()
    works = [Work(lambda: count(3, one)), Work(lambda: count(2, other))]
    assert not works[0].go_on(NOW)
    assert not works[1].go_on(NOW)
    assert (one, other) == ([0], [0])
    assert works[0].go_on(NEVER)
    assert works[0].result == 3
    assert (one, other) == ([0, 1, 2], [0])
    assert works[1].go_on(NEVER)


def test_outside_of_work_there_is_no_rest():
    seen: list[int] = []
    assert count(3, seen) == 3


def test_an_error_comes_out_where_it_was_gone_on_with():
    def fails() -> None:
        rest()
        raise ValueError("after the rest")

    work = Work(fails)
    assert not work.go_on(NOW)
    with pytest.raises(ValueError, match="after the rest"):
        work.go_on(NEVER)


def test_the_switch_for_gradients_is_kept_on_both_sides():
    found: list[bool] = []

    @torch.no_grad()
    def inside() -> None:
        rest()
        found.append(torch.is_grad_enabled())

    work = Work(inside)
    work.go_on(NOW)
    assert torch.is_grad_enabled()
    work.go_on(NEVER)
    assert found == [False]
    assert torch.is_grad_enabled()


def test_time_away_is_no_work():
    def two() -> float:
        began = worked()
        rest()
        return worked() - began

    work = Work(two)
    work.go_on(NOW)
    left = time.perf_counter()
    while time.perf_counter() - left < 0.2:
        pass
    work.go_on(NEVER)
    assert work.away >= 0.2
    assert 0.0 <= work.result < work.away
