"""``python -m rbm.cluster``: the workers as a program of its own; what it does stands in ``rbm.jobs.workers``."""

import sys

from rbm.jobs.workers import serve

if __name__ == "__main__":
    serve(sys.stdin)
