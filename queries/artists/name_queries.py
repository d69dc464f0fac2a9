"""Queries for names: those that are, begin with or contain what was typed, in every spelling or misspelt; and counts.

Two steps. Candidates are what most tracks have among those that match, of which each shard looks at a bounded number;
whole names are looked up by themselves, so that none is missed. Then the few that are shown are counted, exactly.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence

from elasticsearch.dsl import A
from elasticsearch.dsl.query import Bool, Fuzzy, Match, MatchBoolPrefix, MatchNone, Prefix, Query, Term
from elasticsearch.dsl.query import Terms as TermsQuery

from mappings.spelling import scripts, whole_names
from mappings.spelling.folding import APOSTROPHES
from mappings.track import (
    ALL_WORDS,
    ARTIST_IDS,
    ARTIST_ROLE,
    ARTISTS,
    DATASET,
    FACETS,
    PLAYS,
    TITLE,
    TITLE_ROLE,
    WHOLE_NAMES,
)
from queries.artists.name_input import NameInput, is_distinct, may_be_prefix, spellings
from queries.cursor import order
from queries.facets import filters
from queries.model import Json
from queries.search.terms import OPTIONAL_WORDS, Word, compact_forms

ARTIST = FACETS["artist"]
"""The field of artists' names as they are written; it has columns only, and is never searched."""

LOOKED_AT = 50_000
"""Tracks that each shard looks at for names that begin so. `a` begins the artists of every twelfth track; what most
tracks have is among the first ones too, or is a whole name, or more of it will be typed."""

OFFERED = 60
"""Names and titles of which the shown ones are chosen."""

MAX_IDS = 20
"""Ids of one name in one data set; the rest counts as tracks whose artist isn't told apart."""

MAX_DATASETS = 1_000
"""Data sets by which an artist is counted."""

_SHORTEST_MISSPELT, _SHORTEST_TWO_SLIPS, _LONGEST_MISSPELT = 4, 8, 40
"""Letters from which a name or word may have a slip, from which a word may have two, and up to which any."""

_EXPANSIONS = 100
"""Terms that one misspelt word or name may stand for, the nearest first."""


def same_name(name: NameInput, role: str) -> Query:
    """Return that a name in this role is the one that was typed, in one of its spellings."""
    return TermsQuery(WHOLE_NAMES, name.terms(role))


def begins(name: NameInput, role: str) -> Query:
    """Return that a name in this role begins with what was typed, in one of its spellings."""
    return _any(Prefix(WHOLE_NAMES, {"value": value}) for value in name.beginnings(role))


def begins_or_has_words(name: NameInput) -> Query:
    """Return that an artist's name begins with what was typed, or that artists have its words, the last one begun."""
    begun = begins(name, ARTIST_ROLE)
    return _any([begun, _begun_words(ARTISTS, name.written)]) if name.may_be_inside else begun


def title_words(name: NameInput) -> Query | None:
    """Return that a title has the last word, begun, and the track all others: björk jo. None where that says little."""
    if not name.may_be_inside:
        return None
    return Bool(filter=[*map(_has_word, name.spelled_words[:-1]), _begun_words(TITLE, name.words[-1])])


def _begun_words(field: str, typed: str) -> Query:
    # To Elasticsearch a word is finished that a sign stands behind. An apostrophe is part of the word here.
    return MatchBoolPrefix(field, {"query": typed.rstrip(APOSTROPHES), "operator": "and"})


def spelled_words(name: NameInput) -> Query | None:
    """Return that a track has all words, the last one begun, in one of their spellings; None where that says little.

    The words may be of any of the track's names.
    """
    if not name.may_be_inside:
        return None
    *first, last = name.spelled_words
    begun = [
        _all([*map(_token, tokens[:-1]), Prefix(ALL_WORDS, {"value": tokens[-1]})])
        for tokens in spellings(last)
        if is_distinct(tokens[-1]) and may_be_prefix(tokens[-1])
    ]
    return Bool(filter=[*map(_has_word, first), _any(begun)]) if begun else None


def _has_word(word: Word) -> Query:
    return _any(_all(map(_token, tokens)) for tokens in spellings(word))


def _token(token: str) -> Query:
    return Term(ALL_WORDS, {"value": token})


def _all(queries: Iterable[Query]) -> Query:
    each = list(queries)
    return each[0] if len(each) == 1 else Bool(filter=each)


def _any(queries: Iterable[Query]) -> Query:
    each = list(queries)
    if not each:  # a word that is too long in every spelling; without clauses, everything would match
        return MatchNone()
    return each[0] if len(each) == 1 else Bool(should=each, minimum_should_match=1)


def allowed_slips(word: str) -> int:
    """Return how many slips a word may have, or a name as one word.

    >>> allowed_slips("the"), allowed_slips("over"), allowed_slips("represneted"), allowed_slips("東京事変")
    (0, 1, 2, 0)
    """
    if not (_SHORTEST_MISSPELT <= len(word) <= _LONGEST_MISSPELT and scripts.may_be_misspelt(word)):
        return 0
    return 2 if len(word) >= _SHORTEST_TWO_SLIPS else 1


def misspelt_bodies(name: NameInput) -> list[Json]:
    """Return the requests for artists whose whole name has a slip, and for those each of whose words may have some."""
    # The slip of a whole name may be in its first letter; the role before it is right.
    right = {"prefix_length": len(ARTIST_ROLE + whole_names.WRITTEN), "max_expansions": _EXPANSIONS}
    names = [
        Fuzzy(WHOLE_NAMES, {"value": term, "fuzziness": 1, **right})
        for term in whole_names.terms(misspelt_forms(name), [ARTIST_ROLE])
    ]
    words = [_any(_misspelt_word(*each)) for each in misspelt_words(name).items()]
    either = ([_any(names)] if names else []) + ([Bool(filter=words)] if words else [])
    return [candidates_body(query, names=True) for query in either]


def misspelt_forms(name: NameInput) -> list[str]:
    """Return the forms of a name as one word that may have a slip; an article that nobody typed isn't added."""
    return [form for form in compact_forms(name.written, article=False) if allowed_slips(form)]


def misspelt_words(name: NameInput) -> dict[str, int]:
    """Return the words that a misspelt name has to have, and how many slips each may have.

    Articles and the like are needed by themselves only.

    >>> from queries.artists.name_input import parse_name
    >>> misspelt_words(parse_name("simn and garfunkle")), misspelt_words(parse_name("the"))
    ({'simn': 1, 'garfunkle': 2}, {'the': 0})
    """
    tokens = [token for word in name.spelled_words for token in word.tokens]
    needed = [token for token in tokens if token not in OPTIONAL_WORDS] or tokens
    return {token: allowed_slips(token) for token in needed}


def _misspelt_word(word: str, slips: int) -> Iterator[Query]:
    """Yield that artists have a word with one slip anywhere, or two behind the first letter."""
    if not slips:
        yield Match(ARTISTS, {"query": word, "operator": "and"})
    for fuzziness in range(1, slips + 1):
        options = {"fuzziness": fuzziness, "prefix_length": fuzziness - 1, "max_expansions": _EXPANSIONS}
        yield Match(ARTISTS, {"query": word, **options})


def candidates_body(query: Query, *, names: bool = False, titles: bool = False, bounded: bool = True) -> Json:
    """Return the request for the artists that most of the matching tracks have, for the most played tracks, or both."""
    body: Json = {"query": Bool(filter=[query]).to_dict(), "size": 0, "track_total_hits": False}
    if names:
        body["aggs"] = {"names": A("terms", field=ARTIST, size=OFFERED, shard_size=2 * OFFERED).to_dict()}
    if titles:
        body |= {"size": OFFERED, "sort": order([PLAYS]), "_source": [TITLE, ARTISTS]}
    return body | ({"terminate_after": LOOKED_AT} if bounded else {})


def read_names(answers: Iterable[Json]) -> dict[str, int]:
    """Return the artists of candidates, with the largest number of tracks in one answer."""
    counts: dict[str, int] = {}
    for answer in answers:
        for bucket in answer["aggregations"]["names"]["buckets"]:
            counts[bucket["key"]] = max(counts.get(bucket["key"], 0), int(bucket["doc_count"]))
    return counts


def count_artists_body(names: Collection[str], titles: int = 0) -> Json:
    """Return the request that counts artists by data set and id, with tracks of each id, which tell whose it is."""
    sample = A("top_hits", size=max(titles, 1), sort=order([PLAYS]), _source=[ARTISTS, ARTIST_IDS, TITLE])
    by_name = A("terms", field=ARTIST, size=len(names), include=list(names))
    by_dataset = by_name.bucket("datasets", "terms", field=DATASET, size=MAX_DATASETS)
    # An artist has few ids, of millions that there are: a map of those in use is smaller than a list of all.
    ids = A("terms", field=ARTIST_IDS, size=2 * MAX_IDS, shard_size=200, execution_hint="map")
    by_dataset.bucket("ids", ids).metric("sample", sample)
    if titles:
        by_dataset.metric("sample", sample)
    query = Bool(filter=[filters.artists(names)]).to_dict()
    return {"query": query, "size": 0, "track_total_hits": False, "aggs": {"names": by_name.to_dict()}}


def count_titles_body(titles: Sequence[str]) -> Json:
    """Return the request that counts the tracks of titles, whatever their case and typography."""
    terms = [whole_names.written_term(title, TITLE_ROLE) for title in titles]
    by_title = {str(number): Term(WHOLE_NAMES, {"value": term}).to_dict() for number, term in enumerate(terms)}
    query = Bool(filter=[TermsQuery(WHOLE_NAMES, terms)]).to_dict()
    aggs = {"titles": A("filters", filters=by_title).to_dict()}
    return {"query": query, "size": 0, "track_total_hits": False, "aggs": aggs}
