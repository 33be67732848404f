"""Words and numbers that a database does not take, on both: made harmless where a person wrote them, one sentence elsewhere."""

import json

import pytest

from rbm.core.text import HARMFUL, plain
from rbm.errors import ConfigError, StoreError
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec
from rbm.store import Progress
from rbm.sweep import Ledger, SweepSpec
from rbm.training.events import TrainEvent
from tests.helpers.hostile import EVERYTHING, HOSTILE

SPEC = RunSpec(DatasetSpec("bars_and_stripes"), ModelSpec(7), seed=3)
AT = Progress("paused", 20, 100, 2.0, 1.5)


def test_tags_notes_and_messages_come_back_harmless(store):
    at = AT._replace(message=EVERYTHING, device="\x00\ud800")
    run_id = store.create(SPEC, "me", at, tags=HOSTILE, note=EVERYTHING)
    run = store.run(run_id)
    assert run.note == plain(EVERYTHING)
    assert run.progress.message == plain(EVERYTHING)
    assert run.progress.device == "\ufffd\ufffd"
    assert set(run.tags) == {" ".join(plain(words).split())[:64] for words in HOSTILE}
    assert not any(HARMFUL.search(words) for words in (run.note, run.progress.message, *run.tags))
    store.set_note(run_id, "\ud800\x00 seen")
    store.set_tags(run_id, ["a\x00b", "a\ud800b"])  # two that become one
    assert (store.run(run_id).note, store.run(run_id).tags) == ("\ufffd\ufffd seen", ("a\ufffdb",))
    assert store.runs() == [store.run(run_id)]


@pytest.mark.parametrize("words", ["\ud800", "a\udfffb"])
def test_a_run_of_such_a_name_is_one_sentence(store, words):
    for ask in (store.run, store.checkpoint, store.history):
        with pytest.raises(
            StoreError, match=r"^The registry of runs takes no such text or number \(.*\); write another\.$"
        ):
            ask(words)


def test_numbers_that_no_column_holds_are_one_sentence_and_leave_the_run_as_it_was(store):
    run_id = store.create(SPEC, "me", AT)
    for step in (2**63, 10**30):
        with pytest.raises(StoreError, match=r"^The registry of runs .*\.$"):
            store.write(run_id, "me", AT._replace(step=step), [TrainEvent(step, 1.0, {"x": 1.0}, 0.0)])
        assert store.run(run_id).progress.step == 20
        assert len(store.history(run_id)) == 0


def test_a_search_has_no_such_name(store):
    for name in ("\x00", "a\ud800", "a\nb", "x" * 65, ""):
        with pytest.raises(ConfigError, match="name has 1 to 64 letters"):
            Ledger.create(name, SweepSpec(), store)


def test_a_data_set_has_no_such_name_and_not_ten_thousand_classes():
    for name in ("\x00", "\ud800", "a\nb", "x" * 201):
        with pytest.raises(ConfigError, match=r"^The data set's name is .{1,100}; expected text such as 'mnist'"):
            DatasetSpec(name)
    with pytest.raises(ConfigError, match=r"classes are 10,000; expected at most 100\.$"):
        DatasetSpec("mnist", tuple(range(10_000)))


def test_an_error_never_repeats_a_whole_file():
    long = "x" * 60_000
    for part in (
        {"model": {"n_hidden": long}},
        {"training": {"algorithm": long}},
        {"seed": long},
        {long: 1},
        {"version": long},
    ):
        text = replace_in(SPEC, part)
        with pytest.raises(ConfigError) as told:
            RunSpec.from_json(text)
        assert len(str(told.value)) < 400


def replace_in(spec: RunSpec, part: dict) -> str:
    return json.dumps({**json.loads(spec.to_json()), **part})
