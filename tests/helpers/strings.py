"""What people read, found in the source: the messages of the catalogue, and texts that were not given to it.

python -m tests.helpers.strings    writes assets/languages/messages.pot anew and brings the messages of each .po there up to date
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from rbm import errors
from rbm.core.language import FOLDER, fields

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = FOLDER / "messages.pot"
MARKS = ("_", "N_", "plural")
HEADER = """\
# The messages of the Boltzmann Explorer, written by python -m tests.helpers.strings; README.md says how to add a language.
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""


class Found(NamedTuple):
    """A message, singular and plural where it counts, and the file that it is in."""

    message: str | tuple[str, str]
    file: str


def python_files() -> list[Path]:
    return sorted([*ROOT.glob("pages/**/*.py"), *ROOT.glob("rbm/**/*.py")])


def messages() -> Iterator[Found]:
    for path in python_files():
        yield from (Found(message, _name(path)) for message in in_python(path.read_text("utf-8")))
    for path in sorted(ROOT.glob("assets/*.js")):
        yield from (Found(message, _name(path)) for message in in_script(path.read_text("utf-8")))
    for path in sorted(ROOT.glob("assets/text/*.md")):
        blocks = path.read_text("utf-8").strip().split("\n\n")
        yield from (Found(re.sub(r"^\[\w*\] ", "", block), _name(path)) for block in blocks)


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def in_python(source: str) -> Iterator[str | tuple[str, str]]:
    """The messages of a module in their order; ValueError where one is not written out."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id in MARKS:
            if any(isinstance(part, ast.JoinedStr) for one in node.args for part in ast.walk(one)):
                raise ValueError(f"line {node.lineno}: a message is written out, its fields are filled in by .format")
            said = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            if node.func.id == "plural":
                yield said[0], said[1]
            else:
                yield from said
        else:
            yield from _choices(node)


# What people do not read: words for programmers and logs, seeds of random numbers, patterns, headers, options of Plotly.
_OTHERS = re.compile(
    r"(\w+\.)*(ValueError|TypeError|_?log\.\w+|_log\.\w+|re\.\w+|generator|add_vline|FileResponse|Response)$"
)
_WORDS = re.compile(r"[^\W\d_]{2,}[,;:.]? [^\W\d_]{2,}")
_NO_PROSE = re.compile(
    r"[\\<;]|^\W*(rgba?\(|linear-gradient|public|private|openid|x unified)|stroke=|The teacher's word:"
)
_NAMES = {
    "longer examination",
    "deep labels",
    "ising learn",
    "ising walk",
    "as it is",
}  # of tasks, and a look's setting
_ERRORS = {name for name, one in vars(errors).items() if isinstance(one, type) and issubclass(one, errors.RbmError)}


def bare(source: str, engine: bool) -> Iterator[tuple[int, str]]:
    """Line and text of what was not given to the catalogue: two words in a row on a page, the text of an error in the engine."""
    tree = ast.parse(source)
    if engine:
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _ERRORS):
                continue
            if node.args and _WORDS.search(text := _literal(node.args[0])):
                yield node.lineno, text
    else:
        yield from ((line, text) for line, text in _prose(tree) if text not in _values())


@cache
def _values() -> set[str]:
    """What is compared, kept or sent, and translated where it is drawn: marked by N_, or a choice of a setting."""
    trees = [ast.parse(path.read_text("utf-8")) for path in python_files()]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    marked = [_literal(one.args[0]) for one in calls if isinstance(one.func, ast.Name) and one.func.id == "N_"]
    return {*_NAMES, *marked, *(choice for one in calls for choice in _choices(one))}


def _choices(call: ast.Call) -> list[str]:
    """The choices of a knob that are written out: ``Knob.called`` translates them."""
    if not (isinstance(call.func, ast.Name) and call.func.id == "knob"):
        return []
    written = [one.value for one in call.keywords if one.arg == "choices" and isinstance(one.value, ast.Tuple)]
    return [text for choices in written for one in choices.elts if (text := _literal(one))]


def _literal(node: ast.AST) -> str:
    """A text as it is written, without the values that it has."""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else " " for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _prose(node: ast.AST) -> Iterator[tuple[int, str]]:
    text = _literal(node)
    if _WORDS.search(text) and not _NO_PROSE.search(text):
        yield node.lineno, text
    if isinstance(node, ast.Call):
        name = ast.unparse(node.func)
        if name in MARKS[:2] or _OTHERS.match(name):
            return
        children = [node.func, *node.args[2:], *node.keywords] if name == "plural" else [*ast.iter_child_nodes(node)]
    elif isinstance(node, ast.JoinedStr):
        children = [part for part in node.values if isinstance(part, ast.FormattedValue)]
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return  # a docstring
    else:
        children = [*ast.iter_child_nodes(node)]
    for child in children:
        if child is not getattr(node, "annotation", None) and child is not getattr(node, "returns", None):
            yield from _prose(child)


def misfits(source: str) -> Iterator[tuple[int, set[str]]]:
    """Line and names of fields that a message has and its ``.format`` does not fill, or the other way round."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(ast.Attribute(ast.Call(ast.Name(mark), words), "format"), [], given) if mark in MARKS:
                filled = {one.arg for one in given}
                for message in words[: 2 if mark == "plural" else 1]:
                    if wrong := {*fields(_literal(message))} ^ filled:
                        yield node.lineno, wrong


def in_script(source: str) -> Iterator[str]:
    yield from (ast.literal_eval(found) for found in re.findall(r'\b_\(("(?:[^"\\]|\\.)*")', source))


def bare_in_script(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of what two words in a row say in a script and no ``_`` translates; styles and selectors say nothing."""
    for number, line in enumerate(source.splitlines(), 1):
        code = re.sub(r"(^|\s)//.*", "", re.sub(r'\b_\("(?:[^"\\]|\\.)*"', "", line))
        for found in re.findall(r'"(?:[^"\\]|\\.)*"|`[^`]*`', code):
            text = re.sub(r"\$\{[^}]*\}", " ", found)
            if _WORDS.search(text) and not re.search(r"[<>;.]|rgb|px|repeat\(|hover: none|swatch|drawn on ", text):
                yield number, text


def template() -> Catalog:
    catalogue = Catalog(charset="utf-8", fuzzy=False)
    for message, file in messages():
        catalogue.add(message, locations=[(file, 0)])
    return catalogue


def written(catalogue: Catalog) -> str:
    """The template as a file: where a message is from without its line, which every edit would move."""
    out = BytesIO()
    write_po(out, catalogue, width=120, omit_header=True, include_lineno=False)
    return HEADER + out.getvalue().decode("utf-8")


def main() -> None:
    fresh = template()
    TEMPLATE.parent.mkdir(exist_ok=True)
    TEMPLATE.write_text(written(fresh), "utf-8")
    for path in FOLDER.glob("*.po"):
        with path.open("rb") as file:
            translated = read_po(file, locale=path.stem)
        translated.update(fresh)
        with path.open("wb") as file:
            write_po(file, translated, width=120, include_lineno=False)


if __name__ == "__main__":
    main()
