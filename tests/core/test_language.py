"""The catalogue holds every message, and a file of translations is read as it was meant."""

import ast
import os
import re
import subprocess
import sys

import pytest
from babel.messages.pofile import read_po

from rbm.core import language
from rbm.errors import ConfigError
from tests.helpers import strings
from tests.helpers.places import ROOT

ENGLISH_ONLY = {
    ("rbm", "commands"),
    ("rbm", "benchmarks"),
    ("rbm", "studies"),
}  # the command line's, whose output stays English
HEAD = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n>=2 && n<=4 ? 1 : 2);\\n"

"""


def spoken(tmp_path, entries: str) -> language.Language:
    path = tmp_path / "cs.po"
    path.write_text(HEAD + entries, "utf-8")
    return language.read("cs", tmp_path)


def test_the_template_on_disk_is_what_the_source_says():
    said = strings.written(strings.template())
    assert said == strings.TEMPLATE.read_text("utf-8"), "run python -m tests.helpers.strings"


def test_every_message_is_a_template_that_its_values_can_be_put_into():
    for message, file in strings.messages():
        forms = (message,) if isinstance(message, str) else message
        found = [{*language.fields(one)} for one in forms]
        assert all(one == found[0] for one in found), (file, message)
        assert file.endswith(".md") or all(name.isidentifier() or name == "" for name in found[0]), (file, message)


def test_one_thing_has_one_name():
    """What was said in two ways, or read as translated: Train anew is a button's name, a sweep is Gibbs sampling's."""
    other = re.compile(
        r"(?<!Train )\b[Aa]new\b|[Kk]nobs? (were|that)|\blearned\b|\bHover\b|Rest the pointer|^Go on$|^Continue$|Copy to go on"
        r"|[Tt]he sweep \{name|named right|\balike pictures|look who|Out of use|forth and back"
    )
    for message, file in strings.messages():
        for one in (message,) if isinstance(message, str) else message:
            assert not other.search(one), (file, one)


def test_every_field_of_a_message_is_filled_and_no_other():
    wrong = [(path.name, *one) for path in strings.python_files() for one in strings.misfits(path.read_text("utf-8"))]
    assert not wrong
    assert list(strings.misfits('_("{n} of {all}").format(n=1, most=2)')) == [(1, {"all", "most"})]
    assert not list(strings.misfits('_("{x:.{digits}f}").format(x=1.5, digits=2)'))


def test_no_sentence_of_pages_and_scripts_and_no_error_of_the_engine_is_left_out():
    left = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in strings.python_files()
        for line, text in strings.bare(path.read_text("utf-8"), engine=path.is_relative_to(ROOT / "rbm"))
        if path.relative_to(ROOT).parts[:2] not in ENGLISH_ONLY and path.name != "language.py"
    ]
    for script in ROOT.glob("assets/*.js"):
        left += [f"{script.name}:{line}: {text}" for line, text in strings.bare_in_script(script.read_text("utf-8"))]
    assert not left, "\n".join(left)


def test_a_sentence_without_a_mark_is_found():
    page = 'st.caption(_("One sentence."), f"another one {word}")\nraise ValueError("not for people")\n'
    assert list(strings.bare(page, engine=False)) == [(1, "another one  ")]
    assert list(strings.bare('raise ConfigError("It is wrong.")', engine=True)) == [(1, "It is wrong.")]
    assert not list(strings.bare('raise ConfigError(_("It is wrong."))', engine=True))
    script = 'a = _("said so");\n// "not this"\nb = `${n} of them`;\nc = "grid .area";\n'
    assert list(strings.bare_in_script(script)) == [(3, "`  of them`")]


def test_a_message_that_is_not_written_out_is_refused():
    with pytest.raises(ValueError, match=r"line 1: .* filled in by \.format"):
        list(strings.in_python('_(f"{n} runs")'))


def test_a_translation_is_said_and_what_is_missing_stays_english(tmp_path, monkeypatch):
    read = spoken(
        tmp_path,
        'msgid "Train"\nmsgstr "Trénovat"\n\nmsgid "Pause"\nmsgstr ""\n\n#, fuzzy\nmsgid "Go on"\nmsgstr "?"\n',
    )
    monkeypatch.setattr(language, "_language", read)
    assert [language._(word) for word in ("Train", "Pause", "Go on")] == ["Trénovat", "Pause", "Go on"]
    assert language.plural("{n} run", "{n} runs", 2) == "{n} runs"


def test_a_number_takes_the_form_that_its_language_has_for_it(tmp_path, monkeypatch):
    said = 'msgid "{n} run"\nmsgid_plural "{n} runs"\nmsgstr[0] "{n} běh"\nmsgstr[1] "{n} běhy"\nmsgstr[2] "{n} běhů"\n'
    monkeypatch.setattr(language, "_language", spoken(tmp_path, said))
    told = [language.plural("{n} run", "{n} runs", n).format(n=n) for n in (1, 3, 11)]
    assert told == ["1 běh", "3 běhy", "11 běhů"]


@pytest.mark.parametrize("said", ["{count} runs", "runs", "{n} of {all}", "{n"])
def test_other_fields_than_the_message_has_are_refused_by_its_name(tmp_path, said):
    with pytest.raises(ConfigError, match=r"cs\.po translates '\{n\} runs here' .* it needs: \{n\}\."):
        spoken(tmp_path, f'msgid "{{n}} runs here"\nmsgstr "{said}"\n')


def test_a_file_that_is_no_catalogue_is_refused(tmp_path):
    (tmp_path / "cs.po").write_text('msgid "Train', "utf-8")
    with pytest.raises(ConfigError, match=r"The language file cs\.po cannot be read"):
        language.read("cs", tmp_path)


def test_a_language_that_is_not_there_is_refused_with_those_that_are():
    environment = {**os.environ, "RBM_LANGUAGE": "xx", "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [sys.executable, "-c", "import rbm.core.language"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stderr.splitlines()[-1].endswith("RBM_LANGUAGE is 'xx', of which there is no file; there are: en.")


def test_english_reads_no_file_and_needs_no_babel():
    said = "import sys; from rbm.core.language import _; print(_('Train'), 'babel' in sys.modules)"
    environment = {name: value for name, value in os.environ.items() if name != "RBM_LANGUAGE"}
    ran = subprocess.run(
        [sys.executable, "-c", said], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == ["Train", "False"]


def test_every_language_that_is_there_can_be_read():
    for path in language.FOLDER.glob("*.po"):
        assert language.read(path.stem).words
    with strings.TEMPLATE.open("rb") as file:
        assert len(read_po(file)) > 2_000


SMALL_WORDS = re.compile(
    r"(?<![^\s])(to|of|and|in|at|from|after|or|with|images?|part|hidden|units?|steps?|epochs?|over|is|the|a)(?![^\s])"
)
MARKUP = re.compile(r"<[^>]*>|[\w-]+=\"|st-key-\S+|data:\S+")


def test_no_sentence_of_the_screen_is_put_together_outside_the_catalogue():
    """Words between the values of an f-string are English in every language."""
    joined = []
    for path in [*(ROOT / "pages").glob("**/*.py"), *(ROOT / "rbm" / "report").glob("*.py")]:
        tree = ast.parse(path.read_text("utf-8"))
        ours = {id(part) for node in ast.walk(tree) if isinstance(node, ast.Raise) for part in ast.walk(node)}
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr) and id(node) not in ours:  # what is raised there is for who writes pages
                between = " ".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
                if SMALL_WORDS.search(MARKUP.sub(" ", between)):
                    joined.append(f"{path.relative_to(ROOT)}, line {node.lineno}: {between}")
    assert not joined, "\n".join(joined)


@pytest.mark.parametrize("code", ["", "en", "EN", "en_US", "en-GB", "en_US.UTF-8"])
def test_english_has_many_codes(code):
    assert language.read(code).words == {}


def test_a_country_s_language_is_that_language(tmp_path):
    (tmp_path / "cs.po").write_text(HEAD + 'msgid "Pause"\nmsgstr "Pauza"\n', "utf-8")
    for code in ("cs", "CS", "cs_CZ", "cs-CZ", "cs_CZ.UTF-8"):
        assert language.read(code, tmp_path).words == {"Pause": "Pauza"}


@pytest.mark.parametrize("command", [["-m", "rbm", "data", "list"], ["app.py"]])
def test_a_language_without_a_file_is_one_sentence_and_no_traceback(command):
    ran = subprocess.run(
        [sys.executable, *command],
        env={**os.environ, "RBM_LANGUAGE": "xx"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode != 0
    assert "RBM_LANGUAGE is 'xx', of which there is no file" in ran.stderr
    assert "Traceback" not in ran.stderr
