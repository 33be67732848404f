"""The language of all words that people read: English is in the source, another is one file, `assets/languages/<code>.po`.

A server speaks one language, that of ``RBM_LANGUAGE``, which is read once, at the first import: constants of modules may be
translated where they stand. Every sentence is a whole message with named fields, ``_("{n} of {all}").format(n=1, all=2)``, since
other languages put words in another order; what counts something is ``plural``. A choice whose value is kept or compared stays
English and is marked by ``N_``, then translated by ``_`` where it is drawn. A message that the file lacks stays English.
"""

from __future__ import annotations

import gettext
import os
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rbm.errors import ConfigError

FOLDER = Path(__file__).resolve().parents[2] / "assets/languages"
ENGLISH = "en"


@dataclass(frozen=True)
class Language:
    """What a file of translations holds, message by message, and which form of a plural belongs to a number."""

    words: Mapping[str, str]
    forms: Mapping[str, tuple[str, ...]]
    form: Callable[[int], int]


def read(code: str, folder: Path = FOLDER) -> Language:
    """The language of that code, or of the .po file of that path; ConfigError where it cannot be used."""
    code = code if code.endswith(".po") else code.partition(".")[0].lower().replace("-", "_")
    if code in ("", ENGLISH) or code.startswith(f"{ENGLISH}_"):
        return Language({}, {}, lambda n: int(n != 1))
    path = Path(code) if code.endswith(".po") else folder / f"{code}.po"
    if not path.is_file():  # of a country: the language itself
        path = folder / f"{code.partition('_')[0]}.po"
    if not path.is_file():
        known = sorted({ENGLISH, *(file.stem for file in folder.glob("*.po"))})
        raise ConfigError(f"RBM_LANGUAGE is {code!r}, of which there is no file; there are: {', '.join(known)}.")
    from babel.messages.pofile import PoFileError, read_po  # English needs no Babel

    try:
        with path.open("rb") as file:
            catalogue = read_po(file, abort_invalid=True)
        form = gettext.c2py(catalogue.plural_expr)
    except (OSError, PoFileError, ValueError) as error:
        raise ConfigError(f"The language file {path.name} cannot be read: {error}.") from None
    words: dict[str, str] = {}
    forms: dict[str, tuple[str, ...]] = {}
    for message in catalogue:
        if not message.id or message.fuzzy:
            continue
        ids = (message.id,) if isinstance(message.id, str) else tuple(message.id)
        said = (message.string,) if isinstance(message.string, str) else tuple(message.string or ("",))
        if not all(said):
            continue
        for one in said:
            _check_fields(path.name, ids[-1], one)
        if len(ids) == 1:
            words[ids[0]] = said[0]
        else:
            forms[ids[0]] = said
    return Language(words, forms, form)


def fields(message: str) -> list[str]:
    """The names in braces that a message has values put into, those within ``{x:.{digits}f}`` too; ValueError for half a pair."""
    parts = [part for part in string.Formatter().parse(message) if part[1] is not None]
    return [name for _text, field, style, _how in parts for name in (field, *(fields(style) if style else ())) if field]


def _check_fields(file: str, message: str, said: str) -> None:
    wanted = {*fields(message)}
    try:
        fits = {*fields(said)} == wanted
    except ValueError:
        fits = False
    if not fits:
        told = ", ".join(f"{{{name}}}" for name in sorted(wanted)) or "none"
        raise ConfigError(f"{file} translates {message!r} with other fields in braces; it needs: {told}.")


_asked = os.environ.get("RBM_LANGUAGE", "").strip()
CODE = Path(_asked or ENGLISH).stem  # as pages of HTML name their language
_language = read(_asked)


def _(message: str) -> str:
    """The message in the server's language."""
    return _language.words.get(message, message)


def plural(one: str, many: str, n: int) -> str:
    """The message for so many of something: ``one`` or ``many`` in English, one of as many forms as another language has."""
    said = _language.forms.get(one)
    if said is None:
        return one if n == 1 else many
    return said[min(_language.form(n), len(said) - 1)]


def N_(message: str) -> str:
    """The message itself: only marked, so that the catalogue has it; ``_`` translates it where it is drawn."""
    return message
