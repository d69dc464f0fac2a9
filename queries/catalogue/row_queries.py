"""The requests for a row: first by ids and whole names, then, for rows without a match, more broadly.

Plain dictionaries, not the DSL: a catalogue has 100,000 rows, each sends one request or two, and the DSL takes longer
to write such a body than Elasticsearch to answer it. The queries only fetch candidates, and rather too many; what a
candidate is worth is decided by comparing names (`verdict`).
"""

from collections.abc import Iterator

from mappings.spelling import scripts, whole_names
from mappings.spelling.folding import compact, tokens
from mappings.track import (
    ALBUM,
    ALL_WORDS,
    ARTIST_ROLE,
    ARTISTS,
    CONTRIBUTORS,
    DATASET,
    REVISION,
    SOURCE_FILE,
    SOURCE_ID,
    SOURCE_ROW,
    TITLE,
    TITLE_ROLE,
    URL,
    VIDEO_IDS,
    WHOLE_NAMES,
    YEAR,
)
from queries.catalogue.identifiers import DATASETS, NAMING, Identifier, Kind, words_of
from queries.catalogue.row import CatalogueRow, ParsedRow
from queries.model import Json
from queries.search.name_forms import forms_of
from queries.search.terms import OPTIONAL_WORDS, compact_forms
from queries.text import MAX_CHARS, MAX_WORDS

FEW, MANY = 30, 10_000
"""Candidates that are read at first, and when there are more: all, as far as Elasticsearch gives a page."""

BROAD_FEW, BROAD_MANY = 20, 1_000
"""The same of the broad request: the nearest."""

MORE = 300
"""Candidates that are read when none of the first matches."""

_SHOWN = (
    DATASET, TITLE, ARTISTS, CONTRIBUTORS, ALBUM, YEAR, URL, SOURCE_FILE, SOURCE_ROW, REVISION, VIDEO_IDS, SOURCE_ID,
)  # fmt: skip

_SHORTEST_MISSPELT, _LONGEST_MISSPELT = 4, 40
_EXPANSIONS = 50


def strict_request(row: CatalogueRow, parsed: ParsedRow, size: int = FEW) -> Json:
    """Return the first request: ids, and tracks that have the artist's name and the title's core, in any spelling."""
    either = list(_by_identifiers(row.identifiers))
    if parsed.named:
        both = [_same_artist(parsed), _same_title(parsed)]
        either.append({"bool": {"filter": both, "should": list(_exactly(parsed))}})
    return _body(_any(either), size)


def broad_request(parsed: ParsedRow, size: int = BROAD_FEW) -> Json:
    """Return the second request, for a row without a match: one of both names may differ, or both a little.

    A name may differ by one letter anywhere, have some of its words wrong, or be another script's by its sound.
    """
    artist, title = _same_artist(parsed), _same_title(parsed)
    either = [_both(artist, each) for each in _some_words(TITLE, parsed.title.core)]
    either += [_both(title, each) for each in _some_words(ARTISTS, parsed.artist.main)]
    either.append(_both(title, _has_words(CONTRIBUTORS, parsed.artist.main)))
    misspelt = list(_misspelt(parsed.artist.main, ARTIST_ROLE)), list(_misspelt(parsed.title.core, TITLE_ROLE))
    if any(misspelt):  # in one request, as each of them is an automaton run over all names
        either.append(_both(_any([artist, *misspelt[0]]), _any([title, *misspelt[1]])))
    if sounding := [each for name in (parsed.artist.main, parsed.title.core) if (each := _sounding(name))]:
        either.append(
            {"bool": {"filter": sounding}} if len(sounding) > 1 else _both(sounding[0], _any([artist, title]))
        )
    return _body({"bool": {"must": [_any(either)], "should": list(_exactly(parsed))}}, size)


def _body(query: Json, size: int) -> Json:
    # Picking fields costs Elasticsearch more than it saves us, but for many candidates.
    source = {"_source": list(_SHOWN)} if size > FEW else {}
    return {"query": query, "size": size, "track_total_hits": size + 1, **source}


def _any(either: list[Json]) -> Json:
    return either[0] if len(either) == 1 else {"bool": {"should": either, "minimum_should_match": 1}}


def _both(one: Json, other: Json) -> Json:
    return {"bool": {"filter": [one], "must": [other]}}


def _by_identifiers(known: tuple[Identifier, ...]) -> Iterator[Json]:
    """Yield what finds the tracks of ids, above all others."""
    for each in known:
        if each.kind is Kind.YOUTUBE:
            by_id: Json = {"term": {VIDEO_IDS: each.value}}
        elif each.kind in NAMING:
            # Addresses aren't indexed: their words are, and the track's own address is compared.
            by_id = {"bool": {"filter": _tokens(words_of(each.value))}}
        else:
            by_id = {"ids": {"values": [f"{DATASETS[each.kind]}:{each.value}"]}}
        yield {"constant_score": {"filter": by_id, "boost": 1000}}


def _same_artist(parsed: ParsedRow) -> Json:
    """Return that a track has the artist: a whole name, or the words of the first of several."""
    names = (parsed.artist.main, parsed.artist.full, parsed.artist.turned)
    return _same(names, ARTIST_ROLE, _has_words(ARTISTS, parsed.artist.main))


def _same_title(parsed: ParsedRow) -> Json:
    """Return that a track has the title: a whole name, or the words of its core."""
    return _same((parsed.title.full, parsed.title.core), TITLE_ROLE, _has_words(TITLE, parsed.title.core))


def _same(names: tuple[str, ...], role: str, words: Json) -> Json:
    terms = [term for name in names if name for term in whole_names.terms(compact_forms(name), role)]
    return _any([{"terms": {WHOLE_NAMES: list(dict.fromkeys(terms))}}, words])


def _has_words(field: str, name: str) -> Json:
    """Return that a field has all words of a name, as they stand or spelled otherwise in some name of the track."""
    words = {"match": {field: {"query": _beginning(name), "operator": "and"}}}
    others = [other for other in forms_of(name).other_spellings if other != forms_of(name).folded]
    if not others:
        return words
    return _any([words, *({"bool": {"filter": _tokens(_beginning(other))}} for other in others)])


def _tokens(words: str) -> list[Json]:
    return [{"term": {ALL_WORDS: token}} for token in tokens(words)]


def _beginning(name: str) -> str:
    """Return the words that are looked up; of a longer name all are compared, but only the first are looked up."""
    return " ".join(name[:MAX_CHARS].split()[:MAX_WORDS]) if len(name) > MAX_WORDS else name


def _exactly(parsed: ParsedRow) -> Iterator[Json]:
    """Yield what ranks candidates: names as they are written."""
    for name, role in ((parsed.title.full, TITLE_ROLE), (parsed.artist.full, ARTIST_ROLE)):
        yield {"constant_score": {"filter": {"term": {WHOLE_NAMES: whole_names.written_term(name, role)}}, "boost": 16}}


def _misspelt(name: str, role: str) -> Iterator[Json]:
    """Yield that a whole name of a track is this one but for one letter, wherever and whatever its blanks."""
    folded = compact(name)
    if _SHORTEST_MISSPELT <= len(folded) <= _LONGEST_MISSPELT and scripts.may_be_misspelt(folded):
        for term in whole_names.terms([folded], role):
            slip = {"value": term, "fuzziness": 1, "prefix_length": len(term) - len(folded)}
            yield {"fuzzy": {WHOLE_NAMES: {**slip, "max_expansions": _EXPANSIONS, "rewrite": "constant_score"}}}


def _some_words(field: str, name: str) -> Iterator[Json]:
    """Yield that a field has half of a name's telling words, or the only one, misspelt or not."""
    words = forms_of(name).folded.split()
    telling = ([word for word in words if word not in OPTIONAL_WORDS and len(word) > 1] or words)[:MAX_WORDS]
    if len(telling) > 1:
        least = max(1, len(telling) // 2)
        yield {"match": {field: {"query": " ".join(telling), "minimum_should_match": least}}}
    elif telling and _SHORTEST_MISSPELT <= len(telling[0]) <= _LONGEST_MISSPELT and scripts.may_be_misspelt(telling[0]):
        yield {"match": {field: {"query": telling[0], "fuzziness": 1, "max_expansions": _EXPANSIONS}}}
    elif telling != words:
        yield {"match": {field: {"query": telling[0], "operator": "and"}}}


def _sounding(name: str) -> Json | None:
    """Return that some name of a track sounds like this one in Latin letters: Цой is written tsoi and tsoy."""
    form = forms_of(name)
    if form.is_foreign or not form.sounds:
        return None
    sounds = [{"term": {ALL_WORDS: f"0{sound}"}} for word in form.folded.split() for sound in forms_of(word).sounds]
    closed = [{"term": {ALL_WORDS: f"0{sound}"}} for sound in form.sounds]
    return _any([{"bool": {"filter": sounds}}, *closed]) if sounds else None
