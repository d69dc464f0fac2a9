"""A page as a test reads it: elements with their attributes and text, found by tag, class or id."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlsplit

VOID = frozenset({"meta", "link", "input", "br", "img", "hr", "base", "source", "area", "embed", "wbr"})


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    children: "list[Element | str]" = field(default_factory=list)

    def __getitem__(self, name: str) -> str:
        return self.attributes[name]

    def get(self, name: str) -> str | None:
        return self.attributes.get(name)

    def has(self, name: str) -> bool:
        return name in self.attributes

    @property
    def classes(self) -> set[str]:
        return set(self.attributes.get("class", "").split())

    @property
    def text(self) -> str:
        return "".join(each if isinstance(each, str) else each.text for each in self.children)

    @property
    def said(self) -> str:
        """Return the text with its white space tidied."""
        return " ".join(self.text.split())

    def walk(self) -> "Iterator[Element]":
        for each in self.children:
            if isinstance(each, Element):
                yield each
                yield from each.walk()

    def all(self, tag: str = "", cls: str = "", **attributes: str) -> "list[Element]":
        return [
            each
            for each in self.walk()
            if (not tag or each.tag == tag)
            and (not cls or cls in each.classes)
            and all(each.get(name.replace("_", "-")) == value for name, value in attributes.items())
        ]

    def one(self, tag: str = "", cls: str = "", **attributes: str) -> "Element":
        found = self.all(tag, cls, **attributes)
        assert len(found) == 1, f"{len(found)} of {tag}.{cls} {attributes}"
        return found[0]


class _Reader(HTMLParser):
    """Reads a page, and fails where elements aren't nested well."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"{tag} has an attribute twice: {attrs}"
        made = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(made)
        if tag not in VOID:
            self.open.append(made)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> ends <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def read(page: str) -> Element:
    """Return the root of a page, or of a part of one."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == [reader.root], [each.tag for each in reader.open]
    return reader.root


def query(address: str) -> list[tuple[str, str]]:
    """Return the query of an address as pairs."""
    return parse_qsl(urlsplit(address).query, keep_blank_values=True)


def sent(form: Element) -> list[tuple[str, str]]:
    """Return what a browser would send of a form."""
    fields = [each for each in form.walk() if each.tag == "input" and each.has("name")]
    return [
        (each["name"], each.get("value") or "")
        for each in fields
        if each.get("type") not in ("checkbox", "radio") or each.has("checked")
    ]
