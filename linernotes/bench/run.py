"""The questions that are timed: each kind of text once a text, then browsing, suggestions, artists."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import queries
from linernotes.bench import texts
from linernotes.bench.times import Spread, spread, timed
from mappings.errors import InputError
from queries import Searcher
from queries.analysis.overlap import Progress

WARM_UP = 50
"""Further texts that are asked before: a Java process that has just started is slow whatever it is asked."""

BROWSES = 10
OTHERS = 50
"""Suggestions and artists that are asked for at most."""

TYPED = 4
"""Letters that somebody has typed when suggestions are asked for."""

ALL = "all texts"


@dataclass(frozen=True)
class Measured:
    """What was measured: tracks that were searched, and the times of each kind of question."""

    tracks: int
    seed: int
    kinds: Mapping[str, Spread]

    def as_json(self) -> dict[str, Any]:
        """Return it as the contract has it; times in milliseconds."""
        kinds = {name: asdict(each) for name, each in self.kinds.items()}
        return {"tracks": self.tracks, "seed": self.seed, "unit": "ms", "kinds": kinds}


def run(searcher: Searcher, number: int, seed: int, look: Progress) -> Measured:
    """Ask so many texts that are drawn from what is loaded, one after the other, and the rest; raises as `search`."""
    tracks = texts.drawn(searcher.client, searcher.prefix, seed)
    if not tracks:
        raise InputError("Nothing that has names is loaded.", "Run: linernotes load, or linernotes demo")
    for done, (_, text) in enumerate(texts.texts(tracks, WARM_UP, -seed - 1)):
        look("warming up", done, WARM_UP)
        _search(searcher, text)
    times: dict[str, list[float]] = {ALL: []}
    for done, (kind, text) in enumerate(texts.texts(tracks, number, seed)):
        look("texts", done, number)
        seconds, _ = timed(_search, searcher, text)
        times[ALL].append(seconds)
        times.setdefault(kind, []).append(seconds)
    for kind, seconds in _others(searcher, tracks[:OTHERS]):
        look(kind, len(times.get(kind, ())), OTHERS)
        times.setdefault(kind, []).append(seconds)
    loaded = sum(each.records for each in searcher.loaded().values())
    return Measured(loaded, seed, {kind: spread(each) for kind, each in times.items()})


def _search(searcher: Searcher, text: str) -> int:
    return searcher.search(queries.request(text, facet_names=queries.DEFAULT_FACETS)).total.value


def _others(searcher: Searcher, tracks: list[texts.Names]) -> Iterator[tuple[str, float]]:
    for _ in range(BROWSES):
        yield "browsing, repeated", timed(_search, searcher, "")[0]
    for artist, _ in tracks:
        yield "suggestions", timed(searcher.suggest, queries.suggest_request(artist[:TYPED]))[0]
        yield "artist pages", timed(searcher.artist, queries.artist_request(artist))[0]
