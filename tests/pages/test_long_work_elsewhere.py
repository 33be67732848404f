"""Pages compute nothing that takes longer than a look: what trains, estimates or searches is a worker's, or comes with us.

Measured with py-spy while every page was opened and its controls moved; these took from 0.1 to 4 s in the server's process.
"""

import ast
import importlib

from tests.helpers.places import ROOT

LONG = {
    "rbm.training.loop": {"Trainer", "train"},
    "rbm.experiment": {"make_trainer"},
    "rbm.lessons.machines": {"path", "learnt_bars"},
    "rbm.lessons.retrieval_theory": {"lines"},
    "rbm.evaluation.associative_memory": {"basins", "capacity"},
    "rbm.evaluation.ais": {"log_partition", "reverse_log_partition", "bracket"},
}


def test_no_page_calls_what_takes_long():
    found = []
    for path in sorted((ROOT / "pages").rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        modules, names = {}, {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                for one in node.names:
                    modules[one.asname or one.name] = f"{node.module}.{one.name}"
                    names[one.asname or one.name] = node.module, one.name
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                called = modules.get(node.value.id, ""), node.attr
            elif isinstance(node, ast.Name) and node.id in names:
                called = names[node.id]
            else:
                continue
            if called[1] in LONG.get(called[0], ()):
                found.append(f"{path.relative_to(ROOT)}:{node.lineno} {called[0]}.{called[1]}")
    assert not found


def test_the_names_of_what_takes_long_are_there():

    for module, names in LONG.items():
        assert names <= set(vars(importlib.import_module(module))), module
