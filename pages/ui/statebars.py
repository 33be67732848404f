"""Bars over the states of a small machine, each with its own little picture, that change in place."""

import json
from collections.abc import Mapping
from hashlib import blake2s
from time import time
from typing import TYPE_CHECKING, Any

from pages.ui.component import declare

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

_HTML = """
<div class="statebars">
  <div class="head"></div>
  <svg class="frame" role="img" tabindex="0"></svg>
  <div class="tip" hidden></div>
</div>
"""

_mount: "ComponentRenderer" = declare("statebars", _HTML, "board", "scales", "statebars")


def moving(option: Mapping[str, Any]) -> dict[str, Any]:
    """`figures.state_option(...)` with the fingerprint that says whether the picture has changed."""
    version = blake2s(json.dumps(option, sort_keys=True).encode(), digest_size=6).hexdigest()
    return {**option, "version": version}


def state_bars(option: Mapping[str, Any], *, key: str, alt: str, height: int = 230) -> None:
    """Draw `figures.state_option(...)`; hover a state for its values. `alt` stays the same while the bars move."""
    data = option if "version" in option else moving(option)
    _mount(key=key, data={"at": time(), **data, "alt": alt, "height": height, "channel": key})
