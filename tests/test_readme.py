"""The commands and the code of the READMEs are the ones that work."""

import re
from runpy import run_path

from rbm.checkpoint import save_checkpoint
from rbm.evaluation import verdict
from rbm.experiment import RunSpec, make_dataset, make_model
from tests.helpers.places import ROOT

README = (ROOT / "README.md").read_text("utf-8")
_FILES = [ROOT / "README.md", *(p for tree in ("rbm", "pages") for p in sorted((ROOT / tree).glob("**/README.md")))]
READMES = {p.relative_to(ROOT).as_posix(): p.read_text("utf-8") for p in (*_FILES, ROOT / "tests/README.md")}
PAGES, STUDIES, TESTS, ENGINE = (READMES[f"{at}/README.md"] for at in ("pages", "rbm/studies", "tests", "rbm"))
INSTALL = "python -m pip install -r requirements.txt"


def blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.S)


def test_the_first_page_is_short_and_leads_to_all_the_others():
    assert len(README.encode()) <= 9_000
    for name in READMES:
        assert name == "README.md" or name in README, name


def test_two_commands_do_everything_and_ci_runs_the_second():
    commands = [block.strip() for block in blocks("") if "pip" in block]
    assert commands == [f"{INSTALL} && python -m streamlit run app.py", f"{INSTALL} && python -m pytest"]
    script = (ROOT / ".ci/run").read_text("utf-8")
    assert f"{INSTALL} && python -m pytest\n" in script


def test_ci_installs_what_the_lock_names_checked_by_its_hashes_and_nothing_else():
    script, lock = ((ROOT / ".ci" / name).read_text("utf-8") for name in ("run", "requirements.lock"))
    first, no_more, then = (
        script.index(line)
        for line in (
            "pip install --require-hashes -r .ci/requirements.lock 2>&1",
            "export PIP_NO_INDEX=1\n",
            f"{INSTALL} &&",
        )
    )
    assert first < no_more < then
    locked = re.findall(r"^([\w.-]+)==(\S+) \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", lock, re.M)
    rest = re.sub(r"^(#.*|[\w.-]+==\S+ \\|    --hash=sha256:[0-9a-f]{64}(?: \\)?)\n", "", lock, flags=re.M)
    assert rest == ""  # no package without a hash, no option, no address
    releases = {name: version.split("+")[0] for name, version, _ in locked}
    named = dict(re.findall(r"^([a-z-]+)(?:\[\w+\])?==(\S+)$", (ROOT / "requirements.txt").read_text("utf-8"), re.M))
    assert len(named) >= 20
    assert named.items() <= releases.items()
    assert len(releases) > len(named)


def test_the_audit_fails_for_what_can_be_mended_and_says_when_it_could_not_ask():
    audit = run_path(str(ROOT / ".ci/audit.py"))
    lock = (ROOT / ".ci/requirements.lock").read_text("utf-8")
    names = audit["locked"](lock)
    assert len(names) == lock.count("==")
    assert not any("+" in name for name in names)
    skipped = {"name": "a", "skip_reason": "not found"}
    sound = {"name": "b", "version": "1", "vulns": []}
    flaw = {"name": "c", "version": "2", "vulns": [{"id": "CVE-1", "fix_versions": []}]}
    mended = {"name": "d", "version": "3", "vulns": [{"id": "CVE-2", "fix_versions": ["3.1"]}]}
    for packages, fine, words in (
        ([skipped, skipped], True, "Not audited: the database knows none of the 2 packages here."),
        ([skipped, sound], True, "1 of 2 packages audited, 0 known vulnerabilities."),
        ([sound, flaw], True, "c 2: CVE-1, mended by no release yet"),
        ([flaw, mended], False, "d 3: CVE-2, mended by 3.1"),
    ):
        found, told = audit["judged"]({"dependencies": packages})
        assert found == fine
        assert words in told


def test_what_is_slow_is_run_by_an_argument_of_its_own():
    script = (ROOT / ".ci/run").read_text("utf-8")
    assert "`.ci/run --slow`" in README
    assert "`.ci/run --slow`" in TESTS
    (line,) = (line for line in script.splitlines() if "-m slow" in line)
    assert line.startswith('[ -z "$slow" ] || timeout 3h python -m pytest -m slow')
    assert "ends it after three hours" in TESTS


def test_the_python_in_it_runs(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    spec = RunSpec()
    save_checkpoint("run.safetensors", make_model(spec, make_dataset(spec.dataset)), spec)
    namespace: dict[str, object] = {}
    for block in blocks("python", ENGINE):
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
    table = README.split("## Why each dependency is there")[1].split("## ")[0]
    explained = {name.strip() for row in re.findall(r"^\| ([a-z, -]+) \|", table, re.M) for name in row.split(",")}
    assert explained - {"package"} == set(pinned)


def test_every_file_and_folder_it_names_exists():
    for name, text in READMES.items():
        for path in re.findall(r"`((?:rbm|pages|tests|assets)/[\w./]+|app\.py|requirements\.txt)`", text):
            assert (ROOT / path.rstrip("/")).exists(), f"{name}: {path}"


def test_no_likelihood_in_it_rests_on_few_chains_without_saying_so():
    """Every row of every table that tells an effective sample size, and every bracket that is the wrong way round."""
    judged = 0
    for table in re.findall(r"(?:^\|.*\|\n)+", STUDIES, re.M):
        head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
        at = {title: i for i, title in enumerate(head)}
        if "ESS" not in at:
            continue
        forward = next(i for title, i in at.items() if title in ("log-likelihood, AIS", "bound, AIS"))
        reverse = next(i for title, i in at.items() if title in ("reverse AIS", "bound, reverse AIS"))
        for row in rows:
            for value, ess in ((forward, at["ESS"]), (reverse, at["ESS, reverse"])):
                assert ("(unreliable)" in row[value]) == verdict.unreliable(float(row[ess])), row
            assert ("(crossed)" in row[at["bracket"]]) == ("−" in row[at["bracket"]]), row
            judged += 1
    assert judged >= 9


def test_every_page_has_its_paragraph():
    from pages.ui import shell

    for section in shell.PAGES.values():
        for page in section:
            assert f"**{page.title}**" in PAGES


def test_every_module_of_the_engine_stands_in_the_map_and_nothing_else():
    section = ENGINE.split("## The map")[1].split("\n## ")[0]
    told = {
        where: sorted(re.findall(r"`(\w+)`", words))
        for where, words in re.findall(r"^- `(rbm/[\w/]*)`: (.*(?:\n  .*)*)", section, re.M)
    }
    there: dict[str, list[str]] = {}
    for path in sorted((ROOT / "rbm").glob("**/*.py")):
        if path.stem not in ("__init__", "__main__"):
            there.setdefault(f"{path.parent.relative_to(ROOT).as_posix()}/", []).append(path.stem)
    assert told == {where: sorted(names) for where, names in there.items()}
