"""Normalising twice equals once: what comes out, given again, comes out as it is. For each rule, whatever goes in."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.normalise import scalars
from indexer.normalise import text as artists
from indexer.normalise.expressions import STRINGS
from indexer.normalise.genre import genre_families, known_terms
from indexer.normalise.licence import recognise
from indexer.normalise.text import distinct, tidy, tidy_list
from mappings.genres import FAMILY, families

NAMES = ["Eminem", "feat.", " ft ", "(", ")", "&", ",", "The", "Daft", " - ", "N/A", "-", "&amp;", "Ã©", "é", " x "]
words = st.lists(st.sampled_from(NAMES), max_size=6).map(" ".join)
strings = st.one_of(st.none(), words, st.text(max_size=8).map(lambda text: text.encode("utf-8", "replace").decode()))
lists = st.one_of(st.none(), st.lists(strings, max_size=4))
links = st.sampled_from(["https://youtu.be/hTWKbfoikeg", "watch?v=hTWKbfoikeg&t=1", "hTWKbfoikeg", "x", "", None])
counts = st.one_of(st.integers(-5, 10**12).map(str), st.sampled_from(["1.2M views", "1B", "", "x", "3 plays", "1,234"]))
lengths = st.one_of(st.floats().map(str), st.sampled_from(["2:48", "1:02:03", "0", "-1", "1e9", "", None]))
dates = st.one_of(st.dates().map(str), st.integers(0, 9999).map(str), st.sampled_from(["1/05/2009", "", "soon", None]))
truths = st.sampled_from(["True", "TRUE", "1.0", "0", "no", "", None])
terms = st.one_of(st.none(), st.lists(st.one_of(st.sampled_from(sorted(FAMILY)), words), max_size=4))

RULES: dict[str, tuple[Any, st.SearchStrategy[Any], Any]] = {
    "text": (tidy, strings, pl.String),
    "list of texts": (tidy_list, lists, STRINGS),
    "distinct": (distinct, lists, STRINGS),
    "artist": (artists.without_guests, strings, pl.String),
    "placeholder": (scalars.null_if_placeholder, strings, pl.String),
    "genre terms": (known_terms, terms, STRINGS),
    "video": (scalars.video_id, links, pl.String),
    "videos": (scalars.video_ids, st.lists(links, max_size=4), STRINGS),
    "integer": (lambda e: scalars.integer(e).cast(pl.String), counts, pl.String),
    "plays": (lambda e: scalars.parse_count(e).cast(pl.String), counts, pl.String),
    "duration": (lambda e: scalars.seconds(e).cast(pl.String), lengths, pl.String),
    "explicit": (lambda e: scalars.parse_bool(e).cast(pl.String), truths, pl.String),
    "day": (lambda e: scalars.day(e).cast(pl.String), dates, pl.String),
    "year": (lambda e: scalars.plausible(scalars.year(e), 2018).cast(pl.String), dates, pl.String),
}


@pytest.mark.parametrize("rule", RULES)
@settings(deadline=None)
@given(data=st.data())
def test_twice_equals_once(rule: str, data: st.DataObject) -> None:
    function, values, dtype = RULES[rule]
    frame = pl.DataFrame({"v": data.draw(st.lists(values, max_size=4))}, schema={"v": dtype})
    once = frame.select(function(pl.col("v")).alias("v"))
    assert once.select(function(pl.col("v")).alias("v")).equals(once)


@settings(deadline=None)
@given(words)
def test_the_name_of_one_guest_is_not_divided_again(written: str) -> None:
    def divided(together: str) -> list[str]:
        frame = pl.DataFrame({"v": [together]})
        return frame.select(artists.names(pl.col("v"))).item().to_list()  # type: ignore[no-any-return]

    assert [divided(name) for name in divided(written)] == [[name] for name in divided(written)]


@given(terms)
def test_a_family_belongs_to_itself(names: list[str | None] | None) -> None:
    frame = pl.DataFrame({"v": [names]}, schema={"v": STRINGS})
    once = frame.select(genre_families(pl.col("v")).alias("v"))
    assert once.select(genre_families(pl.col("v")).alias("v")).equals(once)


def test_each_family_is_a_term_of_its_own() -> None:
    assert {family: families([family]) for family in FAMILY.values()} == {
        family: [family] for family in FAMILY.values()
    }


@given(st.text(max_size=40))
def test_the_licence_of_a_licence(written: str) -> None:
    assert recognise(recognise(written).licence).licence == recognise(written).licence


@given(st.lists(st.one_of(st.text(max_size=5), st.integers(), st.none()), max_size=4))
def test_a_list_read_is_a_list_written(members: list[object]) -> None:
    once = scalars.parse_list(str(members))
    assert scalars.parse_list(str(once)) == once
