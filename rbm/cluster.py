"""``python -m rbm.cluster``: the workers as a program of its own; what it does stands in ``rbm.jobs.cluster``."""

import sys

from rbm.jobs.cluster import serve

if __name__ == "__main__":
    serve(sys.stdin)
