"""Why a hit matched: one word, worked out from which clauses matched.

Each clause of the query bears the way in which it meets a word (see `matching`), and Elasticsearch names those that
a hit matched. A word counts by the best of its ways, a hit by the worst of its words.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from mappings import fields
from queries import matching, parts, variants
from queries.matching import Stage
from queries.text import Text
from queries.variants import Spellings


class Match(StrEnum):
    """From best to worst; what each means stands in the README."""

    EXACT = "exact"
    FOLDED = "folded"
    JOINED = "joined"
    SYMBOLS = "symbols"
    TRANSLITERATED = "transliterated"
    STEMMED = "stemmed"
    FUZZY = "fuzzy"


_RANK = {match: rank for rank, match in enumerate(Match)}

_WAYS: Mapping[str, Match] = {
    **{match.value: match for match in Match},
    "linked": Match.FOLDED,
    "split": Match.JOINED,
    "written_out": Match.TRANSLITERATED,
}

_UNNAMED: Mapping[Stage, Match] = {Stage.STRICT: Match.STEMMED, Stage.FUZZY: Match.FUZZY}
"""What a word was met by that no name tells of."""

_SPELLED = "spelled"
"""Way of a clause that met a spelling in the index; which one it was, the track's names tell."""

_TOGETHER = "all"
"""Number of what met all words at once, as whole names."""

Ways = Mapping[str, set[str]]
"""Number of a word (empty: the text as a whole) to the ways in which it was met."""


def of_page(asked: Text, stage: Stage, page: Iterable[Mapping[str, Any]]) -> list[Match | None]:
    """Return why each hit matched, as Elasticsearch returned it; None without a text.

    >>> from queries import text
    >>> hit = {"matched_queries": ["folded:0", "joined:1", "folded:1"], "_source": {}}
    >>> of_page(text.read("sigur ros"), Stage.STRICT, [hit])
    [<Match.FOLDED: 'folded'>]
    """
    if not asked.asks:
        return [None for _ in page]
    hits = [(_ways(hit.get("matched_queries", ())), names_of(hit["_source"])) for hit in page]
    odd = dict.fromkeys(name for ways, names in hits if _is_open(asked, stage, ways) for name in names)
    # Once for the page: asking Polars costs more than what is asked of it.
    spellings = variants.spell([*odd, *asked.words, *(part.words for part in asked.parts)]) if odd else {}
    return [_label(asked, stage, ways, names, spellings) for ways, names in hits]


def _ways(matched: Iterable[str]) -> Ways:
    ways: dict[str, set[str]] = {}
    for way, _, number in (name.partition(":") for name in matched):
        ways.setdefault(number, set()).add(way)
    return ways


def _is_open(asked: Text, stage: Stage, ways: Ways) -> bool:
    """Say whether it takes the track's names to tell why it matched."""
    if any(_is_odd(ways[number]) for number in ways if number != _TOGETHER):
        return True
    return _SPELLED in ways.get(_TOGETHER, ()) and _lacks(asked, stage, ways)


def _lacks(asked: Text, stage: Stage, ways: Ways) -> bool:
    """Say whether a word that has to be met was met by none of the named ways."""
    return any(str(number) not in ways for number in matching.needed(asked, stage))


def _is_odd(ways: set[str]) -> bool:
    return _SPELLED in ways and Match.FOLDED not in ways


def names_of(track: Mapping[str, Any]) -> list[str]:
    """Return the names of a track that a text is met by: title, artists, album."""
    names = (track.get(fields.TITLE), *(track.get(fields.ARTISTS) or ()), track.get(fields.ALBUM))
    return [name for name in names if name]


def _label(asked: Text, stage: Stage, ways: Ways, names: list[str], spellings: Spellings) -> Match | None:
    labels = [_best(part.words, ways[number], names, spellings) for number, part in parts.named(asked.parts)]
    if Match.EXACT in ways.get("", ()):
        labels.append(Match.EXACT)
    elif asked.words:
        labels += _of_words(asked, stage, ways, names, spellings)
    return max(labels, key=_RANK.__getitem__, default=Match.FOLDED if asked.words else None)


def _of_words(asked: Text, stage: Stage, ways: Ways, names: list[str], spellings: Spellings) -> Iterator[Match]:
    met = [number for number in matching.terms(asked) if str(number) in ways]
    yield from (_best(asked.words[number], ways[str(number)], names, spellings) for number in met)
    if _lacks(asked, stage, ways):
        yield _together(ways[_TOGETHER], names, spellings) if _TOGETHER in ways else _UNNAMED[stage]


def _together(ways: set[str], names: list[str], spellings: Spellings) -> Match:
    """Return by which spelling whole names were met, of which no word was met by itself."""
    other_script = _SPELLED in ways and any(not spellings["folded"][name].isascii() for name in names)
    return Match.TRANSLITERATED if other_script else Match.JOINED


def _best(word: str, ways: set[str], names: list[str], spellings: Spellings) -> Match:
    found = [_WAYS[way] for way in ways if way in _WAYS]
    if _is_odd(ways):
        found.append(_spelled(word, names, spellings))
    return min(found, key=_RANK.__getitem__)


def _spelled(word: str, names: list[str], spellings: Spellings) -> Match:
    """Return by which spelling of the track's names a word was met."""
    wanted = set(spellings["folded"][word].split())
    for way, spelled in spellings.items():
        if any(wanted <= set((spelled[name] or "").split()) for name in names):
            return _WAYS[way]
    return Match.JOINED
