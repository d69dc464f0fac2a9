"""Artists that may be meant, those of the same name apart where ids tell them apart.

Ids are a data set's own, so they tell two artists apart only within it: where one name has several ids in one data set,
each is an artist of its own, and what the ids don't tell (other data sets, tracks without ids) is listed apart.
A track's ids are its artists' in their order, where there are as many; otherwise it isn't known whose they are.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from mappings import fields, romanise
from queries.catalogue import spelled
from queries.catalogue.spelled import Names, Spelled
from queries.labels import Match
from queries.people.bodies import MOST_IDS
from queries.people.typed import Typed

Json = dict[str, Any]


class Nearness(IntEnum):
    """How near a name is to what was typed, the nearest first."""

    WHOLE = 0
    BEGUN = 1
    INSIDE = 2
    OTHERWISE = 3


@dataclass(frozen=True)
class Candidate:
    """An artist that may be meant: tracks, by data set too, and ids.

    `match` says how the whole name is what was typed, None if it isn't. `apart`: others have the same name.
    """

    name: str
    count: int
    datasets: Mapping[str, int]
    ids: tuple[str, ...]
    match: Match | None = None
    apart: bool = False
    titles: tuple[str, ...] = ()
    spellings: tuple[str, ...] = ()

    def as_json(self) -> Json:
        """Return what every answer shows of it."""
        return {"name": self.name, "count": self.count, "datasets": dict(self.datasets), "ids": list(self.ids)}


def offered(answers: Iterable[Json]) -> dict[str, int]:
    """Return the names that Elasticsearch offers, with the number of tracks in which it met them."""
    found: dict[str, int] = {}
    for answer in answers:
        for bucket in answer["aggregations"]["names"]["buckets"]:
            found[bucket["key"]] = max(found.get(bucket["key"], 0), int(bucket["doc_count"]))
    return found


def nearest(typed: Typed, found: Mapping[str, int], size: int) -> list[str]:
    """Return the names that are meant, the nearest first, then by count.

    Other artists of the same tracks were offered too: what isn't near is one of them.
    """
    names = spelled.spell([typed.whole, *found])
    near = {name: _nearness(names[typed.whole], typed, names[name]) for name in found}
    meant = [name for name, how in near.items() if how is not Nearness.OTHERWISE or _sounds_so(typed, name)]
    return sorted(meant, key=lambda name: (near[name], -found[name], name))[:size]


def _nearness(asked: Spelled, typed: Typed, name: Spelled) -> Nearness:
    if spelled.same(asked, name):
        return Nearness.WHOLE
    held = _begins(name)
    if any(form.startswith(begin) for form in held for begin in _begins(asked) | _without_article(typed)):
        return Nearness.BEGUN
    *first, last = asked.folded.split() or [""]
    for form in (name.folded, *name.ways):
        words = form.split()
        if last and set(first) <= set(words) and any(word.startswith(last) for word in words):
            return Nearness.INSIDE
    return Nearness.OTHERWISE


def _sounds_so(typed: Typed, name: str) -> bool:
    """Say whether a name of another script begins so, in the other ways in which it may be read (as in the index)."""
    if name.isascii():
        return False
    latin = {romanise.latin(name), romanise.latin_otherwise(name)}
    forms = {"".join(form.split()).lower() for way in latin for form in (way, romanise.sounds(way))}
    return any(form.startswith("".join(spelling.split())) for form in forms for spelling in typed.spellings)


def _begins(name: Spelled) -> frozenset[str]:
    """Return a name's spellings as one word each; of one without letters what is written."""
    forms = {"".join(form.split()) for form in (*name.joined, name.symbols, name.latin)} - {""}
    return frozenset(forms or {name.written})


def _without_article(typed: Typed) -> frozenset[str]:
    return frozenset("".join(typed.words[1:]).lower().split()) if typed.words[0].lower() == "the" else frozenset()


def read(typed: str, names: Sequence[str], counted: Json, titles: int = 0) -> tuple[Candidate, ...]:
    """Return the candidates in the order of their names, those of one name by count."""
    buckets = {bucket["key"]: bucket for bucket in counted["aggregations"]["names"]["buckets"]}
    forms = spelled.spell([typed, *names])
    return tuple(one for name in names if name in buckets for one in _of_name(typed, buckets[name], forms, titles))


def _of_name(typed: str, bucket: Json, forms: Names, titles: int) -> list[Candidate]:
    name = bucket["key"]
    match = spelled.same(forms[typed], forms[name])
    ways = tuple(way for way in dict.fromkeys(forms[name].ways) if way != name.lower())
    sets = {each["key"]: each for each in bucket["datasets"]["buckets"]}
    ids = {dataset: _ids(name, each) for dataset, each in sets.items()}
    several = {dataset for dataset, found in ids.items() if len(found) > 1}
    told = [
        Candidate(name, count, {dataset: count}, (key,), match, True, _titles(sample, titles), ways)
        for dataset in sorted(several)
        for key, (count, sample) in ids[dataset].items()
    ]
    left = {
        dataset: int(each["doc_count"]) - (sum(n for n, _ in ids[dataset].values()) if dataset in several else 0)
        for dataset, each in sets.items()
    }
    left = {dataset: count for dataset, count in left.items() if count > 0}
    if left:
        own = tuple(key for dataset in left if dataset not in several for key in ids[dataset])
        shown = [track for dataset in left for track in _hits(sets[dataset].get("sample"))]
        told.append(Candidate(name, sum(left.values()), left, own, match, bool(several), _titles(shown, titles), ways))
    return sorted(told, key=lambda one: (-one.count, one.ids))


def _ids(name: str, by_set: Json) -> dict[str, tuple[int, list[Json]]]:
    """Return the ids that are this artist's, each with its tracks and a sample of them."""
    found = {bucket["key"]: (int(bucket["doc_count"]), _hits(bucket["sample"])) for bucket in by_set["ids"]["buckets"]}
    own = {key: held for key, held in found.items() if any(_has(track, name, key) for track in held[1])}
    return dict(list(own.items())[:MOST_IDS])


def _has(track: Json, name: str, key: str) -> bool:
    names, ids = track.get(fields.ARTISTS) or [], track.get(fields.ARTIST_IDS) or []
    return len(names) == len(ids) and (name, key) in zip(names, ids, strict=True)


def _hits(sample: Json | None) -> list[Json]:
    return [hit["_source"] for hit in sample["hits"]["hits"]] if sample else []


def _titles(tracks: Iterable[Json], most: int) -> tuple[str, ...]:
    titles = (track[fields.TITLE] for track in tracks if track.get(fields.TITLE))
    return tuple(dict.fromkeys(titles))[:most]
