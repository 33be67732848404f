"""What most tests start from: a machine small enough to know everything about, and a source of chance."""

import math
import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

# Two processes test side by side: more threads, and more than one worker for each cluster, would only be in the way.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("RBM_WORKERS", "1")

import hypothesis
import pytest
import torch
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.testing.v1 import app_test, local_script_runner

from rbm.core.warming import compile_loops
from rbm.jobs import cluster
from rbm.models.rbm import RBM
from rbm.randomness import generator
from rbm.store import Store
from tests.helpers.databases import database, let_go
from tests.helpers.oracles import HIDDEN, ROWS, VISIBLE
from tests.helpers.waiting import PATIENCE

LONG = ("test_algorithm_grid.py",)  # more than a minute, and among the last by its name

# How long an example takes is the machine's affair, and so is how long it took to think of.
hypothesis.settings.register_profile("suite", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("suite")


def pytest_configure(config: pytest.Config) -> None:
    """On a fresh machine compile once, before there are processes that would each do it for themselves."""
    if not hasattr(config, "workerinput"):
        compile_loops()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first, so that no process waits at the end for the other's last one; else in the tree's order."""
    items.sort(key=lambda item: item.path.name not in LONG)


@pytest.fixture(scope="session", autouse=True)
def own_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests keep their runs in a folder of their own, and so do the servers that they start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RBM_RUNS", str(tmp_path_factory.mktemp("runs")))
        patch.delenv("RBM_DATABASE_URL", raising=False)
        patch.setattr("rbm.jobs.cluster.START_SECONDS", PATIENCE)
        patch.setattr("rbm.jobs.cluster.COMPILED_SECONDS", PATIENCE)
        # Each AppTest would look through all installed packages for components, for a tenth of a second.
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        compiled = ScriptCache()  # nor compile the pages' scripts anew at every press
        for module in (app_test, local_script_runner):
            patch.setattr(module, "ScriptCache", lambda: compiled)
        yield
        cluster.disconnect()  # a worker is ten seconds of a core: one serves all modules that ask nothing special of it


@pytest.fixture
def clean() -> Iterator[None]:
    """For tests of pages: AppTest has one session id for all, and what is cached for a session would leak into the next."""
    import streamlit

    from pages.ui.session import tasks
    from rbm.jobs import job, recording

    yield
    streamlit.cache_resource.clear()
    tasks._left.clear()
    job.release_all(PATIENCE)
    recording.flush()  # or what waits is written into the registry of a later test


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody watches runs and tasks for as long as the test may take."""
    monkeypatch.setattr("rbm.jobs.job.LEASE_SECONDS", math.inf)


@pytest.fixture
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database: on SQLite, or where a test's ``on_both`` says."""
    with database(getattr(request, "param", "sqlite"), tmp_path) as address:
        yield address


@pytest.fixture
def open_again(url: str, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Opens the same registry, each time as a server of its own would."""
    opened: list[Store] = []

    def make() -> Store:
        opened.append(Store(url, tmp_path))
        return opened[-1]

    yield make
    for store in opened:
        let_go(store)


@pytest.fixture
def store(open_again: Callable[[], Store]) -> Store:
    """An empty registry of runs."""
    return open_again()


@pytest.fixture
def rng() -> torch.Generator:
    return generator(20, "tests")


@pytest.fixture
def tiny_rbm() -> RBM:
    """7 visible and 3 hidden units in float64, all parameters of order 1: far from independent, quick to mix."""
    model = RBM(VISIBLE, HIDDEN).double()
    source = generator(17, "tiny")
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn(p.shape, generator=source, dtype=torch.float64))
    return model


@pytest.fixture
def swapped_rbm(tiny_rbm: RBM) -> RBM:
    """The same machine with its layers called by each other's names."""
    model = RBM(HIDDEN, VISIBLE).double()
    with torch.no_grad():
        model.weight.copy_(tiny_rbm.weight.T)
        model.visible_bias.copy_(tiny_rbm.hidden_bias)
        model.hidden_bias.copy_(tiny_rbm.visible_bias)
    return model


@pytest.fixture
def images() -> torch.Tensor:
    """11 binary rows for the tiny machine."""
    return torch.randint(0, 2, (ROWS, VISIBLE), generator=generator(23, "images")).double()
