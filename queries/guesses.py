"""Did you mean: texts without the slips, made of the names that the fuzzy stage found, and what each would find."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from queries import labels, matching, variants
from queries.matching import Stage
from queries.text import Text

MOST_GUESSES = 3
_LEAST_ALIKE = 0.6
"""Share of letters in common, as difflib counts it: two slips in eight letters leave 0.75, one in five 0.8."""

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Guess:
    """A text that may have been meant, and how many tracks it finds without slips, under the same filters."""

    text: str
    count: int


def texts(asked: Text, page: Iterable[Json]) -> list[str]:
    """Return what may have been meant, the likeliest first, given hits of the fuzzy stage as they came.

    >>> from queries import text
    >>> texts(text.read("metalica one"), [{"_source": {"title": "One", "artists": ["Metallica"]}}])
    ['metallica one']
    """
    if asked.parts or not asked.words:
        return []
    tracks = [labels.names_of(hit["_source"]) for hit in page]
    spellings = variants.spell(dict.fromkeys([*asked.words, *(name for names in tracks for name in names)]))["folded"]
    folded = {word: spellings[word] for word in asked.words}
    needed = [asked.words[number] for number in matching.needed(asked, Stage.FUZZY)]
    guesses = (
        _guess(asked, needed, folded, {w for name in names for w in spellings[name].split()}) for names in tracks
    )
    own = " ".join(folded[word] for word in asked.words)
    return list(dict.fromkeys(guess for guess in guesses if guess and guess != own))[:MOST_GUESSES]


def _guess(asked: Text, needed: list[str], folded: Mapping[str, str], held: set[str]) -> str | None:
    """Return the text with each word that the names lack replaced by their nearest; None if one has none near."""
    nearest = {word: _nearest(folded[word], held) for word in needed}
    if None in nearest.values():
        return None
    return " ".join(nearest.get(word) or folded[word] for word in asked.words)


def _nearest(word: str, held: set[str]) -> str | None:
    if word in held:
        return word
    near = get_close_matches(word, sorted(held), n=1, cutoff=_LEAST_ALIKE)
    return near[0] if near else None
