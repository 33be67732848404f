"""The frame of the pages under AppTest: ways from page to page, and what the steps of *What to see* speak of."""

import re

import pytest

from pages.ui import shell
from tests.helpers.places import ROOT
from tests.helpers.screen import SCRIPTS, open_page

pytestmark = pytest.mark.usefixtures("clean")
STEPS = sorted((ROOT / "assets/text").glob("*.en.md"))
SOURCE = "\n".join(path.read_text("utf-8") for path in ROOT.glob("pages/**/*.py"))


def ways(app) -> dict[str, str]:
    return {link.proto.label: link.proto.page for link in app.get("page_link")}


@pytest.mark.parametrize("place", [0, 7, len(SCRIPTS) - 1])
def test_every_page_leads_to_the_one_before_and_the_one_after(place: int):
    found = ways(open_page(SCRIPTS[place]))
    entries = [entry for section in shell.PAGES.values() for entry in section]
    wanted = {"← Before": place - 1, "Next →": place + 1}
    for words, other in wanted.items():
        assert found.get(words) == (entries[other].address if 0 <= other < len(entries) else None)


def test_where_a_run_has_something_to_show_the_page_leads_there():
    app = open_page(shell.TRAIN)
    assert not set(shell.LEADS.values()) & set(ways(app))
    app.button(key="one_batch").click().run()
    assert set(shell.LEADS.values()) <= set(ways(app))
    app.switch_page(shell.FILTERS).run()
    assert set(shell.LEADS.values()) & set(ways(app)) == {"Sample from it", "Compare it"}


def is_an_element(key: str) -> bool:
    """Whether the pages give an element that key: as it stands, or as a beginning and one of their own words or numbers."""
    begun = [start for start in re.findall(r'f"([a-z_]+_)\{', SOURCE) if key.startswith(start)]
    ends = {key.removeprefix(start) for start in begun}
    return f'"{key}"' in SOURCE or any(end.isdigit() or f'"{end}"' in SOURCE for end in ends)


@pytest.mark.parametrize("path", [one for one in STEPS if one.name != "home.en.md"], ids=lambda one: one.name)
def test_what_to_see_is_a_few_short_steps_that_light_what_there_is(path):
    steps = path.read_text("utf-8").strip().split("\n\n")
    assert 2 <= len(steps) <= 4
    for step in steps:
        assert "**" in step  # the name of what it speaks of
        assert len(step.split()) <= 35  # a projector shows it whole
        (key,) = re.findall(r"^\[(\w+)\]", step)
        assert is_an_element(key), key
