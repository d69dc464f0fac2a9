"""Candidates: the artists whose names are near the one that was typed, and whose tracks each name's are.

Artists of one name are told apart by their ids. Ids are a data set's own, so they tell two artists apart only within
it: where one name has several ids in one data set, each is an artist of its own, and what the ids don't tell (other
data sets, tracks without ids) is listed by itself. A track's ids are its artists' in their order, where there are as
many; otherwise it isn't known whose they are.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from elasticsearch.dsl.query import Term

from mappings.spelling import variants
from mappings.spelling.edit_distance import distance
from mappings.spelling.folding import compact, split_cjk, words
from mappings.track import ARTIST_IDS, ARTIST_ROLE, ARTISTS, TITLE
from queries.artists import name_queries
from queries.artists.name_input import MAX_CANDIDATES, ArtistRequest, NameInput, is_distinct, spellings
from queries.artists.name_queries import MAX_IDS
from queries.model import Ask, Contract, Json, Match
from queries.search.name_forms import forms_of, same
from queries.search.terms import compact_forms

_TITLES_SHOWN = 3
"""Titles to know a candidate by."""

_RANK = {match: rank for rank, match in enumerate((*Match, None))}


class Proximity(IntEnum):
    """How near a name is to the one that was typed, the nearest first.

    `BEGINS_OTHERWISE`: with what was typed but for its article, or by its sound.
    """

    SAME = 0
    BEGINS = 1
    BEGINS_OTHERWISE = 2
    HAS_WORDS = 3
    OTHER = 4


@dataclass(frozen=True)
class Candidate(Contract):
    """An artist whose name is near: tracks, by data set too, and ids.

    `match` tells how the whole name is what was typed, None if it isn't. `shares_name`: others have the same name.
    """

    name: str
    count: int
    datasets: Mapping[str, int]
    ids: tuple[str, ...]
    match: Match | None = None
    shares_name: bool = False
    titles: tuple[str, ...] = ()
    spellings: tuple[str, ...] = ()

    def as_json(self) -> Json:
        """Return what every answer shows of it."""
        return {"name": self.name, "count": self.count, "datasets": dict(self.datasets), "ids": list(self.ids)}


def find_candidates(ask: Ask, request: ArtistRequest) -> tuple[tuple[Candidate, ...], bool]:
    """Return all candidates, the nearest first, and whether their names are only nearly spelled as was typed.

    With an id, only those that have it.
    """
    names, is_misspelt = _find_names(ask, request)
    if not names:
        return (), False
    (answer,) = ask(name_queries.count_artists_body(names, _TITLES_SHOWN))
    artists = read_artists(request.written or names[0], names, answer, _TITLES_SHOWN)
    known = [artist for artist in artists if not request.id or request.id in artist.ids]
    # As written comes before all others, Noah before NOAH.
    known.sort(key=lambda candidate: (candidate.name != request.written, _RANK[candidate.match]))
    return tuple(known), is_misspelt and bool(known)


def _find_names(ask: Ask, request: ArtistRequest) -> tuple[list[str], bool]:
    """Return the names of candidates; by id alone, those of all artists of its tracks."""
    name = request.name
    if name is None:
        with_id = Term(ARTIST_IDS, {"value": request.id})
        body = name_queries.candidates_body(with_id, names=True, bounded=False)
        return list(name_queries.read_names(ask(body))), False
    spelled = name_queries.spelled_words(name)
    answers = ask(
        name_queries.candidates_body(name_queries.same_name(name, ARTIST_ROLE), names=True, bounded=False),
        name_queries.candidates_body(name_queries.begins_or_has_words(name), names=True),
        *([name_queries.candidates_body(spelled, names=True)] if spelled else []),
    )
    if names := nearest(name, name_queries.read_names(answers), MAX_CANDIDATES):
        return names, False
    bodies = name_queries.misspelt_bodies(name)
    return misspelt(name, name_queries.read_names(ask(*bodies)) if bodies else {}, MAX_CANDIDATES), True


def nearest(name: NameInput, counts: Mapping[str, int], size: int) -> list[str]:
    """Return the names that are near, the nearest first, then by count.

    Elasticsearch offers the other artists of the same tracks, too: what isn't near is one of them.

    >>> nearest(NameInput(("bea",)), {"Some Guest": 9, "The Beatles": 5, "Aunt Bea": 7}, 10)
    ['The Beatles', 'Aunt Bea']
    """
    proximity = {each: _proximity(name, each) for each in counts}
    near = [each for each in counts if proximity[each] is not Proximity.OTHER]
    return sorted(near, key=lambda each: (proximity[each], -counts[each], each))[:size]


def _proximity(name: NameInput, other: str) -> Proximity:
    if _match(name.written, other):
        return Proximity.SAME
    forms = [form for form in compact_forms(other, article=False) if form.startswith(name.begun_forms)]
    if any(form.startswith(begun) for form in forms for begun in name.begun_forms if begun != name.without_article):
        return Proximity.BEGINS
    sounds = variants.sounds(other) if not forms and variants.is_foreign(other) else ()
    if forms or any(sound.replace(" ", "").startswith(name.sounds) for sound in sounds):
        return Proximity.BEGINS_OTHERWISE
    return Proximity.HAS_WORDS if has_words(name, [other]) else Proximity.OTHER


def _match(written: str, other: str) -> Match | None:
    """Return how two names are the same in a spelling that the index has of whole names, None if they aren't.

    >>> _match("die aerzte", "Die Ärzte"), _match("alla pugacheva", "Алла Пугачёва"), _match("aerzte", "Die Ärzte")
    (<Match.TRANSLITERATED: 'transliterated'>, <Match.TRANSLITERATED: 'transliterated'>, None)
    """
    surest = same(written, other)
    return surest or (Match.TRANSLITERATED if _readings(written) & _readings(other) else None)


def _readings(name: str) -> set[str]:
    if variants.is_plain(name):
        return {compact(name)} - {""}
    without_yo = name.replace("ё", "е").replace("Ё", "Е")
    readings = (variants.written_out(name), variants.latin(without_yo), variants.latin_otherwise(name))
    return {compact(reading) for reading in readings} - {""}


def has_words(name: NameInput, names: Iterable[str], further: Iterable[str] = ()) -> bool:
    """Tell whether the last word of a name begins a word of some names, and these or further ones have the others.

    >>> has_words(NameInput(("björk", "jo")), ["Jóga"], ["Björk"]), has_words(NameInput(("joga", "b")), ["Jóga"])
    (True, False)
    """
    if not name.spelled_words:
        return False
    main = _tokens(names)
    everything = main.union(_tokens(further))
    *first, last = map(spellings, name.spelled_words)
    if not all(any(everything.issuperset(tokens) for tokens in word) for word in first):
        return False
    begun = [tokens for tokens in last if tokens is last[0] or is_distinct(tokens[-1])]
    return any(
        everything.issuperset(tokens[:-1]) and any(token.startswith(tokens[-1]) for token in main) for tokens in begun
    )


def _tokens(names: Iterable[str]) -> set[str]:
    """Return the tokens that `all_words` has for some names: their words in each spelling, and the sounds of them."""
    tokens: set[str] = set()
    for name in names:
        for spelling in {*forms_of(name).spelled.values(), variants.apart(name)}:
            tokens.update(split_cjk(words(spelling), singles=True).split())
        if variants.is_foreign(name):
            tokens.update(word for sound in variants.sounds(name) for word in sound.split())
    return tokens


def misspelt(name: NameInput, counts: Mapping[str, int], size: int) -> list[str]:
    """Return the names that differ from the one that was typed by slips: in the whole name first, then in each word.

    >>> misspelt(NameInput(("yhe", "beatles")), {"The Beatles": 5, "The Monkees": 9}, 10)
    ['The Beatles']
    """
    forms, needed = name_queries.misspelt_forms(name), name_queries.misspelt_words(name)

    def is_near_name(other: str) -> bool:
        return any(distance(form, each, 1) <= 1 for form in forms for each in compact_forms(other, article=False))

    def has_near_words(other: str) -> bool:
        own = words(other).split()
        return bool(needed) and all(any(distance(word, each, n) <= n for each in own) for word, n in needed.items())

    near_names = {each for each in counts if is_near_name(each)}
    near = [each for each in counts if each in near_names or has_near_words(each)]
    return sorted(near, key=lambda each: (each not in near_names, -counts[each], each))[:size]


def read_artists(written: str, names: Sequence[str], answer: Json, titles: int = 0) -> tuple[Candidate, ...]:
    """Return the counted candidates in the order of their names, those of one name by count.

    `written` is the name that was typed; up to so many `titles` are shown of each.
    """
    buckets = {bucket["key"]: bucket for bucket in answer["aggregations"]["names"]["buckets"]}
    return tuple(each for name in names if name in buckets for each in _read_name(written, buckets[name], titles))


def _read_name(written: str, bucket: Json, titles: int) -> list[Candidate]:
    name = bucket["key"]
    match = _match(written, name)
    others = tuple(each for each in forms_of(name).other_spellings if each != name.lower())
    by_dataset = {each["key"]: each for each in bucket["datasets"]["buckets"]}
    ids = {dataset: _ids(name, each) for dataset, each in by_dataset.items()}
    several = {dataset for dataset, own in ids.items() if len(own) > 1}
    candidates = [
        Candidate(name, count, {dataset: count}, (key,), match, True, _titles(sample, titles), others)
        for dataset in sorted(several)
        for key, (count, sample) in ids[dataset].items()
    ]
    left = {
        dataset: int(each["doc_count"]) - (sum(n for n, _ in ids[dataset].values()) if dataset in several else 0)
        for dataset, each in by_dataset.items()
    }
    left = {dataset: count for dataset, count in left.items() if count > 0}
    if left:
        own = tuple(key for dataset in left if dataset not in several for key in ids[dataset])
        shown = _titles([track for dataset in left for track in _hits(by_dataset[dataset].get("sample"))], titles)
        candidates.append(Candidate(name, sum(left.values()), left, own, match, bool(several), shown, others))
    return sorted(candidates, key=lambda each: (-each.count, each.ids))


def _ids(name: str, by_dataset: Json) -> dict[str, tuple[int, list[Json]]]:
    """Return the ids that are this artist's, each with its number of tracks and a sample of them."""
    ids: dict[str, tuple[int, list[Json]]] = {}
    for bucket in by_dataset["ids"]["buckets"]:
        tracks, key = _hits(bucket["sample"]), bucket["key"]
        both = ((track.get(ARTISTS) or [], track.get(ARTIST_IDS) or []) for track in tracks)
        if any(len(names) == len(own) and (name, key) in zip(names, own, strict=True) for names, own in both):
            ids[key] = int(bucket["doc_count"]), tracks
    return dict(list(ids.items())[:MAX_IDS])


def _hits(sample: Mapping[str, Any] | None) -> list[Json]:
    return [hit["_source"] for hit in sample["hits"]["hits"]] if sample else []


def _titles(tracks: Collection[Json], size: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(track[TITLE] for track in tracks if track.get(TITLE)))[:size]
