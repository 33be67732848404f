"""What all workers of this machine need, imported and compiled once: they are forked from a process that imports this."""

import gc

from rbm.core.warming import compile_loops
from rbm.jobs import training  # noqa: F401 - whatever a run imports

compile_loops()
gc.collect()
gc.freeze()  # or the first collection in each worker would write into the memory that they share
