"""The whole program as a path: a numbered card with a picture for every page, in the order of the menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.ui import cards, shell
from pages.ui.components.component import card_address, declare
from rbm.core.language import _

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

_mount: ComponentRenderer = declare("path", f'<nav class="path" aria-label="{_("All pages")}"></nav>')


def path() -> None:
    """The cards; a click opens the page within the visit, and each is a link that a browser can open beside it."""
    chapters = [
        {
            "section": section,
            "title": page.title,
            "address": page.address,
            "picture": card_address(page.address, cards.mode()),
        }
        for section, pages in shell.PAGES.items()
        for page in pages
        if page.address
    ]
    _mount(key="path", data={"chapters": chapters}, on_go_change=_go)


def _go() -> None:
    """To the page that was chosen, before this one is drawn again."""
    scripts = {page.address: page.script for pages in shell.PAGES.values() for page in pages}
    if chosen := scripts.get(st.session_state["path"].go):
        st.switch_page(chosen)
