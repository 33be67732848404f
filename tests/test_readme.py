"""The README's commands and code are the ones that work."""

import re
from pathlib import Path

from rbm.checkpoint import save_checkpoint
from rbm.experiment import RunSpec, make_dataset, make_model

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
INSTALL = "python -m pip install -r requirements.txt"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.S)


def test_two_commands_do_everything_and_ci_runs_the_second():
    commands = [block.strip() for block in blocks("") if "pip" in block]
    assert commands == [f"{INSTALL} && python -m streamlit run app.py", f"{INSTALL} && python -m pytest"]
    script = (ROOT / ".ci/run").read_text("utf-8")
    assert f"{INSTALL} && python -m pytest\n" in script


def test_what_is_slow_is_run_by_an_argument_of_its_own():
    script = (ROOT / ".ci/run").read_text("utf-8")
    assert "`.ci/run --slow`" in README
    (line,) = (line for line in script.splitlines() if "-m slow" in line)
    assert line.startswith('[ -z "$slow" ] || timeout 3h python -m pytest -m slow')
    assert "ends it after three hours" in README


def test_the_python_in_it_runs(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    spec = RunSpec()
    save_checkpoint("run.safetensors", make_model(spec, make_dataset(spec.dataset)), spec)
    namespace: dict[str, object] = {}
    for block in blocks("python"):
        exec(
            compile(
                block.replace("TrainConfig(epochs=1)", "TrainConfig(epochs=1, batch_size=1024)"), "README.md", "exec"
            ),
            namespace,
        )
    assert "epoch 1.00" in capsys.readouterr().out
    assert namespace["event"].step == 1
    assert namespace["saved"].spec == spec


def test_every_pinned_dependency_is_explained_and_every_explained_one_pinned():
    pinned = re.findall(r"^([a-z-]+)(?:\[\w+\])?==", (ROOT / "requirements.txt").read_text(), re.M)
    table = README.split("### Why each dependency is there")[1].split("###")[0]
    explained = {name.strip() for row in re.findall(r"^\| ([a-z, -]+) \|", table, re.M) for name in row.split(",")}
    assert explained - {"package"} == set(pinned)


def test_every_file_and_folder_it_names_exists():
    for path in re.findall(r"`((?:rbm|pages|tests|assets)/[\w./]+|app\.py|requirements\.txt)`", README):
        assert (ROOT / path.rstrip("/")).exists(), path


def test_every_page_has_its_paragraph():
    from pages.ui import shell

    for section in shell.PAGES.values():
        for page in section:
            assert f"**{page.title}**" in README
