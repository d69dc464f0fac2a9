"""What is asked of Elasticsearch to find the names that somebody may mean, and to count them.

Two steps. Candidates are what most tracks have among those that match, looking at a bounded number of tracks on each
shard; whole names are looked up apart, so that none is missed. Then the few that are shown are counted, exactly.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from mappings import fields
from mappings.fields import COMPACT_SUBFIELD, EXACT_SUBFIELD, FACETS
from queries import text
from queries.people.typed import Typed

Json = dict[str, Any]

ARTIST = FACETS["artist"]
"""The field of artists' names as they are written."""

LOOKED_AT = 50_000
"""Tracks that each shard looks at for what begins so. `a` begins the artists of every twelfth track: of 22 million
that would be two million; what most tracks have is among the first 50,000 too, or is a whole name, or typed further."""

OFFERED = 60
"""Names and titles of which the shown ones are chosen."""

MOST_IDS = 20
"""Ids of one name in one data set; the rest counts as tracks whose artist isn't told apart."""

LONGEST = 512
"""Characters of a name that can be looked up whole (`ignore_above`)."""

_SETS = 100
_SPELLED = {fields.ARTISTS: fields.ARTISTS_SPELLINGS, fields.TITLE: fields.TITLE_SPELLINGS}


def whole(field: str, typed: Typed) -> Json:
    """Return that a name of this field is what was typed, in one of its spellings."""
    names = _names(typed)
    either: list[Json] = [{"term": {f"{field}.{EXACT_SUBFIELD}": {"value": typed.whole}}}]
    if names:
        either.append({"terms": {f"{field}.{COMPACT_SUBFIELD}": names}})
        either.append({"terms": {f"{_SPELLED[field]}.{EXACT_SUBFIELD}": names}})
    return any_of(either)


def _names(typed: Typed) -> list[str]:
    # Of `!!` the spellings are `the !!` and the like: none says more. Han in Latin letters is four times as long, and
    # Elasticsearch refuses prefixes of more than 1,000.
    named = [name for name in typed.spellings if text.has_letters(name) and len(name) <= LONGEST]
    return named if typed.has_letters else []


def begun(field: str, typed: Typed) -> Json:
    """Return that a name of this field begins with what was typed, or that it holds its words, the last begun."""
    return any_of([*prefixes(field, typed), *_inside(field, typed)])


def prefixes(field: str, typed: Typed) -> Iterator[Json]:
    """Yield that a name begins with what was typed, in one of its spellings."""
    names = _names(typed)
    if not names:
        yield _prefix(f"{field}.{EXACT_SUBFIELD}", typed.whole)
    if names and len(typed.whole) == 1 and typed.whole.isascii():
        # A letter begins a tenth of all names, and Elasticsearch reads them all: once is enough.
        yield _prefix(f"{field}.{COMPACT_SUBFIELD}", typed.whole)
        return
    for name in names:
        yield _prefix(f"{field}.{COMPACT_SUBFIELD}", name)
        yield _prefix(f"{_SPELLED[field]}.{EXACT_SUBFIELD}", name)


def _inside(field: str, typed: Typed) -> Iterator[Json]:
    if typed.has_letters and typed.may_be_inside:
        for held in (field, _SPELLED[field]):
            yield {"match_bool_prefix": {held: {"query": typed.whole, "operator": "and"}}}


def _prefix(field: str, name: str) -> Json:
    return {"prefix": {field: {"value": name}}}


def of_artist(typed: Typed) -> Iterator[Json]:
    """Yield that the words before the last are the artist's or title's, and the last begins in the title."""
    first, last = " ".join(typed.words[:-1]), typed.words[-1]
    if text.has_letters(first) and text.has_letters(last):
        both = {"query": first, "type": "cross_fields", "operator": "and", "fields": [fields.ARTISTS, fields.TITLE]}
        yield {"bool": {"filter": [{"multi_match": both}, {"match_bool_prefix": {fields.TITLE: last}}]}}


def any_of(either: Sequence[Json]) -> Json:
    """Return that one of several is met."""
    return either[0] if len(either) == 1 else {"bool": {"should": list(either), "minimum_should_match": 1}}


def offered(query: Json, *, bounded: bool = True) -> Json:
    """Return the request for the artists that most of the tracks have."""
    names = {"terms": {"field": ARTIST, "size": OFFERED, "shard_size": 2 * OFFERED}}
    body = {"query": _filter(query), "size": 0, "track_total_hits": False, "aggs": {"names": names}}
    return body | ({"terminate_after": LOOKED_AT} if bounded else {})


def played(query: Json, *, bounded: bool = True) -> Json:
    """Return the request for titles: of the tracks that were played most, and of those that nobody counted."""
    order = [{fields.PLAYS: {"order": "desc", "missing": "_last"}}]
    shown = [fields.TITLE, fields.ARTISTS]
    body = {"query": _filter(query), "size": OFFERED, "sort": order, "track_total_hits": False, "_source": shown}
    return body | ({"terminate_after": LOOKED_AT} if bounded else {})


def _filter(query: Json) -> Json:
    return {"bool": {"filter": [query]}}


def counted(names: Sequence[str], titles: int = 0) -> Json:
    """Return the request that counts artists by data set and id, with a track of each id, which tells whose it is."""
    sample = {"top_hits": {"size": max(titles, 1), "_source": [fields.ARTISTS, fields.ARTIST_IDS, fields.TITLE]}}
    sample["top_hits"]["sort"] = [{fields.PLAYS: {"order": "desc", "missing": "_last"}}]
    # An artist has few ids, of millions that there are: a map of those met is smaller than a list of all.
    of_id = {"field": fields.ARTIST_IDS, "size": 2 * MOST_IDS, "shard_size": 200, "execution_hint": "map"}
    within = {"ids": {"terms": of_id, "aggs": {"sample": sample}}} | ({"sample": sample} if titles else {})
    by_set = {"terms": {"field": fields.DATASET, "size": _SETS}, "aggs": within}
    of_name = {"terms": {"field": ARTIST, "size": len(names), "include": list(names)}, "aggs": {"datasets": by_set}}
    return {"query": _filter({"terms": {ARTIST: list(names)}}), "size": 0, "track_total_hits": False,
            "aggs": {"names": of_name}}  # fmt: skip


def counted_titles(titles: Iterable[str]) -> Json:
    """Return the request that counts the tracks of titles, whatever their case."""
    by_title = {title: {"term": {f"{fields.TITLE}.{EXACT_SUBFIELD}": {"value": title}}} for title in titles}
    keyed = {str(number): query for number, query in enumerate(by_title.values())}
    return {"query": _filter(any_of(list(by_title.values()))), "size": 0, "track_total_hits": False,
            "aggs": {"titles": {"filters": {"filters": keyed}}}}  # fmt: skip
