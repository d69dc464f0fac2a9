"""An artist's name as a catalogue has it: turned round, with guests, or several names in one cell."""

import re
from dataclasses import dataclass

from queries.search.terms import ARTICLES

_GUEST = re.compile(r"[\s(\[]+(?:feat(?:uring)?|ft)(?:\.\s*|\s+).*$", re.IGNORECASE)
_BETWEEN = re.compile(r"\s*[;,/|]\s*|\s+(?:&|\+|and|und|et|y|x|vs\.?|with|with\.)\s+", re.IGNORECASE)
_TURNED = re.compile(r"^\s*([^,;&/]+?)\s*,\s*([^,;&/]+?)\s*$")


@dataclass(frozen=True, slots=True)
class Artist:
    """One cell: the `whole` name without guests, the name `turned` round if it has one comma, and its `parts`.

    `firsts` is what stands in front of each joint, longest first, as a name may itself have one: Dan + Shay & Others.
    """

    whole: str
    turned: str
    parts: tuple[str, ...]
    firsts: tuple[str, ...]

    @property
    def main(self) -> str:
        """Return the name that a track must hold words of: the first of several, whatever the others are."""
        return without_article(self.parts[0] if self.parts else self.whole)


def parse_artist(cell: str) -> Artist:
    """Return an artist's cell taken apart.

    >>> parse_artist("Beatles, The").turned, parse_artist("Dan + Shay feat. Justin Bieber").whole
    ('The Beatles', 'Dan + Shay')
    >>> parse_artist("Simon & Garfunkel").parts
    ('Simon', 'Garfunkel')
    """
    whole = _GUEST.sub("", cell).strip() or cell.strip()
    turned = _TURNED.match(whole)
    parts = tuple(part for part in _BETWEEN.split(whole) if part and part.strip())
    firsts = [whole[: joint.start()].strip() for joint in _BETWEEN.finditer(whole)]
    return Artist(
        whole,
        f"{turned[2]} {turned[1]}" if turned else "",
        parts if len(parts) > 1 else (),
        tuple(first for first in reversed(firsts) if first) if len(parts) > 1 else (),
    )


def people(*names: str) -> frozenset[str]:
    """Return the words of folded names but for what joins them, to compare whole lists of artists.

    >>> people("dan and shay", "nena") == people("nena and dan and shay")
    True
    """
    return frozenset(word for name in names for word in name.split()) - {"and", "x", "vs"}


def without_article(name: str) -> str:
    """Return a name without an article in front; a name that is nothing else stays.

    >>> without_article("The Beatles"), without_article("The The")
    ('Beatles', 'The')
    """
    first, _, rest = name.strip().partition(" ")
    return rest.strip() if rest.strip() and first.lower() in ARTICLES else name.strip()
