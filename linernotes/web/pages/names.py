"""Names from data, made fit for a page: on one line, nothing hidden in them, cut where they are endless, marked."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from linernotes.output.terminal import visible
from queries.facets.table import LITERAL, NONE, NOT
from queries.model import Span

LONGEST = 160
"""Characters of a name in a list; the track's own page has the whole."""

ELLIPSIS = "…"


def shown(text: object, longest: int | None = None) -> str:
    r"""Return a text with control and direction characters shown instead of obeyed, cut if it is longer.

    >>> shown("a\u202eb"), shown("abcdef", 3)
    ('a\ufffdb', 'abc…')
    """
    whole = str(text)
    cut = whole if longest is None or len(whole) <= longest else whole[:longest] + ELLIPSIS
    # What can be printed holds none of what `visible` replaces, and nearly every name can.
    return cut if cut.isprintable() else visible(cut)


def typed(text: str) -> str:
    r"""Return what somebody typed, for the field that they typed it into: without what nobody sees there.

    >>> typed("a\u202eb\x1bc"), typed("می\u200cخواهم") == "می\u200cخواهم"
    ('a b c', True)
    """
    return text if text.isprintable() else "".join(" " if visible(each) != each else each for each in text)


@dataclass(frozen=True)
class Part:
    """A piece of a name, and whether it is what matched."""

    text: str
    marked: bool = False


def parts(name: str, spans: Iterable[Span] = (), longest: int = LONGEST) -> tuple[Part, ...]:
    """Return a name in pieces; places are counted before anything is replaced in it.

    >>> parts("Pink Moon", [(0, 4)])
    (Part(text='Pink', marked=True), Part(text=' Moon', marked=False))
    """
    return tuple(Part(shown(text), marked) for text, marked in _pieces(name, spans, longest) if text)


def _pieces(name: str, spans: Iterable[Span], longest: int) -> Iterator[tuple[str, bool]]:
    end, last = 0, min(longest, len(name))
    for start, stop in spans:
        if start >= last:
            break
        yield name[end:start], False
        yield name[start : min(stop, last)], True
        end = min(stop, last)
    yield name[end:last], False
    yield (ELLIPSIS if last < len(name) else ""), False


def literal(value: str) -> str:
    r"""Return a value of a facet as a filter writes it: one that looks like a sign has a backslash before it.

    >>> literal("none"), literal("-"), literal("rock")
    ('\\none', '\\-', 'rock')
    """
    return LITERAL + value if value == NONE or value.startswith((NOT, LITERAL)) else value
