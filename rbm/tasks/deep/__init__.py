"""Deep nets as jobs: what the pages and the studies train, told in pieces, and what they keep of it."""
