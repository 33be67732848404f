"""Outside words are shown as they were typed, whatever they would mean to Markdown, HTML or Streamlit."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbm.core.text import HARMFUL, JOINER, as_typed, in_html, plain, quoted
from tests.helpers.hostile import EVERYTHING, HOSTILE

LIVE = re.compile(r"(?<!\\)(?:\\\\)*[`*_\[\]{}<>#|$~&]|:(?=[^\s\u2060])|\bwww\.|@\w|^\s|^([-+=]|\d{1,9}[.)])(\s|$)|\n")


@pytest.mark.parametrize("words", [*HOSTILE, EVERYTHING])
def test_hostile_words_hold_no_live_mark(words):
    assert not LIVE.search(as_typed(words))


@given(st.text() | st.lists(st.sampled_from([*HOSTILE, *":/[]$`\\<>-_*1.) \n#&@w"])).map("".join))
def test_whatever_is_typed_is_shown_and_nothing_is_live(words):
    shown = as_typed(words)
    assert not LIVE.search(shown)
    read = re.sub(r"\\([\\`*_\[\]{}<>#|$~&])", r"\1", shown).replace(JOINER, "")
    assert read == plain(words).strip().replace(JOINER, "")
    shown.encode("utf-8")


@given(st.text())
def test_plain_words_are_one_line_that_everything_takes_and_plain_again(words):
    made = plain(words)
    assert not HARMFUL.search(made)
    assert plain(made) == made
    assert len(made.encode("utf-8").decode("utf-8").splitlines()) <= 1
    assert html.unescape(in_html(words)) == made


def test_harmless_words_stay_as_they_are():
    for words in ("", "a plain name", "Größe: 3, 50 %", "日本語 é ß ½", "it's 5:30 or (so)!"):
        assert plain(words) == words
        assert as_typed(words).replace(JOINER, "") == words


def test_an_error_quotes_a_little_of_what_is_long():
    assert quoted("pwn") == "'pwn'"
    assert len(quoted("x" * 10**6)) < 90
    assert quoted("\ud800\x00") == r"'\ud800\x00'"
