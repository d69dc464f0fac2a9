"""Shares, and what a data set has more of than the rest, by significance instead of raw counts.

A value is over-represented if its share in one data set is larger than in all others together, and by more than
chance would make of as many tracks. The ratio of the shares has an interval (Katz et al. 1978, on the logarithm), p is
that of a G-test. Both are corrected for the number of values that might have been reported (Bonferroni), so that one
answer in twenty has a wrong row, not one row in twenty. Rows are ranked by the lower end: "at least so many times".
"""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from math import erfc, exp, log, sqrt
from statistics import NormalDist

from mappings.track import RECORDING_KEY
from queries.analysis import stats_requests
from queries.analysis.stats_requests import ARTIST, Candidates, Scope, Shares, Value
from queries.facets import filters
from queries.facets.table import FACETS
from queries.search import run as search_run
from queries.search.bodies import Search
from queries.search.request import SearchRequest
from queries.types import Ask, Json, Stage, Total

MAX_COUNTED = 50_000
"""Tracks up to which recordings and artists are counted one by one; above they are estimated."""

CONFIDENCE = 0.95

MIN_TRACKS = 5
"""Tracks that an over-represented value has at least: the interval takes their number as large."""

_LEAST_P = 1e-300
"""Smaller than this p is shown as this: floats end near there."""

_DATASET = FACETS["dataset"]


@dataclass(frozen=True)
class Counts:
    """Tracks by value of one facet, and tracks without one."""

    values: Mapping[Value, int]
    missing: int

    def as_json(self, tracks: int, *, in_order: bool) -> Json:
        """Return values by count, or in their own order, with their shares of all tracks in per cent."""
        ordered = sorted(self.values.items(), key=lambda pair: (0 if in_order else -pair[1], pair[0]))
        rows = [{"value": value, "count": count, "percent": percent(count, tracks)} for value, count in ordered]
        return {"values": rows, "missing": self.missing}


def percent(count: int, of: int) -> float:
    """Return a share in per cent, two digits."""
    return round(100 * count / of, 2) if of else 0.0


@dataclass(frozen=True)
class Group:
    """Some tracks: those of a data set, of all that are chosen, or of the rest. Every track has one data set."""

    name: str
    tracks: int
    facets: Mapping[str, Counts]

    def as_json(self) -> Json:
        """Return the group as the contract has it."""
        shares = {
            name: counts.as_json(self.tracks, in_order=FACETS[name].by_value) for name, counts in self.facets.items()
        }
        return {"name": self.name, "tracks": self.tracks, "shares": shares}


def combine(name: str, groups: Iterable[Group]) -> Group:
    """Return several groups as one.

    >>> one = Group("a", 3, {"genre": Counts({"rock": 2}, 1)})
    >>> combine("both", [one, one]).facets["genre"]
    Counts(values={'rock': 4}, missing=2)
    """
    tracks, facets = 0, dict[str, Counts]()
    for group in groups:
        tracks += group.tracks
        for facet, counts in group.facets.items():
            before = facets.get(facet, Counts({}, 0))
            values = Counter(before.values)
            values.update(counts.values)
            facets[facet] = Counts(dict(values), before.missing + counts.missing)
    return Group(name, tracks, facets)


@dataclass(frozen=True)
class Row:
    """A value that a data set has more of: its tracks there of those that have any value, the same of the rest.

    `ratio` of the shares is None where the rest has none; it lies above `low` and below `high`; p is corrected.
    """

    value: Value
    count: int
    of: int
    rest: int
    rest_of: int
    ratio: float | None
    low: float
    high: float
    p: float

    def as_json(self) -> Json:
        """Return the row as the contract has it, with shares in per cent."""
        shares = {"percent": percent(self.count, self.of), "rest_percent": percent(self.rest, self.rest_of)}
        return asdict(self) | shares


@dataclass(frozen=True)
class Comparison:
    """What of one kind a data set has more of than the rest: the first rows, of so many values that were compared.

    `offered` says how many of these were looked at one by one: those with the most tracks in the data set.
    """

    dataset: str
    kind: str
    compared: int
    offered: int
    rows: tuple[Row, ...]

    def as_json(self) -> Json:
        """Return the comparison as the contract has it."""
        return asdict(self) | {"confidence": CONFIDENCE, "rows": [row.as_json() for row in self.rows]}


def row(value: Value, count: int, of: int, rest: int, rest_of: int, compared: int) -> Row:
    """Return the comparison of two shares, corrected for the number of values that are compared.

    >>> rock = row("rock", 50, 100, 100, 1000, 1)
    >>> rock.ratio, round(rock.low, 2), round(rock.high, 2), rock.p < 1e-15
    (5.0, 3.82, 6.55, True)
    """
    # Half a track more where the rest has none: a ratio to nothing has no lower end.
    seen = rest or 0.5
    ratio = (count / of) / (seen / rest_of)
    width = NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / (2 * compared)) * sqrt(
        max(1 / count - 1 / of + 1 / seen - 1 / rest_of, 0)
    )
    p = min(1.0, erfc(sqrt(_g(count, of, rest, rest_of) / 2)) * compared)
    low, high = ratio * exp(-width), ratio * exp(width)
    return Row(value, count, of, rest, rest_of, ratio if rest else None, low, high, max(p, _LEAST_P))


def _g(count: int, of: int, rest: int, rest_of: int) -> float:
    """Return the G statistic of a table of two by two."""
    share = (count + rest) / (of + rest_of)
    cells = (
        (count, of * share), (of - count, of * (1 - share)),
        (rest, rest_of * share), (rest_of - rest, rest_of * (1 - share)),
    )  # fmt: skip
    return max(2 * sum(seen * log(seen / expected) for seen, expected in cells if seen), 0.0)


def over_represented(rows: Iterable[Row], limit: int) -> tuple[Row, ...]:
    """Return the rows that are certainly over-represented, the most so first."""
    certain = [each for each in rows if each.low > 1 and each.count >= MIN_TRACKS and each.p < 1 - CONFIDENCE]
    return tuple(sorted(certain, key=lambda each: (-each.low, str(each.value)))[:limit])


@dataclass(frozen=True)
class Stats:
    """The answer: the chosen tracks, by data set, the rest, and what is over-represented.

    `rest` are the other data sets' tracks under the same filters, None where no data set was chosen. `complete` is
    False where there are more data sets than are told apart, `exact` also where a facet has more values than are
    listed.
    """

    all: Group
    datasets: tuple[Group, ...]
    rest: Group | None
    recordings: Total
    artists: Total
    comparisons: tuple[Comparison, ...]
    exact: bool
    complete: bool
    text_truncated: bool
    took_ms: int

    def as_json(self) -> Json:
        """Return the answer as the contract has it."""
        return {
            "total": {"value": self.all.tracks, "exact": self.complete},
            "recordings": asdict(self.recordings),
            "artists": asdict(self.artists),
            "all": self.all.as_json(),
            "datasets": [group.as_json() for group in self.datasets],
            "rest": self.rest.as_json() if self.rest else None,
            "over_represented": [each.as_json() for each in self.comparisons],
            "exact": self.exact,
            "text_truncated": self.text_truncated,
            "took_ms": self.took_ms,
        }


def run(ask: Ask, request: SearchRequest, limit: int) -> Stats:
    """Return the statistics of the tracks of a request; comparisons have up to `limit` rows."""
    began = time.monotonic()
    scope = stats_requests.scope(_search(ask, request))
    (answer,) = ask(stats_requests.shares_body(scope))
    shares, complete = stats_requests.read_shares(answer)
    groups = {name: _group(name, each) for name, each in shares.items()}
    chosen = {name: group for name, group in groups.items() if _is_chosen(request, name)}
    everything = combine("all", chosen.values())
    recordings = _distinct(ask, scope, RECORDING_KEY, everything.tracks)
    artists = _distinct(ask, scope, ARTIST, everything.tracks)
    comparisons = list[Comparison]()
    if len(groups) > 1 and chosen:
        comparisons += [_genres(name, groups, len(chosen), limit) for name in chosen]
        comparisons += _artists(ask, scope, tuple(chosen), limit)
    others = (group for name, group in groups.items() if name not in chosen)
    return Stats(
        all=everything,
        datasets=tuple(chosen.values()),
        rest=combine("rest", others) if _DATASET in request.filters else None,
        recordings=recordings,
        artists=artists,
        comparisons=tuple(each for each in comparisons if each.offered),
        exact=complete and all(each.complete for each in shares.values()),
        complete=complete,
        text_truncated=request.text.truncated,
        took_ms=round((time.monotonic() - began) * 1000),
    )


def _search(ask: Ask, request: SearchRequest) -> Search:
    """Return the search at the stage that it would have as a search."""
    bare = replace(request, size=0, after=None, facets=(), group=None, highlight=False)
    stage = search_run.run(ask, bare).stage if request.text else None
    return search_run.at_stage(ask, Search(bare, stage or Stage.STRICT))


def _is_chosen(request: SearchRequest, dataset: str) -> bool:
    given = request.filters.get(_DATASET, ())
    wanted = filters.wanted(given)
    return (not wanted or dataset in wanted) and dataset not in filters.excluded(given)


def _group(name: str, shares: Shares) -> Group:
    return Group(name, shares.tracks, {facet: Counts(*counted) for facet, counted in shares.facets.items()})


def _distinct(ask: Ask, scope: Scope, field: str, tracks: int) -> Total:
    """Return the number of different values: counted one by one where there are few tracks, else estimated."""
    if tracks > MAX_COUNTED:
        (answer,) = ask(stats_requests.estimate_body(scope, field))
        return Total(stats_requests.read_estimate(answer), exact=False)
    number, after = 0, None
    while tracks:
        (answer,) = ask(stats_requests.block_body(scope, field, after))
        block = stats_requests.read_block(answer)
        number += len(block)
        if len(block) < stats_requests.BLOCK:
            break
        after = block[-1]
    return Total(number)


def _genres(dataset: str, groups: Mapping[str, Group], subjects: int, limit: int) -> Comparison:
    """Compare the genres of a data set, which follow from the shares, with those of all others."""
    own = groups[dataset]
    rest = combine("rest", (group for name, group in groups.items() if name != dataset))
    counts, others = own.facets["genre"], rest.facets["genre"]
    of, rest_of = own.tracks - counts.missing, rest.tracks - others.missing
    compared = max(len(counts.values) * subjects, 1)
    rows = (
        row(value, count, of, others.values.get(value, 0), rest_of, compared)
        for value, count in counts.values.items()
        if rest_of
    )
    return Comparison(dataset, "genre", compared, len(counts.values), over_represented(rows, limit))


def _artists(ask: Ask, scope: Scope, datasets: tuple[str, ...], limit: int) -> Iterator[Comparison]:
    """Compare the artists with the most tracks of each data set with those of all others."""
    offered, having = ask(stats_requests.candidates_body(scope, datasets), stats_requests.with_artist_body(scope))
    candidates, of = stats_requests.read_candidates(offered), stats_requests.read_with_artist(having)
    for dataset in datasets:
        own = candidates.get(dataset, Candidates([], 0))  # it may be gone by now
        names = own.names
        counts: Mapping[str, Mapping[str, int]] = {}
        if names:
            (answer,) = ask(stats_requests.artists_body(scope, names))
            counts = stats_requests.read_artists(answer)
        compared = max(own.distinct, len(names), 1) * len(datasets)
        rows = over_represented(_rows(dataset, counts, of, compared), limit)
        yield Comparison(dataset, "artist", compared, len(names), rows)


def _rows(dataset: str, counts: Mapping[str, Mapping[str, int]], of: Mapping[str, int], compared: int) -> Iterator[Row]:
    rest_of = sum(number for name, number in of.items() if name != dataset)
    for value, count in counts.get(dataset, {}).items():
        rest = sum(values.get(value, 0) for name, values in counts.items() if name != dataset)
        if rest_of and dataset in of:
            yield row(value, count, of[dataset], rest, rest_of, compared)
