"""What tests of pages share."""

import pytest


@pytest.fixture(autouse=True)
def few_opening_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Labels and Go deep open with chains that took 500 sweeps, once a server: here each test is a server of its own."""
    for page in ("pages.generate.labels.dreams", "pages.train.deep.stack"):
        monkeypatch.setattr(f"{page}.OPENS_AFTER", 5)
