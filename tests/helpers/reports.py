"""What a report holds, as a browser would read it."""

from html.parser import HTMLParser


class Reading(HTMLParser):
    """The elements of a page, with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def addresses(self) -> list[str]:
        """All that a browser would ask for."""
        names = ("src", "href", "srcset", "data", "action", "poster")
        return [str(given[name]) for _, given in self.elements for name in names if name in given]
