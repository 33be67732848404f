"""Numba keeps what it compiled by the date of a loop's own file: a file that takes loops from another must change with it."""

import ast
import hashlib
from importlib import import_module

import pytest

from tests.helpers.places import ROOT

CORE = ROOT / "rbm" / "core"
TAKERS = ("annealing", "columns", "free_energies", "lines", "row_sweeps", "rows")


def mark(name: str) -> str:
    """Of the file's text, however its lines end."""
    return hashlib.sha256((CORE / f"{name}.py").read_text("utf-8").encode()).hexdigest()[:12]


def imported(name: str) -> set[str]:
    """The modules of ``rbm.core`` that one of them imports."""
    tree = ast.parse((CORE / f"{name}.py").read_text("utf-8"))
    found = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "rbm.core")
    return {one.name for node in found for one in node.names}


@pytest.mark.parametrize("taker", TAKERS)
def test_a_file_bears_the_mark_of_every_file_whose_loops_it_takes(taker):
    marks = import_module(f"rbm.core.{taker}").MADE_WITH
    assert marks == {name: mark(name) for name in marks}, f"write these into rbm/core/{taker}.py"


def test_those_are_all_the_files_that_take_loops_and_they_name_all_that_they_take():
    loops = {path.stem for path in CORE.glob("*.py") if "njit" in path.read_text("utf-8")}
    taken = {name: sorted(imported(name) & loops) for name in loops}
    assert {name: files for name, files in taken.items() if files} == {
        name: sorted(import_module(f"rbm.core.{name}").MADE_WITH) for name in TAKERS
    }
