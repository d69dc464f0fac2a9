"""Text from data and users, made fit for display: control characters visible, long names shortened, matches marked."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from linernotes.output.terminal import visible
from queries.facets.table import LITERAL, NONE, NOT
from queries.model import Span

MAX_NAME = 160
"""Characters of a name in a list; the track's own page has the whole."""

ELLIPSIS = "…"


def shown(text: object, max_length: int | None = None) -> str:
    r"""Return a text with visible control and direction characters, shortened to a length.

    >>> shown("a\u202eb"), shown("abcdef", 3)
    ('a\ufffdb', 'abc…')
    """
    whole = str(text)
    cut = whole if max_length is None or len(whole) <= max_length else whole[:max_length] + ELLIPSIS
    # What can be printed holds none of what `visible` replaces, and nearly every name can.
    return cut if cut.isprintable() else visible(cut)


def typed(text: str) -> str:
    r"""Return a typed text for its input field, with spaces for control and direction characters.

    >>> typed("a\u202eb\x1bc"), typed("می\u200cخواهم") == "می\u200cخواهم"
    ('a b c', True)
    """
    return text if text.isprintable() else "".join(" " if visible(each) != each else each for each in text)


@dataclass(frozen=True)
class Part:
    """A piece of a name, and whether it matched the search."""

    text: str
    marked: bool = False


def parts(name: str, spans: Iterable[Span] = (), max_length: int = MAX_NAME) -> tuple[Part, ...]:
    """Return a name in pieces; spans count the characters of the original name.

    >>> parts("Pink Moon", [(0, 4)])
    (Part(text='Pink', marked=True), Part(text=' Moon', marked=False))
    """
    return tuple(Part(shown(text), marked) for text, marked in _pieces(name, spans, max_length) if text)


def _pieces(name: str, spans: Iterable[Span], max_length: int) -> Iterator[tuple[str, bool]]:
    end, last = 0, min(max_length, len(name))
    for start, stop in spans:
        if start >= last:
            break
        yield name[end:start], False
        yield name[start : min(stop, last)], True
        end = min(stop, last)
    yield name[end:last], False
    yield (ELLIPSIS if last < len(name) else ""), False


def literal(value: str) -> str:
    r"""Return a facet's value as a filter writes it, with a backslash before one that looks like syntax.

    >>> literal("none"), literal("-"), literal("rock")
    ('\\none', '\\-', 'rock')
    """
    return LITERAL + value if value == NONE or value.startswith((NOT, LITERAL)) else value
