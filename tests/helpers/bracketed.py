"""Every page in a made-up language, whose messages are the English ones in brackets: which of its texts have none?

python -m tests.helpers.bracketed    prints them as JSON, by page; RBM_LANGUAGE names the file that ``language`` wrote
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.pofile import write_po

from tests.helpers.strings import template

LEFT, RIGHT = "«", "»"
# Fields of elements and of our components' data that people read; where a new kind of element has another, it is added here.
READ = {
    *(
        "label",
        "help",
        "body",
        "placeholder",
        "content",
        "options",
        "caption",
        "display",
        "alt",
        "title",
        "text",
        "words",
    ),
    *(
        "head",
        "rows",
        "labels",
        "about",
        "name",
        "bandLabel",
        "doubt",
        "note",
        "empty",
        "hovertemplate",
        "default",
        "tooltip",
    ),
    *(
        "legend",
        "now",
        "keys",
        "chapters",
        "sections",
        "who",
        "what",
        "status",
        "likelihood",
        "trouble",
        "differ",
        "message",
        "html_content",
    ),
}
BY_FILE = re.compile(r"[\w.-]+\.(png|gif|csv|zip|json|html|safetensors)")
MARKUP = re.compile(r"<style.*?</style>|<[^>]*>|%\{[^}]*\}|:material/\w+:|:[a-z]+-badge\[|\$[^$]*\$", re.DOTALL)


def language(path: Path) -> None:
    """The made-up language, of all messages that the source has now."""
    catalogue = template()
    for message in catalogue:
        if isinstance(message.id, tuple):
            message.string = tuple(f"{LEFT}{one}{RIGHT}" for one in message.id)
        elif message.id:
            message.string = f"{LEFT}{message.id}{RIGHT}"
    with path.open("wb") as file:
        write_po(file, catalogue)


def outside(text: str) -> str:
    """What of a text stands in no brackets and is no markup."""
    while (less := re.sub(f"{LEFT}[^{LEFT}{RIGHT}]*{RIGHT}", " ", text)) != text:
        text = less
    return " ".join(MARKUP.sub(" ", text).split())


def texts(message: Any) -> Iterator[str]:
    """What people read of an element: of its protobuf message, and of the JSON that goes to a component of ours."""
    for field, value in message.ListFields():
        for one in value if field.is_repeated else (value,):
            if field.message_type is not None:
                yield from texts(one)
            elif field.name == "json":
                yield from within(json.loads(one), "")
            elif field.name in READ and isinstance(one, str):
                yield one


def within(value: Any, name: str) -> Iterator[str]:
    if isinstance(value, str) and name in READ:
        yield value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from within(one, key)
    elif isinstance(value, list):
        for one in value:
            yield from within(one, name)


def shown(node: Any) -> Iterator[str]:
    """All that a page shows, element by element."""
    if getattr(node, "proto", None) is not None:
        yield from texts(node.proto)
    for child in getattr(node, "children", {}).values():
        yield from shown(child)


def main() -> None:
    from tests.helpers.screen import SCRIPTS, app_test

    app, found = app_test().run(), {}
    for script in SCRIPTS:
        app.switch_page(script).run()
        assert not app.exception, (script, app.exception)
        read = {outside(text) for text in shown(app._tree) if not BY_FILE.fullmatch(text)}
        found[script] = sorted(text for text in read if re.search(r"[^\W\d_]{2}", text))
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
