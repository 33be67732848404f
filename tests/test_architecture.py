"""Who may import whom (rbm/README.md, "How it is built"): a layer imports the layers above it in this list, never below."""

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

LAYERS = [
    ("rbm.errors",),
    ("rbm.core.language",),
    ("rbm.core",),
    ("rbm.randomness",),
    ("rbm.units", "rbm.datasets"),
    ("rbm.models",),
    ("rbm.samplers",),
    ("rbm.training", "rbm.evaluation"),
    ("rbm.experiment", "rbm.checkpoint", "rbm.presets", "rbm.bundled"),
    ("rbm.lessons",),
    ("rbm.store", "rbm.link"),
    ("rbm.report",),
    ("rbm.jobs",),
    ("rbm.tasks",),
    ("rbm.sweep",),
    ("rbm.benchmarks", "rbm.studies"),
    ("rbm.commands",),
    ("rbm.__main__", "rbm.cluster", "rbm"),
    ("pages.ui.draw",),
    ("pages.ui",),
    ("pages.learn", "pages.train", "pages.generate", "pages.compare"),
    ("app",),
]
SCREEN = ("streamlit", "plotly", "pages")
# Neighbours in one layer that may know each other, importer first.
BESIDE = {
    ("rbm.benchmarks", "rbm.studies"),  # one way to judge a likelihood
    ("rbm.checkpoint", "rbm.experiment"),
    ("rbm.presets", "rbm.experiment"),
    ("rbm.training", "rbm.evaluation"),  # only for the mark of a likelihood in a table
}


def place(module: str) -> tuple[int, str] | None:
    """The layer of a module and the name it is listed under: the longest that fits."""
    fits = [
        (len(name), level, name)
        for level, names in enumerate(LAYERS)
        for name in names
        if module == name or module.startswith(name + ".")
    ]
    return max(fits)[1:] if fits else None


def imports(path: Path) -> list[tuple[int, str]]:
    """Every imported module of a file with its line; `from a import b` counts as a.b where that is a module."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                is_module = (ROOT / full.replace(".", "/")).with_suffix(".py").exists()
                found.append((node.lineno, full if is_module else node.module))
    return found


def files() -> list[tuple[Path, str]]:
    paths = [*ROOT.glob("rbm/**/*.py"), *ROOT.glob("pages/**/*.py"), ROOT / "app.py"]
    return [(p, ".".join(p.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")) for p in paths]


def test_every_import_points_up_the_list():
    wrong = []
    for path, module in files():
        level, name = place(module)
        for line, target in imports(path):
            found = place(target)
            if found is None or found[1] == name:
                continue
            if found[0] > level or (found[0] == level and (name, found[1]) not in BESIDE):
                wrong.append(f"{path.relative_to(ROOT)}:{line}: {module} imports {target}")
    assert not wrong, "\n".join(wrong)


def test_the_engine_never_imports_the_screen():
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {module} imports {target}"
        for path, module in files()
        if module.split(".")[0] == "rbm"
        for line, target in imports(path)
        if target.split(".")[0] in SCREEN
    ]
    assert not wrong, "\n".join(wrong)


def feature(module: str) -> str | None:
    """pages.<section>.<feature> of a module that belongs to one."""
    parts = module.split(".")
    return ".".join(parts[:3]) if parts[0] == "pages" and parts[1] != "ui" else None


def test_features_never_know_each_other_and_the_kit_knows_none():
    """A feature imports the kit, the engine and its own parts; nobody imports a feature but itself."""
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {module} imports {target}"
        for path, module in files()
        for line, target in imports(path)
        if feature(target) is not None and feature(target) != feature(module)
    ]
    assert not wrong, "\n".join(wrong)


def test_the_kit_is_small():
    assert len(list((ROOT / "pages/ui").glob("**/*.py"))) <= 25


def test_the_root_of_the_engine_is_what_a_notebook_imports():
    assert len(list((ROOT / "rbm").glob("*.py"))) <= 10


@pytest.mark.parametrize("tree", ["rbm", "pages/ui"])
def test_no_module_is_part_of_a_circle(tree):
    known = {module: {target for _, target in imports(path)} for path, module in files()}
    inside = {m: {t for t in known[m] if t in known and t != m} for m in known if m.startswith(tree.replace("/", "."))}
    while free := {m for m, targets in inside.items() if not targets & inside.keys()}:
        inside = {m: targets for m, targets in inside.items() if m not in free}
    assert not inside, f"in a circle, or above one: {sorted(inside)}"


def test_the_pure_half_of_the_screen_has_no_streamlit():
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {target}"
        for path, module in files()
        if module
        in (
            "pages.ui.draw.theme",
            "pages.ui.draw.frames",
            "pages.ui.draw.figures",
            "pages.train.live.curves",
            "pages.compare.sweep.view",
            "pages.train.deep.figures_at_rest",
        )
        for line, target in imports(path)
        if target.split(".")[0] == "streamlit"
    ]
    assert not wrong, "\n".join(wrong)


def test_page_scripts_are_nested_because_streamlit_would_run_flat_ones_without_the_shell():
    assert not list((ROOT / "pages").glob("*.py"))


def test_every_file_is_short_enough_to_read():
    long = {str(p.relative_to(ROOT)): n for p, _ in files() if (n := len(p.read_text("utf-8").splitlines())) > 400}
    assert not long


def test_no_generator_stops_inside_a_block_that_switches_gradients():
    """torch's switch belongs to the thread: left at a yield it holds for whatever else runs there, a training, say."""
    switches = {"no_grad", "inference_mode", "enable_grad", "set_grad_enabled"}
    for path, _ in files():
        for block in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(block, ast.With) and any(
                isinstance(call, ast.Attribute) and call.attr in switches
                for item in block.items
                for call in ast.walk(item.context_expr)
            ):
                stops = [node.lineno for node in ast.walk(block) if isinstance(node, ast.Yield | ast.YieldFrom)]
                assert not stops, f"{path}: a yield in line {stops} inside a block that switches gradients"


def named(path: Path) -> list[str]:
    """Every text of a file that names a function as tasks do, "rbm.module:function"; "*" for what is put in later."""
    tree = ast.parse(path.read_text("utf-8"))
    parts = {id(part) for whole in ast.walk(tree) if isinstance(whole, ast.JoinedStr) for part in whole.values}
    texts = []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            texts.append("".join(str(p.value) if isinstance(p, ast.Constant) else "*" for p in node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            texts.append(node.value)
    return [text for text in texts if re.fullmatch(r"(rbm|pages)(\.\w+)+:[\w*]+", text)]


def test_every_function_that_is_named_by_a_text_can_be_imported():
    """A worker would be the first to find out."""
    names = {(path, text) for path, _ in files() for text in named(path)}
    assert names
    for path, text in names:
        module, _, function = text.partition(":")
        there = vars(importlib.import_module(module))
        if "*" in function:  # which of them, the page's own texts say
            fits = re.compile(function.replace("*", r"\w+"))
            texts = {n.value for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Constant)}
            functions = {name for name in there if fits.fullmatch(name) and name in texts}
            assert len(functions) >= 2, f"{path}: {text}"
        else:
            functions = {function}
        for name in functions:
            assert callable(there.get(name)), f"{path}: {module}:{name}"


def test_no_test_imports_a_test():
    """What two tests share is a helper, in tests/helpers; from there a third finds it."""
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {target}"
        for path in ROOT.glob("tests/**/*.py")
        for line, target in imports(path)
        if any(part.startswith("test_") or part == "conftest" for part in target.split("."))
    ]
    assert not wrong, "\n".join(wrong)


def test_a_test_lies_where_what_it_tests_lies():
    """tests/pages/ui/draw tests pages/ui/draw, tests/jobs tests rbm/jobs; tests of a root module lie at the top."""
    folders = {path.parent.relative_to(ROOT / "tests") for path in ROOT.glob("tests/**/test_*.py")}
    wrong = [
        str(folder)
        for folder in folders - {Path(), Path("browser")}
        if not any((tree / folder).is_dir() for tree in (ROOT / "rbm", ROOT))
    ]
    assert not wrong, wrong
    modules = {path.stem for path in ROOT.glob("rbm/*.py")} | {"architecture", "readme"}
    assert {path.stem.removeprefix("test_") for path in ROOT.glob("tests/test_*.py")} <= modules


def test_a_class_name_stands_for_one_thing_in_the_whole_tree():
    places: dict[str, list[str]] = {}
    for path, module in files():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(module)
    assert not {name: modules for name, modules in places.items() if len(modules) > 1}


def test_no_two_test_files_share_a_name():
    """pytest imports them by their bare names, and stops collecting at the second of two."""
    names = [path.name for path in ROOT.glob("tests/**/test_*.py")]
    assert sorted(names) == sorted(set(names))


def test_no_page_polls():
    """What moves is pushed (pages/ui/server/feed.py): a timer that runs the script brings old values of widgets along."""
    timed = [str(path.relative_to(ROOT)) for path, _ in files() if "run_every" in path.read_text("utf-8")]
    assert timed == []


FIRST = """
import sys
import pages.ui.shell
print(*sys.modules)
"""


def test_no_two_threads_can_come_into_a_package_from_two_sides():
    """Python ends one of them (_DeadlockError): one imports the package, whose ``__init__`` wants a module that the other, who
    imports that module itself, holds while it waits for the package. What the server has imported before it answers is safe."""
    done = subprocess.run([sys.executable, "-c", FIRST], cwd=ROOT, capture_output=True, text=True, check=True)
    there = set(done.stdout.split())
    wanted = {}
    for path in ROOT.glob("rbm/**/__init__.py"):
        package = ".".join(path.parent.relative_to(ROOT).parts)
        if package not in there:
            names = {node.module or "" for node in _imports_at_once(path)}
            wanted |= {name: package for name in names if name.startswith(f"{package}.")}
    assert "rbm.units.base" in wanted
    sides = [
        f"{path.relative_to(ROOT)}: {node.module}"
        for folder in ("rbm", "pages")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom)
        and node.module in wanted
        and not ".".join(path.relative_to(ROOT).parts).startswith(wanted[node.module])
    ]
    assert sides == []


def _imports_at_once(path: Path) -> list[ast.ImportFrom]:
    return [node for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.ImportFrom)]
