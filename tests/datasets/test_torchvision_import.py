import subprocess
import sys

import pytest

from rbm.datasets import _torchvision
from rbm.datasets._torchvision import import_torchvision
from rbm.errors import DatasetError
from tests.helpers.places import ROOT

CODE = """
import torch
from rbm.datasets._torchvision import _OPERATORS, import_torchvision
try:
    import torchvision
    plain = "works"
except RuntimeError as error:
    plain = str(error)
datasets, transforms, utils = (import_torchvision(f"torchvision.{m}") for m in ("datasets", "transforms", "utils"))
grid = utils.make_grid(torch.ones(4, 1, 5, 7), nrow=2, padding=1)
picture = transforms.ToTensor()(transforms.ToPILImage()(torch.full((1, 3, 2), 0.2)))
import_torchvision()
print(plain, len(_OPERATORS), datasets.KMNIST.__name__, tuple(grid.shape), round(float(picture.mean()), 3), sep="|")
"""


def test_import_works_whatever_the_plain_one_does() -> None:
    """In a fresh process. On this project's machines the plain import fails, and then it must be mended once."""
    done = subprocess.run([sys.executable, "-W", "error", "-c", CODE], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    plain, mended, *rest = done.stdout.strip().split("|")
    assert rest == ["KMNIST", "(3, 13, 17)", "0.2"]
    assert (plain, mended) in {("works", "0"), ("operator torchvision::nms does not exist", "1")}


def test_missing_torchvision_says_how_to_get_it() -> None:
    with pytest.raises(DatasetError, match=r"cannot be imported .*pip install torchvision"):
        import_torchvision("torchvision_of_another_world")


def test_other_failures_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> None:
        raise RuntimeError("compiled with different CUDA major versions")

    monkeypatch.setattr(_torchvision.importlib, "import_module", broken)
    with pytest.raises(RuntimeError, match="different CUDA"):
        import_torchvision()
