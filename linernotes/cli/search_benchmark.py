"""`linernotes bench`: texts drawn from what is loaded, the time of each search, and how times are spread."""

import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from random import Random
from typing import Any, ParamSpec, TypeVar

from elasticsearch import Elasticsearch

import queries
from mappings.errors import InputError
from mappings.index_names import alias
from mappings.track import ARTISTS, TITLE
from queries import Searcher
from queries.analysis.overlap import Progress
from queries.errors import translated_errors

P = ParamSpec("P")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Spread:
    """Times of one kind of question, in milliseconds: how many, and the least, quarters, percentiles and most."""

    n: int
    least: float
    quarter: float
    median: float
    three_quarters: float
    p95: float
    p99: float
    most: float


def spread(seconds: Iterable[float]) -> Spread:
    """Return how times are spread; of at least one.

    >>> spread([0.001, 0.002, 0.003]).median
    2.0
    """
    times = sorted(1000 * each for each in seconds)

    def at(share: float) -> float:
        return round(times[min(int(share * len(times)), len(times) - 1)], 2)

    median = round(statistics.median(times), 2)
    return Spread(len(times), at(0), at(0.25), median, at(0.75), at(0.95), at(0.99), at(1))


def timed(ask: Callable[P, Result], *args: P.args, **kwargs: P.kwargs) -> tuple[float, Result]:
    """Return the seconds that a call took, and what it returned."""
    began = time.perf_counter()
    answer = ask(*args, **kwargs)
    return time.perf_counter() - began, answer


Names = tuple[str, str]
"""Artist and title."""

MOST_DRAWN = 10_000
"""Tracks that texts are made of: as many as Elasticsearch returns at once."""

LONGEST_WORDS = 8
"""Words of a text; people rarely type more."""


def drawn(client: Elasticsearch, prefix: str, seed: int) -> list[Names]:
    """Return artist and title of tracks drawn at random, the same ones for the same index and seed.

    Raises InputError where nothing is loaded, UnreachableError where Elasticsearch doesn't answer.
    """
    score = {"seed": seed, "field": "_seq_no"}
    body = {
        "query": {"function_score": {"query": {"exists": {"field": ARTISTS}}, "random_score": score}},
        "size": MOST_DRAWN,
        "_source": [TITLE, ARTISTS],
    }
    with translated_errors():
        hits = client.options(request_timeout=300).search(index=alias(prefix), body=body).body["hits"]["hits"]
    tracks = [hit["_source"] for hit in hits]
    return [(track[ARTISTS][0], track[TITLE]) for track in tracks if track.get(TITLE)]


def texts(tracks: Sequence[Names], number: int, seed: int) -> list[tuple[str, str]]:
    """Return so many kinds and texts, no text twice, the kinds mixed in the shares of `SHARES`.

    >>> texts([("Nina Hagen", "Naturträne"), ("Kraftwerk", "Autobahn")], 3, seed=1)[0][0] in SHARES
    True
    """
    rng, made = Random(seed), dict[str, str]()  # noqa: S311 - a draw, and no secret
    kinds = _kinds(rng)
    for _ in range(100 * number):
        if len(made) == number:
            break
        kind = next(kinds)
        text = " ".join(_MAKERS[kind](rng.choice(tracks), rng).split()[:LONGEST_WORDS])
        if text:
            made.setdefault(text, kind)
    return [(kind, text) for text, kind in made.items()]


def _kinds(rng: Random) -> Iterator[str]:
    while True:
        yield rng.choices(list(SHARES), list(SHARES.values()))[0]


def _some_words(names: Names, rng: Random) -> str:
    words = " ".join(names).split()
    return " ".join(rng.sample(words, min(len(words), rng.randint(1, 4))))


def _misspelt(names: Names, rng: Random) -> str:
    """Return artist and title with two letters swapped, or one left out, in the longest word; never its first."""
    words = " ".join(names).split()
    place = max(range(len(words)), key=lambda number: len(words[number]))
    word = words[place]
    at = rng.randrange(1, max(len(word) - 1, 2))
    swapped = word[:at] + word[at + 1 : at + 2] + word[at : at + 1] + word[at + 2 :]
    words[place] = rng.choice((swapped, word[:at] + word[at + 1 :]))
    return " ".join(words)


def _absent(names: Names, rng: Random) -> str:
    """Return a word that nobody uses, half of the times beside an artist's name."""
    word = "".join(rng.choice("bcdfghjklmnpqrstvwxz") + rng.choice("aeiouy") for _ in range(rng.randint(3, 5)))
    return rng.choice((word, f"{names[0]} {word}"))


_MAKERS: Mapping[str, Callable[[Names, Random], str]] = {
    "artist": lambda names, _: names[0],
    "title": lambda names, _: names[1],
    "title and artist": lambda names, rng: " ".join(rng.sample(names, 2)),
    "one to four words": _some_words,
    "misspelt": _misspelt,
    "absent": _absent,
}

SHARES: Mapping[str, float] = {
    "artist": 0.2,
    "title": 0.2,
    "title and artist": 0.2,
    "one to four words": 0.25,
    "misspelt": 0.1,
    "absent": 0.05,
}
"""Kind of text to its share."""


WARM_UP = 50
"""Texts searched for beforehand: a Java process that has just started is slow at everything."""

BROWSES = 10
OTHERS = 50
"""Suggestions and artists at most."""

TYPED = 4
"""Letters that suggestions are for."""

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
    tracks = drawn(searcher.client, searcher.prefix, seed)
    if not tracks:
        raise InputError("Nothing that has names is loaded.", "Run: linernotes load, or linernotes demo")
    for done, (_, text) in enumerate(texts(tracks, WARM_UP, -seed - 1)):
        look("warming up", done, WARM_UP)
        _search(searcher, text)
    times: dict[str, list[float]] = {ALL: []}
    for done, (kind, text) in enumerate(texts(tracks, number, seed)):
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


def _others(searcher: Searcher, tracks: list[Names]) -> Iterator[tuple[str, float]]:
    for _ in range(BROWSES):
        yield "browsing, repeated", timed(_search, searcher, "")[0]
    for artist, _ in tracks:
        yield "suggestions", timed(searcher.suggest, queries.suggest_request(artist[:TYPED]))[0]
        yield "artist pages", timed(searcher.artist, queries.artist_request(artist))[0]
