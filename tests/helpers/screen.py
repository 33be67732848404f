"""What tests of pages share: the app under AppTest, which has no browser and one session."""

from streamlit.runtime.caching import clear_session_resource_cache
from streamlit.testing.v1 import AppTest

from pages.ui import shell
from tests.helpers.places import ROOT
from tests.helpers.waiting import PATIENCE

SCRIPTS = [page.script for section in shell.PAGES.values() for page in section]


def app_test() -> AppTest:
    """The app, not run yet: for tests that come by a link."""
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE)


def open_page(script: str) -> AppTest:
    """A visitor who has come to a page."""
    return app_test().run().switch_page(script).run()


def end_tab() -> None:
    """What Streamlit does when a tab is closed or loaded anew; under AppTest all are one."""
    clear_session_resource_cache("test session id")


def draft(app: AppTest) -> dict:
    return app.session_state["draft"]
