"""Files that pages give: at an address that stays, made when asked for, or a sentence that says why not."""

import csv
import io

import pytest
from starlette.requests import Request
from starlette.responses import Response

from pages.ui.server import download
from pages.ui.server.feed import Feed
from rbm.errors import StoreError
from tests.helpers.screen import open_page
from tests.helpers.waiting import finished

ENERGY = "pages/learn/energy/page.py"


def ask(token: str, key: str) -> Response:
    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "path_params": {"token": token, "key": key}}
    return finished(download.serve(Request(scope)))


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch) -> Feed:
    feed = Feed()
    monkeypatch.setattr("pages.ui.server.feed.find", {feed.token: feed}.get)
    return feed


def test_a_file_is_made_anew_at_every_request(visit):
    count = iter(range(9))
    visit.files["numbers"] = lambda: f"{next(count)}\n"
    assert [ask(visit.token, "numbers").body for _ in range(3)] == [b"0\n", b"1\n", b"2\n"]


@pytest.mark.parametrize(("token", "key"), [(None, "another"), ("of nobody", "numbers")])
def test_what_is_not_there_says_what_to_do(visit, token, key):
    visit.files["numbers"] = lambda: "1"
    answer = ask(token or visit.token, key)
    assert answer.status_code == 404
    assert b"Load the page again" in answer.body


def test_an_error_is_told_and_a_fault_is_not_hidden(visit):
    def gone() -> bytes:
        raise StoreError("run 7 is not here any more")

    visit.files["run"] = gone
    answer = ask(visit.token, "run")
    assert (answer.status_code, answer.body) == (409, b"run 7 is not here any more")
    visit.files["run"] = lambda: 1 / 0  # type: ignore[assignment, return-value]
    with pytest.raises(ZeroDivisionError):
        ask(visit.token, "run")


@pytest.mark.usefixtures("clean")
def test_the_address_outlives_the_runs_of_the_script_and_the_file_is_the_newest():
    app = open_page(ENERGY)
    feed = app.session_state["feed"]
    assert not app.exception
    first = feed.files["energy_csv"]
    app.slider(key="energy_visible").set_value(4).run()
    assert app.session_state["feed"] is feed
    assert feed.files["energy_csv"] is not first
    rows = list(csv.DictReader(io.StringIO(feed.files["energy_csv"]())))
    assert len(rows) == 2**6
    assert sum(float(row["p"]) for row in rows) == pytest.approx(1)
