"""The work of single pages, as generators that a worker runs: no screen in them."""
