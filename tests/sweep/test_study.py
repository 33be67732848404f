"""Optuna's tables in the registry's database."""

from concurrent.futures import ThreadPoolExecutor

import optuna

from rbm.store import Store
from rbm.sweep import study
from tests.helpers.holding import Hold, let_overtake
from tests.helpers.waiting import PATIENCE


def test_two_who_ask_at_once_in_a_new_registry_get_the_same_and_neither_an_error(store: Store, monkeypatch):
    """The server's warm-up, and a visitor who opens the page meanwhile: tables are made once."""
    hold, made = Hold(), []
    begin = hold.before(optuna.storages.RDBStorage)

    def counted(*given: object, **named: object) -> optuna.storages.RDBStorage:
        made.append(begin(*given, **named))
        return made[-1]

    monkeypatch.setattr(optuna.storages, "RDBStorage", counted)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(study.storage, store)
        hold.until_inside()
        second = pool.submit(study.storage, store)
        let_overtake(second)
        hold.go()
        assert first.result(PATIENCE) is second.result(PATIENCE) is made[0]
    assert len(made) == 1
