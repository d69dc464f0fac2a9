"""What is asked of Elasticsearch for a row: first by ids and whole names, then, for what wasn't found, more widely.

Plain dictionaries, not the DSL: a catalogue has 100,000 rows, each asks once or twice, and the DSL takes longer to
write such a body than Elasticsearch to answer it. The queries only fetch candidates, and rather too many; what a
candidate is worth is decided by comparing names (`verdict`).
"""

from collections.abc import Iterator
from typing import Any

from mappings import fields, romanise
from mappings.fields import EXACT_SUBFIELD
from queries import scripts, text
from queries.catalogue import identifiers
from queries.catalogue.identifiers import Identifier, Kind
from queries.catalogue.question import Parsed, Question
from queries.catalogue.spelled import Names, Spelled
from queries.matching import LINKS

Json = dict[str, Any]

FIRST, MOST = 30, 10_000
"""Candidates that are read at first, and when there are more: all, as far as Elasticsearch gives a page."""

WIDE_FIRST, WIDE_MOST = 20, 1_000
"""The same of the wide query: the nearest. Reading 30 took as long as finding them: 1.3 of 2.7 ms, a million tracks."""

_SHOWN = (
    fields.DATASET, fields.TITLE, fields.ARTISTS, fields.CONTRIBUTORS, fields.ALBUM, fields.YEAR, fields.URL,
    fields.SOURCE_FILE, fields.SOURCE_ROW, fields.REVISION, fields.VIDEO_IDS, fields.SOURCE_ID,
)  # fmt: skip

_TITLE = (fields.TITLE, fields.TITLE_SPELLINGS)
_ARTISTS = (fields.ARTISTS, fields.ARTISTS_SPELLINGS)
_SHORTEST_SLIP, _LONGEST_SLIP, _LONGEST_SPLIT = 4, 40, 20

_SLIPS = 1
"""In the word of a name of one word; an automaton for two slips costs several times as much."""

_EXPANSIONS = 50


def near(asked: Question, parsed: Parsed, names: Names, size: int = FIRST) -> Json:
    """Return the first request: ids, and tracks that hold all words of the artist's name and of the title's core."""
    either = list(_by_identifiers(asked.identifiers))
    if parsed.named:
        filters = [_same(_TITLE, parsed.title.core, names), _same(_ARTISTS, parsed.artist.main, names)]
        either.append({"bool": {"filter": filters, "should": [_term(fields.TITLE, parsed.title.whole)]}})
    return _body(_any(either), size)


def wide(parsed: Parsed, names: Names, size: int = WIDE_FIRST) -> Json:
    """Return the second request, for a row of which nothing was found: one of both names may differ.

    A name of several words may have some wrong; one of a single word is looked up with slips, which costs an
    automaton; and it may be two or three in the index.
    """
    title, artist = parsed.title.core, parsed.artist.main
    same_title, same_artist = _same(_TITLE, title, names), _same((*_ARTISTS, fields.CONTRIBUTORS), artist, names)
    either = [_both([same_artist], nearly) for nearly in _nearly(fields.TITLE, title, title, names)]
    either += [_both([same_title], nearly) for nearly in _nearly(fields.ARTISTS, artist, parsed.artist.whole, names)]
    sounding = [
        _or_sounding(same_title, fields.TITLE_SPELLINGS, names[title]),
        _or_sounding(same_artist, fields.ARTISTS_SPELLINGS, names[artist]),
    ]
    either.append(_both(sounding))
    return _body({"bool": {"must": [_any(either)], "should": [_term(fields.TITLE, title)]}}, size)


def _or_sounding(same: Json, held: str, name: Spelled) -> Json:
    """Return the same, or what sounds so: other scripts' names are written in Latin letters in more than one way."""
    if not name.folded.isascii() or not text.has_letters(name.folded):
        return same
    ways = dict.fromkeys((romanise.sounds(name.folded), romanise.sounds("".join(name.folded.split()))))
    return _any([same, *(_all((held,), sounds) for sounds in ways)])


def _body(query: Json, size: int) -> Json:
    return {"query": query, "size": size, "track_total_hits": size + 1, "_source": list(_SHOWN)}


def _any(either: list[Json]) -> Json:
    return {"bool": {"should": either, "minimum_should_match": 1}}


def _both(exactly: list[Json], nearly: Json | None = None) -> Json:
    return {"bool": {"filter": exactly, "must": [nearly]}} if nearly else {"bool": {"filter": exactly}}


def _by_identifiers(known: tuple[Identifier, ...]) -> Iterator[Json]:
    """Yield what finds the tracks of ids, above all others."""
    for each in known:
        if each.kind is Kind.YOUTUBE:
            found: Json = {"term": {fields.VIDEO_IDS: {"value": each.value}}}
        elif each.kind in identifiers.NAMING:
            # Addresses aren't indexed: its words are, and whether the address is the same is seen on the track.
            found = _all((*_TITLE, *_ARTISTS), identifiers.words(each.value))
        else:
            found = {"ids": {"values": [f"{identifiers.DATASETS[each.kind]}:{each.value}"]}}
        yield {"constant_score": {"filter": found, "boost": 1000}}


def _term(field: str, name: str) -> Json:
    value = {f"{field}.{EXACT_SUBFIELD}": {"value": name}}
    return {"constant_score": {"filter": {"term": value}, "boost": 16}}


def _all(held: tuple[str, ...], words: str) -> Json:
    return {"multi_match": {"query": _begun(words), "type": "cross_fields", "operator": "and", "fields": list(held)}}


def _begun(words: str) -> str:
    """Return as many words as are asked: a longer name is compared whole, it need not be looked up whole."""
    return " ".join(words[: text.MAX_CHARS].split()[: text.MAX_WORDS]) if len(words) > text.MAX_WORDS else words


def _same(held: tuple[str, ...], name: str, names: Names) -> Json:
    """Return that a track holds all words of a name, in one of its spellings."""
    spelled = names[name]
    if not text.has_letters(name):
        exact = [{"term": {f"{field}.{EXACT_SUBFIELD}": {"value": name}}} for field in held if _has_exact(field)]
        return _any([*exact, _all(held, name)])
    either = [_all(held, way) for way in _spellings(name, spelled)]
    return either[0] if len(either) == 1 else _any(either)


def _has_exact(field: str) -> bool:
    return field != fields.CONTRIBUTORS


def _spellings(name: str, spelled: Spelled) -> list[str]:
    """Return the name and its other spellings; as one word too if it has few."""
    short = 0 < spelled.folded.count(" ") <= 2
    others = [way for way in spelled.ways if way != spelled.folded]
    return list(dict.fromkeys([name, *others, *(spelled.joined if short else ())]))


def _nearly(field: str, name: str, whole: str, names: Names) -> Iterator[Json]:
    """Yield what a name that is nearly this one holds; `whole` is the name as it is written."""
    words = names[name].folded.split()
    telling = ([word for word in words if word not in LINKS and len(word) > 1] or words)[: text.MAX_WORDS]
    if len(telling) > 1:
        least = max(1, len(telling) // 2)
        yield {"match": {field: {"query": " ".join(telling), "minimum_should_match": least}}}
    elif telling and _may_slip(telling[0]):
        slipped = {"fuzziness": _SLIPS, "prefix_length": 1, "max_expansions": _EXPANSIONS}
        yield {"match": {field: {"query": telling[0], **slipped}}}
    elif telling != words:
        yield {"match": {field: {"query": telling[0], "operator": "and"}}}
    if joints := _joints(" ".join(whole.lower().split())):
        yield {"constant_score": {"filter": {"terms": {f"{field}.{EXACT_SUBFIELD}": joints}}, "boost": 8}}


def _may_slip(word: str) -> bool:
    return _SHORTEST_SLIP <= len(word) <= _LONGEST_SLIP and scripts.may_be_misspelt(word)


def _joints(name: str) -> list[str]:
    """Return the name with one joint opened or closed: thegood ones, the go od ones; short names only.

    >>> _joints("ab cd")
    ['abcd', 'a b cd', 'ab c d']
    """
    if not 3 <= len(name) <= _LONGEST_SPLIT:
        return []
    closed = [name[:at] + name[at + 1 :] for at, letter in enumerate(name) if letter == " "]
    inside = (at for at in range(1, len(name)) if name[at] != " " and name[at - 1] != " ")
    return [*closed, *(f"{name[:at]} {name[at:]}" for at in inside)]
