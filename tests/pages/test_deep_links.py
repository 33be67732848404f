"""Every address, as the first thing that a session asks for, answers with its page; on one server that had no visitor yet."""

from collections.abc import Iterator

import pytest

from pages.ui import shell
from tests.helpers.waiting import finished
from tests.load.client import Trouble, visit
from tests.load.server import serve

# Home last: whoever comes there first hides what a deep link as the very first request would meet.
ENTRIES = [entry for section in shell.PAGES.values() for entry in section][::-1]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serve() as server:
        yield server.url


async def came_to(url: str, address: str) -> list[str]:
    """The headers of the page that a new session finds there; Trouble for an error on it, or for no such page."""
    async with visit(url) as visitor:
        await visitor.open(address)
        assert visitor.pages.keys() == {entry.address for entry in ENTRIES}
        return visitor.headers


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.address or "home")
def test_a_deep_link_to_a_page_shows_that_page(url: str, entry: shell.Entry):
    title = entry.title if entry.address else shell.NAME
    assert finished(came_to(url, entry.address)) == [title]


def test_an_address_that_is_no_page_is_told(url: str):
    with pytest.raises(Trouble, match="no page"):
        finished(came_to(url, "guessed"))
