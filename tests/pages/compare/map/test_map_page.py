"""The map of generative models under AppTest."""

import json

import pytest

from pages.compare.map import family
from pages.ui import shell
from rbm.tasks.baselines.comparison import MODELS
from tests.helpers.screen import open_page

pytestmark = pytest.mark.usefixtures("clean")


def test_every_box_of_the_map_with_an_address_leads_to_a_page():
    branches = (*family.EXPLICIT, *family.IMPLICIT, family.NEITHER)
    kin = [one for branch in branches for one in branch.kin]
    missing = {one.address for one in kin if one.address and family.script(one.address) is None}
    assert missing <= {"deep"}
    assert family.script("") is None
    app = open_page(shell.MAP)
    assert not app.exception
    ways = {"← Before", "Next →"}  # of every page
    links = [json.dumps(str(link.proto)) for link in app.get("page_link") if link.proto.label not in ways]
    assert len(links) == sum(family.script(one.address) is not None for one in kin)
    assert set(MODELS.values()) >= {"GAN", "DCGAN"} <= {one.name for one in kin}
