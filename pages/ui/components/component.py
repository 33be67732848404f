"""Screen elements of our own: a JavaScript module and a style sheet in `assets/`, mounted by a Python function.

They exist because Streamlit's charts and images are rebuilt, or forget the zoom, when their data change.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

ASSETS = Path(__file__).resolve().parents[3] / "assets"


def declare(name: str, html: str, *scripts: str) -> "ComponentRenderer":
    """The function that mounts the component `name`: the scripts, joined into one module, and their style sheets.

    Call it once, at the top of a module. Python imports a module once per process, so the definition is read once and
    never registered twice under one name; and as every mount first offers its definition to the runtime that is
    running, it is also found by later sessions, and by AppTest, which makes a new runtime (and registry) every time.
    """
    script = "\n".join(_brief((ASSETS / f"{script}.js").read_text("utf-8")) for script in scripts or (name,))
    shared = [ASSETS / f"{script}.css" for script in scripts if script != name]
    style = "\n".join(file.read_text("utf-8") for file in (*shared, ASSETS / f"{name}.css") if file.exists())
    return st.components.v2.component(f"boltzmann_{name}", html=html, css=style, js=script)


def _brief(script: str) -> str:
    """Without indentation and comment lines: Streamlit sends the script along with every update."""
    lines = (line.strip() for line in script.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))
