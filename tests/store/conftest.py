"""Every test of the registry runs on both kinds of database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.databases import KINDS, database


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database."""
    with database(request.param, tmp_path) as address:
        yield address
