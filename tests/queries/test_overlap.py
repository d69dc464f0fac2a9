"""What data sets share equals what brute force finds in the tracks; what is estimated lies within its interval."""

from collections import defaultdict
from itertools import combinations
from pathlib import Path
from typing import Any

import jsonschema
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

import queries
from queries.analysis import overlap
from queries.analysis.estimates import Draws, Patterns, Sample, Selection
from queries.analysis.overlap import Overlap, Shared
from tests.queries.conftest import Collection

SCHEMA = orjson.loads((Path(__file__).parents[1] / "schemas" / "overlap.json").read_bytes())

FILTERS: tuple[dict[str, list[str]], ...] = (
    {},
    {"dataset": ["laion-disco-12m", "sleeping-disco-9m"]},
    {"genre": ["rock", "none"], "year": ["1980.."]},
    {"dataset": ["-free-music-archive"], "commercial_use": ["-allowed"]},
    {"dataset": ["spotify-tracks-dataset"]},
    {"artist": ["nobody at all"]},
)


def passing(one: dict[str, Any], filters: dict[str, list[str]]) -> bool:
    """Tell whether a track passes the few filters that are used here."""
    wanted = filters.get("dataset", [])
    refused = [name[1:] for name in wanted if name.startswith("-")]
    kept = [name for name in wanted if not name.startswith("-")]
    return (
        (not kept or one["dataset"] in kept)
        and one["dataset"] not in refused
        and ("genre" not in filters or not one.get("genre") or "rock" in one["genre"])
        and ("year" not in filters or (one.get("year") or 0) >= 1980)
        and ("commercial_use" not in filters or one["commercial_use"] != "allowed")
        and "artist" not in filters
    )


def held(tracks: list[dict[str, Any]], kind: str) -> dict[str, set[str]]:
    """Return the data sets that each key or video is in."""
    result = defaultdict(set)
    for one in tracks:
        values = one.get(kind) or ()
        for value in (values,) if isinstance(values, str) else values:
            result[value].add(one["dataset"])
    return result


def compare(shared: Shared, tracks: list[dict[str, Any]], kind: str, *, exactly: bool) -> list[bool]:
    """Return, for each number, whether it is what brute force says, or lies around it."""
    result = held(tracks, kind)
    names = shared.patterns.datasets
    numbers = [(shared.total, len(result))]
    numbers += [(shared.of(name), sum(name in sets for sets in result.values())) for name in names]
    numbers += [
        (shared.of(one, two), sum({one, two} <= sets for sets in result.values()))
        for one, two in combinations(names, 2)
    ]
    numbers += [
        (shared.in_exactly(n), sum(len(sets) == n for sets in result.values())) for n in range(1, len(names) + 1)
    ]
    if exactly:
        assert all(number.exact and number.value == true for number, true in numbers)
    return [number.low <= true <= number.high for number, true in numbers]


def overlap_of(crowd: Collection, filters: dict[str, list[str]], **how: Any) -> Overlap:
    answer = crowd.searcher.overlap(queries.request(filters_by_facet=filters), **how)
    jsonschema.validate(orjson.loads(orjson.dumps(answer.as_json())), SCHEMA)
    return answer


@pytest.mark.parametrize("filters", FILTERS)
@pytest.mark.parametrize("block", [50_000, 77])
def test_small_collections_are_counted(
    crowd: Collection, filters: dict[str, list[str]], block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overlap, "BLOCK", block)
    tracks = [one for one in crowd.tracks if passing(one, filters)]
    answer = overlap_of(crowd, filters)
    assert (answer.exact, answer.tracks.value, answer.tracks.exact) == (True, len(tracks), True)
    compare(answer.recordings, tracks, "recording_key", exactly=True)
    assert (answer.videos is None) == (not held(tracks, "video_ids"))
    if answer.videos:
        compare(answer.videos, tracks, "video_ids", exactly=True)
    for name, number in answer.recordings.tracks.items():
        own = [one for one in tracks if one["dataset"] == name]
        assert number == len(own)
        assert answer.recordings.without[name] == sum(one.get("recording_key") is None for one in own)


@pytest.mark.parametrize("filters", FILTERS)
def test_drawing_everything_is_counting(
    crowd: Collection, filters: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overlap, "MAX_COUNTED", -1)
    monkeypatch.setattr(overlap, "MAX_LOOKED_UP", 100)
    tracks = [one for one in crowd.tracks if passing(one, filters)]
    answer = overlap_of(crowd, filters)
    assert answer.exact
    compare(answer.recordings, tracks, "recording_key", exactly=True)
    if answer.videos:
        compare(answer.videos, tracks, "video_ids", exactly=True)


def test_estimates_lie_around_what_is_true(crowd: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlap, "MAX_COUNTED", -1)
    monkeypatch.setattr(overlap, "SAMPLE_SIZE", 150)
    right: list[bool] = []
    for seed in range(12):
        monkeypatch.setattr(overlap, "_SEED", seed)
        answer = overlap_of(crowd, {})
        assert not answer.exact
        right += compare(answer.recordings, crowd.tracks, "recording_key", exactly=False)
    # 95 of 100 are meant to; numbers of one answer rest on the same draws, so wrong together: 0.82 leaves room.
    assert sum(right) >= 0.82 * len(right)
    again = overlap_of(crowd, {})
    assert again.recordings.as_json() == answer.recordings.as_json()


def test_tracks_with_many_values_each(crowd: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlap, "MAX_COUNTED", -1)
    monkeypatch.setattr(overlap, "MAX_SAMPLED_VALUES", 120)  # fewer than are drawn: fewer tracks are, but each whole
    answer = overlap_of(crowd, {})
    assert not answer.exact
    assert sum(compare(answer.recordings, crowd.tracks, "recording_key", exactly=False)) > 10


def test_counting_whatever_it_takes(crowd: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlap, "MAX_COUNTED", -1)
    monkeypatch.setattr(overlap, "BLOCK", 500)
    reports: list[tuple[str, int, int]] = []
    answer = overlap_of(crowd, {}, exact=True, progress=lambda *each: reports.append(each))
    assert answer.exact
    compare(answer.recordings, crowd.tracks, "recording_key", exactly=True)
    keys = [(seen, of) for kind, seen, of in reports if kind == "recording_key"]
    assert keys == sorted(keys)
    assert keys[-1][0] == keys[-1][1] == sum(one.get("recording_key") is not None for one in crowd.tracks)


@given(st.dictionaries(st.integers(1, 7), st.integers(0, 9)))
def test_counted_patterns_add_up(counts: dict[int, int]) -> None:
    shared = Shared({}, {}, Patterns(("a", "b", "c"), counts))
    assert shared.total.value == sum(counts.values()) == sum(shared.in_exactly(n).value for n in (1, 2, 3))
    assert shared.of("a").value + shared.of("b").value - shared.of("a", "b").value == sum(
        number for mask, number in counts.items() if mask & 3
    )


def test_data_sets_beyond_those_told_apart_are_no_secret(crowd: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlap, "MAX_DATASETS", 3)
    answer = overlap_of(crowd, {})
    assert len(answer.recordings.patterns.datasets) == 3
    assert (answer.exact, answer.tracks.exact, answer.as_json()["confidence"]) == (False, False, None)


SELECTIONS = [Selection(), *(Selection(bits=bits) for bits in range(1, 8)), *(Selection(number=n) for n in (1, 2, 3))]


@given(st.dictionaries(st.integers(1, 7), st.integers(1, 9)), st.permutations((5, 5, 70)))
def test_whole_samples_are_counts(counts: dict[int, int], sizes: list[int]) -> None:
    """A value in several data sets is drawn in each of them, and counts once."""
    held = [{pattern: number for pattern, number in counts.items() if pattern >> at & 1} for at in range(3)]
    samples = tuple(
        Sample(size if own else 0, size, {pattern: Draws(n, n, n) for pattern, n in own.items()}, complete=True)
        for own, size in zip(held, sizes, strict=True)
    )
    for selection in SELECTIONS:
        number = Patterns(("a", "b", "c"), samples=samples).number(selection)
        assert number.exact
        assert number.value == sum(n for pattern, n in counts.items() if pattern in selection)


def test_what_no_sample_has_seen_may_still_be_there() -> None:
    samples = tuple(Sample(1000, 100, {1 << at: Draws(50, 50.0, 50.0)}, complete=False) for at in range(3))
    patterns = Patterns(("a", "b", "c"), samples=samples)
    for unseen in (Selection(bits=3), Selection(number=2), Selection(number=3)):
        number = patterns.number(unseen)
        assert (number.value, number.low, number.exact) == (0, 0, False)
        assert number.high > 10


def test_many_data_sets_take_no_longer_than_their_patterns() -> None:
    names = tuple(f"set-{number}" for number in range(200))
    shared = Shared({}, {}, Patterns(names, {1 << at | 1: 3 for at in range(200)}))
    assert shared.total.value == 600
    assert shared.of("set-0", "set-7").value == 3
    assert shared.in_exactly(2).value == 597
