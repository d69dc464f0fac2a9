"""Statistics equal what brute force finds in the tracks; over-represented is what was made so, and nothing else."""

import math
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

import queries
from queries.analysis import comparisons, stats
from queries.analysis.stats import Group, Stats
from queries.search.search_request import Search
from tests.queries import made
from tests.queries.conftest import Collection

COLUMNS = {"decade": "year"}
SCHEMA = orjson.loads((Path(__file__).parents[1] / "schemas" / "stats.json").read_bytes())


def stats_of(crowd: Collection, text: str = "", filters: dict[str, list[str]] | None = None, limit: int = 10) -> Stats:
    return crowd.searcher.stats(queries.request(text, filters_by_facet=filters), limit=limit)


def counted(tracks: list[dict[str, Any]], facet: str) -> tuple[Counter[Any], int]:
    result: Counter[Any] = Counter()
    missing = 0
    for one in tracks:
        value = one.get(COLUMNS.get(facet, facet))
        values = value if isinstance(value, list) else [] if value is None else [value]
        result.update(value // 10 * 10 if facet == "decade" else value for value in values)
        missing += not values
    return result, missing


def is_of(group: Group, tracks: list[dict[str, Any]]) -> None:
    assert group.tracks == len(tracks)
    for facet in stats.FACET_NAMES:
        result, missing = counted(tracks, facet)
        assert (dict(group.facets[facet].values), group.facets[facet].missing) == (result, missing)


@pytest.mark.parametrize("text", ["", made.WORDS[0], f"{made.WORDS[1]} {made.WORDS[2]}"])
@pytest.mark.parametrize(
    "filters", [{}, {"genre": ["rock", "jazz"]}, {"language": ["fr"]}, {"dataset": [made.DATASETS[2]]}]
)
def test_every_number_is_that_of_the_tracks(crowd: Collection, text: str, filters: dict[str, list[str]]) -> None:
    names = [
        " ".join([one["title"], *one["artists"], one.get("album") or "", *(one.get("contributors") or ())]).lower()
        for one in crowd.tracks
    ]
    looked_at = [
        one
        for one, name in zip(crowd.tracks, names, strict=True)
        if all(word in name for word in text.split())
        and ("genre" not in filters or set(filters["genre"]) & set(one.get("genre") or ()))
        and ("language" not in filters or one.get("language") in filters["language"])
    ]
    meant = [one for one in looked_at if one["dataset"] in filters.get("dataset", made.DATASETS)]
    result = stats_of(crowd, text, filters)
    assert result.exact
    jsonschema.validate(orjson.loads(orjson.dumps(result.as_json())), SCHEMA)
    is_of(result.all, meant)
    for group in result.datasets:
        is_of(group, [one for one in meant if one["dataset"] == group.name])
    assert (result.rest is None) == ("dataset" not in filters)
    if result.rest:
        is_of(result.rest, [one for one in looked_at if one["dataset"] not in filters["dataset"]])
    assert result.recordings == queries.Total(len({one.get("recording_key") for one in meant} - {None}))
    assert result.artists == queries.Total(len({name for one in meant for name in one["artists"]}))
    for comparison in result.comparisons:
        column = {"artist": "artists", "genre": "genre"}[comparison.kind]
        own = [one for one in looked_at if one["dataset"] == comparison.dataset and one.get(column)]
        rest = [one for one in looked_at if one["dataset"] != comparison.dataset and one.get(column)]
        for row in comparison.rows:
            assert (row.count, row.tracks) == (sum(row.value in one[column] for one in own), len(own))
            assert (row.rest_count, row.rest_tracks) == (sum(row.value in one[column] for one in rest), len(rest))


def test_what_was_made_so_is_over_represented_and_nothing_else(crowd: Collection) -> None:
    for result in (stats_of(crowd), stats_of(crowd, filters={"dataset": ["free-music-archive"]})):
        rows = {(each.dataset, each.kind, row.value) for each in result.comparisons for row in each.rows}
        assert rows == {("free-music-archive", "artist", "Over Represented")}
        (row,) = (row for each in result.comparisons for row in each.rows)
        assert row.ratio is None
        assert row.p_value < 1e-30


def test_limit_is_how_many_rows(crowd: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparisons, "MIN_TRACKS", 0)
    assert all(len(each.rows) <= 1 for each in stats_of(crowd, limit=1).comparisons)


def test_estimates_say_so(crowd: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stats, "MAX_COUNTED", 100)
    result = stats_of(crowd)
    assert not result.recordings.exact
    assert not result.artists.exact
    assert result.recordings.value == pytest.approx(
        len({one.get("recording_key") for one in crowd.tracks} - {None}), rel=0.02
    )


def test_many_values_are_counted_block_by_block(crowd: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stats, "BLOCK", 13)
    assert stats_of(crowd).artists == queries.Total(len({name for one in crowd.tracks for name in one["artists"]}))


def test_nothing_found(crowd: Collection) -> None:
    result = stats_of(crowd, "nothing has this word")
    assert (result.all.tracks, result.datasets, result.comparisons) == (0, (), ())
    assert result.recordings == queries.Total(0)
    assert stats_of(crowd, filters={"dataset": ["no-such-set"]}).all.tracks == 0


def test_the_shares_are_those_of_all_data_sets() -> None:
    search = Search(queries.request(filters_by_facet={"dataset": ["x"], "genre": ["rock"]}), queries.Stage.STRICT)
    body = stats.shares_body(stats.compared_tracks(search))
    assert "'x'" not in str(body["query"])
    assert "rock" in str(body["query"])


def test_data_sets_beyond_those_told_apart_are_no_secret(crowd: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stats, "MAX_DATASETS", 2)
    result = stats_of(crowd)
    assert (len(result.datasets), result.exact, result.as_json()["total"]["exact"]) == (2, False, False)


def test_a_misspelt_text_is_summed_up_as_it_is_searched(crowd: Collection) -> None:
    typed = f"{made.WORDS[0][:-1]}x {made.WORDS[1]}"
    searched = crowd.searcher.search(queries.request(typed))
    assert searched.stage is queries.Stage.FUZZY
    assert stats_of(crowd, typed).all.tracks == searched.total.value > 0


@given(st.integers(1, 500), st.integers(0, 500), st.integers(0, 5000), st.integers(0, 50_000))
def test_an_interval_is_around_its_ratio(count: int, more: int, rest: int, rest_more: int) -> None:
    row = comparisons.row("x", count, count + more, rest, rest + rest_more + 1, 10)
    assert 0 <= row.ratio_low <= row.ratio_high
    assert 0 < row.p_value <= 1
    assert row.ratio is None or row.ratio_low * 0.999999 <= row.ratio <= row.ratio_high * 1.000001
    assert math.isfinite(row.ratio_high)


def test_correction_makes_it_harder() -> None:
    one, many = (comparisons.row("x", 25, 1000, 100, 10_000, compared) for compared in (1, 100_000))
    assert (one.ratio_low > 1, one.p_value < 0.05) == (True, True)
    assert (many.ratio_low > 1, many.p_value < 0.05) == (False, False)
