"""Own data has an identity: one name is given once, and what was removed comes back as it was or not at all."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rbm.datasets.user_datasets import save
from rbm.datasets.user_datasets.pictures import Pictures
from rbm.errors import ConfigError
from tests.helpers.places import ROOT

WRITERS = 8
WRITER = """
import sys
import numpy as np
from rbm.datasets.user_datasets import save
from rbm.datasets.user_datasets.pictures import Pictures
from rbm.errors import ConfigError
seed = int(sys.argv[1])
rng = np.random.default_rng(seed)
pictures = Pictures(rng.integers(0, 256, (200, 20, 20), dtype=np.uint8), np.zeros(200, np.int64), ("any",))
print("ready", flush=True)
sys.stdin.readline()
try:
    print("kept", save.save("cats", pictures).digest)
except ConfigError as error:
    print(error)
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RBM_DATA", str(tmp_path))
    return tmp_path / "own"


def some(seed: int) -> Pictures:
    rng = np.random.default_rng(seed)
    return Pictures(rng.integers(0, 256, (30, 6, 6), dtype=np.uint8), np.zeros(30, np.int64), ("any",))


def test_of_eight_writers_of_one_name_one_is_told_kept_and_seven_that_it_is_taken(folder):
    command = [sys.executable, "-c", WRITER]
    writers = [
        subprocess.Popen([*command, str(n)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for n in range(WRITERS)
    ]
    for one in writers:
        assert one.stdout.readline() == "ready\n"
    for one in writers:  # all of them are past their imports: now
        one.stdin.write("\n")
        one.stdin.flush()
    said = [one.communicate()[0].strip() for one in writers]
    (kept,) = [words for words in said if words.startswith("kept")]
    assert [words for words in said if "is kept already" in words and "choose another name" in words] == [
        words for words in said if words != kept
    ]
    assert kept == f"kept {save.find('cats').digest}"
    assert [file.name for file in folder.iterdir()] == ["own-cats.safetensors"]  # no half of a file beside it


def test_no_writer_is_told_kept_whose_name_was_taken_after_it_had_looked(monkeypatch):
    real = save._check_room

    def and_then_another(*arguments: object) -> None:
        real(*arguments)
        monkeypatch.setattr(save, "_check_room", real)
        save.save("cats", some(2))

    monkeypatch.setattr(save, "_check_room", and_then_another)
    with pytest.raises(ConfigError, match="kept already"):
        save.save("cats", some(1))
    assert save.find("cats").digest == save._digest(some(2))


def test_undo_brings_what_was_removed_and_never_anothers():
    first = save.save("cats", some(1), owner="ada")
    assert save.remove("cats") == first
    second = save.save("cats", some(2), owner="bob")
    assert (second.owner, save.find("cats").owner) == ("bob", "bob")
    with pytest.raises(ConfigError, match="the name is taken again"):
        save.restore("cats", digest=first.digest)
    save.remove("cats")
    assert save.find("cats").digest == second.digest  # runs go on with what was there last
    save.restore("cats", digest=first.digest)
    assert save.find("cats").digest == first.digest
    assert save.find("cats").owner == "ada"
    save.remove("cats")
    with pytest.raises(ConfigError, match="nothing of that name was removed"):
        save.restore("cats", digest="0" * 32)


def test_a_set_is_removed_only_while_it_has_the_pictures_that_were_looked_at():
    first = save.save("cats", some(1))
    save.remove("cats")
    save.save("cats", some(2))
    with pytest.raises(ConfigError, match="holds other pictures by now"):
        save.remove("cats", digest=first.digest)
    assert save.kept()


def test_the_same_pictures_of_another_owner_are_another_set():
    first = save.save("cats", some(1), owner="ada")
    save.remove("cats", digest=first.digest, owner="ada")
    second = save.save("cats", some(1), owner="bob")
    assert second.digest == first.digest
    with pytest.raises(ConfigError, match="somebody else's"):  # from a page that Ada has open still
        save.remove("cats", digest=first.digest, owner="ada")
    save.remove("cats", digest=second.digest, owner="bob")
    save.restore("cats", digest=first.digest, owner="ada")
    assert save.find("cats").owner == "ada"
    save.remove("cats", digest=first.digest, owner="ada")
    save.restore("cats", digest=second.digest, owner="bob")
    assert save.find("cats").owner == "bob"


def test_ten_removed_sets_of_every_owner_are_kept(folder):
    for n in range(save.MOST_REMOVED + 2):
        save.save(f"a{n}", some(n), owner="ada")
        save.remove(f"a{n}")
    save.save("b", some(99), owner="bob")
    save.remove("b")
    assert len(os.listdir(folder / "removed")) == save.MOST_REMOVED + 1
    assert not save.exists("a1")
    assert save.exists("a2")
    assert save.exists("b")


def test_what_an_older_program_removed_and_what_is_damaged_can_be_dealt_with(folder):
    one = save.save("old", some(1))
    (folder / "removed").mkdir()
    (folder / "own-old.safetensors").rename(folder / "removed" / "own-old.safetensors")
    assert save.find("old").digest == one.digest
    save.restore("old")
    assert [kept.name for kept in save.kept()] == ["old"]
    (folder / "own-old.safetensors").write_bytes(b"broken")
    save.remove("old")
    assert save.kept() == []
