"""Query texts for measuring: what people type, made of the index's own tracks, each text once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random

from elasticsearch import Elasticsearch

from mappings.index_names import alias
from mappings.track import ARTISTS, TITLE
from queries.errors import translated_errors

Names = tuple[str, str]
"""Artist and title."""

MOST_DRAWN = 10_000
"""Tracks that texts are made of: as many as Elasticsearch gives in one answer."""

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
