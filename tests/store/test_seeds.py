"""Runs that differ by their seed alone, and what a number comes to over them."""

import math
from dataclasses import replace

import numpy as np
import pytest

from rbm.store import Progress, Run
from rbm.store.seeds import alike, over_seeds
from rbm.training.changes import Change
from tests.helpers.short_run import SPEC


def run(name: str, seed: int, step: int = 9, changes: tuple[Change, ...] | None = (), **more) -> Run:
    spec = replace(SPEC, seed=seed)
    values = {"tags": (), "note": "", "data": "", **more}
    progress = Progress("finished", step, 36, 1.0, changes=changes)
    return Run(name, spec, progress, {}, {}, created_at=0.0, updated_at=0.0, deleted_at=None, **values)


def names(found: list[Run]) -> list[str]:
    return [one.id for one in found]


def test_only_the_seed_may_differ():
    first, second = run("a", 1), run("b", 2)
    turned = run("c", 3, changes=(Change(5, {"k": 2}),))
    wider = run("d", 4)._replace(spec=replace(SPEC, seed=4, model=replace(SPEC.model, n_hidden=8)))
    others = [turned, wider, run("e", 5, data="other pictures"), run("f", 6, changes=None)]
    assert names(alike(second, [*others, first, second])) == ["a", "b"]
    assert names(alike(turned, [first, turned, run("g", 7, changes=(Change(5, {"k": 2}),))])) == ["c", "g"]
    assert names(alike(others[-1], [*others, run("h", 8, changes=None)])) == ["f"]


def test_a_copy_of_a_run_is_no_other_seed():
    short, long, mine = run("a", 1, step=3), run("b", 1, step=30), run("c", 2)
    assert names(alike(mine, [short, long, mine])) == ["b", "c"]
    assert names(alike(short, [short, long, mine])) == ["a", "c"]  # the one that was asked for


def test_mean_deviation_and_error_are_numpys():
    values = [-91.0, -92.5, -90.25, -93.0]
    told = over_seeds([*values, math.nan])
    assert told.n == 4
    assert told.mean == pytest.approx(np.mean(values))
    assert told.deviation == pytest.approx(np.std(values, ddof=1))
    assert told.error == pytest.approx(np.std(values, ddof=1) / 2)


def test_of_one_number_nothing_is_known_of_the_spread_and_of_none_nothing():
    assert over_seeds([3.0])[:2] == (1, 3.0)
    assert math.isnan(over_seeds([3.0]).error)
    assert over_seeds([math.inf]).n == 0
