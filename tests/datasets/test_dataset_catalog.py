import subprocess
import sys
from pathlib import Path

import pytest

from rbm.datasets import CATALOG, DatasetEntry, is_available, load_dataset
from rbm.errors import ConfigError
from tests.helpers.places import ROOT

BUNDLED = [name for name, entry in CATALOG.items() if entry.bundled]


def run(code: str) -> str:
    """Output of a fresh interpreter: what is imported there is not what this test run has imported."""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_mnist_comes_first_and_what_needs_no_network_before_the_rest() -> None:
    assert next(iter(CATALOG)) == "mnist"
    flags = [entry.bundled for entry in CATALOG.values()]
    assert flags == sorted(flags, reverse=True)
    assert set(CATALOG) >= {"bars_and_stripes", "shifter", "fashion_mnist", "kmnist", "emnist", "qmnist", "usps"}


@pytest.mark.parametrize("entry", CATALOG.values(), ids=lambda entry: entry.name)
def test_entry_reads_well(entry: DatasetEntry) -> None:
    assert CATALOG[entry.name] is entry
    assert entry.about.endswith(".")
    assert "licen" in entry.about or "free to use" in entry.about or "CC BY" in entry.about
    assert len(set(entry.class_names)) == len(entry.class_names) > 1


@pytest.mark.parametrize("name", BUNDLED)
def test_entry_tells_the_truth(name: str) -> None:
    entry, data = CATALOG[name], load_dataset(name)
    for field in ("name", "title", "kind", "image_shape", "class_names"):
        assert getattr(data, field) == getattr(entry, field)
    assert is_available(name)
    assert set(data.train_labels.tolist()) == set(range(len(entry.class_names))), "every class occurs"


def test_nobody_can_change_it() -> None:
    with pytest.raises(TypeError):
        CATALOG["mine"] = CATALOG["mnist"]  # type: ignore[index]


@pytest.mark.parametrize("ask", [load_dataset, is_available])
def test_unknown_name_lists_the_known(ask) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ConfigError, match=f"no data set called 'minst'; choose one of {', '.join(CATALOG)}"):
        ask("minst")


def test_choices_are_passed_on() -> None:
    data = load_dataset("mnist", classes=[3, 8], size=101)
    assert set(data.train_labels.tolist()) == {3, 8}
    assert len(data.train) == 101
    assert len(data.test) == 1010 + 974
    with pytest.raises(ConfigError, match="from 1 to 30"):
        load_dataset("bars_and_stripes", size=31)


def test_downloads_are_not_there_before_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RBM_DATA", str(tmp_path))
    assert [name for name in CATALOG if is_available(name)] == BUNDLED


def test_the_catalogue_is_light() -> None:
    code = """
import sys
from rbm.datasets.catalog import CATALOG
import rbm.datasets
rbm.datasets.is_available("usps", "/nowhere"), [entry.title for entry in CATALOG.values()]
print([heavy for heavy in ("torch", "numpy", "torchvision") if heavy in sys.modules])
"""
    assert run(code) == "[]"


def test_torchvision_waits_until_it_is_needed() -> None:
    code = """
import sys
from rbm.datasets import Dataset, binarise, load_dataset
import rbm.datasets.images, rbm.datasets.toy
print("torch" in sys.modules, "torchvision" in sys.modules, Dataset.__name__, binarise.__name__)
"""
    assert run(code) == "True False Dataset binarise"


def test_the_package_has_no_other_attributes() -> None:
    import rbm.datasets

    with pytest.raises(AttributeError, match="no attribute 'Datset'"):
        rbm.datasets.Datset  # noqa: B018
