"""The commands and the code of the READMEs are the ones that work."""

import re
from runpy import run_path

from rbm.checkpoint import save_checkpoint
from rbm.evaluation import verdict
from rbm.experiment import RunSpec, make_dataset, make_model
from rbm.studies.defaults import ALGORITHMS
from tests.helpers.places import ROOT

README = (ROOT / "README.md").read_text("utf-8")
_FILES = [ROOT / "README.md", *(p for tree in ("rbm", "pages") for p in sorted((ROOT / tree).glob("**/README.md")))]
READMES = {p.relative_to(ROOT).as_posix(): p.read_text("utf-8") for p in (*_FILES, ROOT / "tests/README.md")}
PAGES, STUDIES, TESTS, ENGINE, SPEED = (
    READMES[f"{at}/README.md"] for at in ("pages", "rbm/studies", "tests", "rbm", "rbm/benchmarks")
)
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


def test_where_the_database_does_not_answer_nothing_is_installed_to_ask_it(capsys, tmp_path):
    answers = run_path(str(ROOT / ".ci/audit.py"))["answers"]
    reply = tmp_path / "reply.json"
    assert not answers(reply.as_uri())
    assert capsys.readouterr().out.startswith(f"Not audited: {reply.as_uri()} does not answer")
    reply.write_text("no JSON", "utf-8")
    assert not answers(reply.as_uri())
    reply.write_text("{}", "utf-8")
    assert answers(reply.as_uri())


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


def tables(text: str) -> list[tuple[list[str], list[list[str]]]]:
    """The heads and the rows of a page's tables."""
    found = [
        [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
        for table in re.findall(r"(?:^\|.*\|\n)+", text, re.M)
    ]
    return [(head, rows) for head, _, *rows in found]


def nats(cell: str) -> float:
    return float(re.match(r"[−+]?[\d.]+", cell)[0].replace("−", "-"))


FORWARD = ("log-likelihood, AIS", "bound, AIS", "nats per test image, AIS")
REVERSE = ("reverse AIS", "bound, reverse AIS")
BOTH_ESS = "effective chains of 100, each way"


def test_no_likelihood_in_them_rests_on_few_chains_without_saying_so():
    """Every row of every table that tells an effective sample size, and every bracket that is the wrong way round."""
    judged = {}
    for name, text in READMES.items():
        for head, rows in tables(text):
            at = {title: i for i, title in enumerate(head)}
            if not {"ESS", BOTH_ESS} & set(at):
                assert not set(FORWARD) & set(at), f"{name}: {head}"
                continue
            forward, reverse = (next(i for title, i in at.items() if title in side) for side in (FORWARD, REVERSE))
            for row in rows:
                sizes = row[at[BOTH_ESS]].split(", ") if BOTH_ESS in at else [row[at["ESS"]], row[at["ESS, reverse"]]]
                for value, ess in zip((forward, reverse), sizes, strict=False):
                    assert ("unreliable" in row[value]) == verdict.unreliable(float(ess)), row
                if "bracket" in at:
                    assert ("(crossed)" in row[at["bracket"]]) == ("−" in row[at["bracket"]]), row
                elif row[reverse] != "–":
                    crossed = verdict.crossed(nats(row[forward]) - nats(row[reverse]))
                    assert ("crossed" in row[reverse]) == bool(crossed), row
                judged[name] = judged.get(name, 0) + 1
    assert judged["rbm/studies/README.md"] >= 9
    assert judged["rbm/README.md"] == 5


def test_likelihoods_without_a_sample_size_are_said_to_be_unreliable_there():
    """Those of the benchmarks: estimates whose effective sample sizes nobody wrote down."""
    (paragraph,) = (one for one in SPEED.split("\n\n") if "over five seeds, which reached" in one)
    assert "unreliable" in paragraph


def test_the_race_for_quality_counts_on_enough_chains():
    (rows,) = (rows for head, rows in tables(SPEED) if head[-1] == "chains that count")
    assert len(rows) == 5
    assert not any(verdict.unreliable(float(row[-1])) for row in rows)


def test_no_algorithm_is_worse_at_its_defaults_than_cd_and_pcd_is_much_better():
    (table,) = (rows for head, rows in tables(STUDIES.split("**defaults**: ")[1].split("**centring**: ")[0]))
    found: dict[str, list[float]] = {}
    for row in table:
        found.setdefault(row[0], []).append(nats(row[4]))
    mean = {name: sum(values) / len(values) for name, values in found.items()}
    assert set(mean) == set(ALGORITHMS)
    assert min(mean.values()) >= mean["cd"]
    assert mean["pcd"] - mean["cd"] >= 5
    for name, value in mean.items():  # the words below the table are of its rows
        (told,) = re.findall(rf"^{name}: (\S+) ", STUDIES, re.M)
        assert abs(nats(told) - value) < 0.011  # of unrounded ones


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
