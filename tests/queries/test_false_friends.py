"""Somebody else is never shown as who was meant: names that are close to one in the index, but are not in it."""

import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

import queries
from queries import Hit, Match, Searcher
from tests.queries.tracks import forget, load, track

_LINES = Path(__file__).with_name("false_friends.tsv").read_text("utf-8").splitlines()
PAIRS = [tuple(line.split("\t")) for line in _LINES if not line.startswith("#")]
NAMES = sorted({name for name, _, _ in PAIRS})

SURE = {Match.EXACT, Match.FOLDED, Match.JOINED, Match.SYMBOLS, Match.TRANSLITERATED}
"""Labels that say: this is the name that was typed."""

SHORT = 5
"""Letters from which a word alone may have a slip."""


@pytest.fixture(scope="module")
def searcher(client: Elasticsearch) -> Iterator[Searcher]:
    """Return a searcher over each name as an artist, and as a title of an English song."""
    prefix = f"t{uuid.uuid4().hex[:10]}"
    as_artist = [track(number, "Xylqwortz", [name]) for number, name in enumerate(NAMES)]
    as_title = [track(1000 + number, name, ["Xylqwortz"], language="en") for number, name in enumerate(NAMES)]
    try:
        load(client, prefix, [*as_artist, *as_title])
        yield Searcher(client, prefix)
    finally:
        forget(client, prefix)


def ask(searcher: Searcher, text: str) -> tuple[Hit, ...]:
    return searcher.search(queries.request(text, size=100)).hits


def test_there_are_enough_pairs_of_different_names() -> None:
    assert len(PAIRS) >= 200
    assert len(set(PAIRS)) == len(PAIRS)
    assert not {typed.casefold() for _, typed, _ in PAIRS} & {name.casefold() for name in NAMES}


@pytest.mark.parametrize(("name", "typed", "why"), PAIRS)
def test_another_name_is_not_shown_as_what_was_asked(searcher: Searcher, name: str, typed: str, why: str) -> None:
    taken = {(str(hit.match), hit.track["title"], *hit.track["artists"]) for hit in ask(searcher, typed)}
    assert not {result for result in taken if result[0] in SURE}, (name, why)
    assert ask(searcher, name), "the name itself is there"


@pytest.mark.parametrize("typed", sorted({typed for _, typed, _ in PAIRS if re.fullmatch(r"[^\W_]{1,4}", typed)}))
def test_a_short_word_has_no_slips(searcher: Searcher, typed: str) -> None:
    assert len(typed) < SHORT
    assert Match.FUZZY not in {hit.match for hit in ask(searcher, typed)}
