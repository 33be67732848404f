"""A database server that is stopped while pages are open: none breaks, those that read it say so, and recover by themselves."""

import pytest

from pages.ui import shell
from rbm.store import open_store
from tests.helpers.databases import let_go, postgres_server
from tests.helpers.screen import app_test
from tests.helpers.waiting import wait

NEED_IT = (shell.RUNS, shell.BOARD, shell.SWEEP)

pytestmark = pytest.mark.usefixtures("clean")


def test_every_page_is_drawn_without_it_and_with_it_again_as_soon_as_it_is_there(monkeypatch, tmp_path):
    with postgres_server() as server:
        monkeypatch.setenv("RBM_DATABASE_URL", server.url)
        monkeypatch.setenv("RBM_RUNS", str(tmp_path))
        app = app_test().run()
        open_store().names()
        server.stop()
        for entry in [entry for entries in shell.PAGES.values() for entry in entries if entry.script not in NEED_IT]:
            app.switch_page(entry.script).run()
            assert not app.exception, entry.title
            assert not app.error, entry.title
        for script in NEED_IT:
            app.switch_page(script).run()
            assert not app.exception
            (said,) = app.error
            assert "start the database server again" in said.value
        feed = app.session_state["feed"]
        assert "turn_registry" not in (feed.message() or "")
        server.start()
        wait(lambda: "turn_registry" in (feed.message() or ""), what="the page to look again")
        app.run()
        assert not app.error
        let_go(open_store())
