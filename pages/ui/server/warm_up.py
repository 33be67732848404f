"""What the server does while the first visitor reads: start the workers, and import what pages need."""

from __future__ import annotations

import gc
import logging
import threading

from rbm.core.imports import library
from rbm.errors import ClusterError, StoreError
from rbm.experiment import DatasetSpec, cached_dataset
from rbm.jobs import cluster
from rbm.store import open_store
from rbm.sweep import study

# What pages import when they are first opened. Torch alone takes seconds, which the first visitor of a page that needs it
# waited for.
LIBRARIES = (
    "torch",
    "plotly.graph_objects",
    "pandas",
    "PIL.Image",
    "scipy.optimize",
    "sklearn.linear_model",
    "sklearn.decomposition",
    "optuna",
    "sqlalchemy",
)
ENGINE = (
    "rbm.evaluation.exact",
    "rbm.evaluation.transition",
    "rbm.samplers.stepped_chains",
    "rbm.samplers.tempering",
    "rbm.core.warming",
    "rbm.report.page",
)
_log = logging.getLogger(__name__)


def begin() -> None:
    """Start both in threads of their own; what goes wrong is in the server's log, and said on the page that needs it."""
    threading.Thread(target=_workers, name="rbm-workers", daemon=True).start()
    threading.Thread(target=import_all, name="rbm-imports", daemon=True).start()


def import_all() -> None:
    """Import everything, read the default data and load what is compiled, then take it all out of the garbage collector's sight.

    A full collection walks all that lives: with these libraries some 400,000 objects that never die. Frozen, they cost
    nothing at every later collection. Python looks at the old ones anew when those that came since are a quarter of them: told
    that none are left, it finds what closed sessions leave behind sooner.
    """
    for module in (*LIBRARIES, *ENGINE):
        library(module)
    from rbm.core.warming import compile_loops
    from rbm.lessons import finite_lattice

    cached_dataset(DatasetSpec())
    compile_loops()
    finite_lattice.enumerated(1.0)  # 65,536 states, which are kept
    gc.collect()
    gc.freeze()
    gc.collect()


def _workers() -> None:
    try:
        open_store().purge()
    except StoreError as error:
        _log.error("%s", error)
    try:
        cluster.connect()
    except ConnectionAbortedError:  # the server ends
        return
    except (ClusterError, ConnectionError) as error:
        _log.error("%s", error)
    try:
        study.storage(
            open_store()
        )  # Optuna's tables: most of a second in a new registry, before the first search is shown
    except StoreError as error:
        _log.error("%s", error)
