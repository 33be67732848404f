"""Files that pages give: at an address that stays, made when asked for, or a sentence that says why not."""

import csv
import io

import pytest
from starlette.requests import Request
from starlette.responses import Response

from pages.ui.server import download, socket
from pages.ui.server.feed import Feed, GivenFile
from rbm.errors import StoreError
from tests.helpers.screen import open_page
from tests.helpers.waiting import finished

ENERGY = "pages/learn/energy/page.py"


def ask(token: str, key: str, origin: str = "http://localhost:8501", host: str = "localhost:8501") -> Response:
    headers = [(b"host", host.encode()), (b"origin", origin.encode())]
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "headers": headers,
        "path_params": {"token": token, "key": key},
    }
    return finished(download.serve(Request(scope)))


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch) -> Feed:
    feed = Feed()
    monkeypatch.setattr("pages.ui.server.feed.find_shown", {feed.shown: feed}.get)
    return feed


def test_a_file_is_made_anew_at_every_request(visit):
    count = iter(range(9))
    visit.files["numbers"] = GivenFile(lambda: f"{next(count)}\n", "numbers.txt")
    assert [ask(visit.shown, "numbers").body for _ in range(3)] == [b"0\n", b"1\n", b"2\n"]


@pytest.mark.parametrize(("token", "key"), [(None, "another"), ("of nobody", "numbers")])
def test_what_is_not_there_says_what_to_do(visit, token, key):
    visit.files["numbers"] = GivenFile(lambda: "1", "numbers.txt")
    answer = ask(token or visit.shown, key)
    assert answer.status_code == 404
    assert b"Load the page again" in answer.body


def test_an_error_is_told_and_a_fault_is_not_hidden(visit):
    def gone() -> bytes:
        raise StoreError("run 7 is not here any more")

    visit.files["run"] = GivenFile(gone, "run.txt")
    answer = ask(visit.shown, "run")
    assert (answer.status_code, answer.body) == (409, b"run 7 is not here any more")
    visit.files["run"] = GivenFile(lambda: 1 / 0, "run.txt")  # type: ignore[assignment, return-value]
    with pytest.raises(ZeroDivisionError):
        ask(visit.shown, "run")


def test_a_file_goes_to_this_server_s_own_pages_as_a_file_of_its_kind(visit):
    visit.files["page"] = GivenFile(lambda: "<script>alert(1)</script>", "run.html")
    answer = ask(visit.shown, "page")
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''run.html"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert ask(visit.token, "page").status_code == 404  # the socket's token, which tells who the visitor is, is another


@pytest.mark.parametrize("route", download.ROUTES, ids=lambda route: route.path)
def test_every_address_answers_this_server_s_own_pages_alone(visit, route, monkeypatch):
    monkeypatch.setattr(
        socket, "is_host_allowed", lambda host: host != "evil.example"
    )  # as server.allowedHosts may say
    visit.files["numbers"] = GivenFile(lambda: "1", "numbers.txt")
    visit.picture = lambda name, version: b"png"
    of = {
        "token": visit.shown,
        "key": "numbers",
        "version": 1,
        "name": "dream" if "{token}" in route.path else "train.light.webp",
    }
    own = {"origin": "http://localhost:8501", "host": "localhost:8501"}
    for elsewhere, status in ({}, 200), ({"origin": "http://evil.example"}, 403), ({"host": "evil.example"}, 403):
        headers = [(name.encode(), value.encode()) for name, value in {**own, **elsewhere}.items()]
        scope = {"type": "http", "method": "GET", "path": "/", "headers": headers, "path_params": of}
        answer = finished(route.endpoint(Request(scope)))
        assert answer.status_code == status
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.usefixtures("clean")
def test_the_address_outlives_the_runs_of_the_script_and_the_file_is_the_newest():
    app = open_page(ENERGY)
    feed = app.session_state["feed"]
    assert not app.exception
    first = feed.files["energy_csv"]
    app.slider(key="energy_visible").set_value(4).run()
    assert app.session_state["feed"] is feed
    assert feed.files["energy_csv"] is not first
    rows = list(csv.DictReader(io.StringIO(feed.files["energy_csv"][0]())))
    assert len(rows) == 2**6
    assert sum(float(row["p"]) for row in rows) == pytest.approx(1)
