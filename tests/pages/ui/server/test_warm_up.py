"""What the server has done before its first visitor: imported what pages need, and told the collector to leave it alone."""

import os
import subprocess
import sys

import pytest

from tests.helpers.places import ROOT

HERE = {**os.environ, "PYTHONPATH": str(ROOT)}

WARM = """
import gc, sys
from pages.ui import shell
from pages.ui.server import warm_up
from tests.helpers.screen import app_test

warm_up.import_all()
assert gc.get_freeze_count() > 100_000
warm = {module.partition(".")[0] for module in sys.modules}
app = app_test().run()
for entries in shell.PAGES.values():
    for entry in entries:
        app.switch_page(entry.script).run()
        assert not app.exception, entry.script
print(*sorted({module.partition(".")[0] for module in sys.modules} - warm))
"""
HEAVY = {"torch", "plotly", "pandas", "PIL", "sklearn", "numba", "scipy", "optuna", "sqlalchemy"}


@pytest.mark.slow  # a process that opens every page
def test_no_page_waits_for_a_library_after_the_warm_up():
    done = subprocess.run([sys.executable, "-c", WARM], cwd=ROOT, env=HERE, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not set(done.stdout.split()) & HEAVY


@pytest.mark.parametrize("option", ["postScriptGC", "fastReruns"])
def test_streamlit_neither_collects_garbage_after_every_run_nor_forgets_one_that_waits(option):
    """The first took 87 % of the server's time under sixty sessions (.streamlit/config.toml)."""
    asked = f"from streamlit import config; config.get_config_options(); print(config.get_option('runner.{option}'))"
    done = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
