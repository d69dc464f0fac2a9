"""What a data set has more of than the rest, by significance instead of raw counts.

A value is over-represented if its share in one data set is larger than in all others together, and by more than
chance would make of as many tracks. The ratio of the shares has an interval (Katz et al. 1978, on the logarithm), p is
that of a G-test. Both are corrected for the number of values that might have been reported (Bonferroni), so that one
answer in twenty has a wrong row, not one row in twenty. Rows are ranked by the lower end: "at least so many times".
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from math import erfc, exp, log, sqrt
from statistics import NormalDist

from queries.model import Contract, Json

CONFIDENCE = 0.95

MIN_TRACKS = 5
"""Tracks that an over-represented value has at least: the interval takes their number as large."""

_LEAST_P = 1e-300
"""Smaller than this p is shown as this: floats end near there."""

Value = str | int


def percent(count: int, of: int) -> float:
    """Return a share in per cent, two digits."""
    return round(100 * count / of, 2) if of else 0.0


@dataclass(frozen=True)
class Row(Contract):
    """A value that a data set has more of: `count` of the `tracks` there that have any value, and the same of the rest.

    `ratio` of the shares is None where the rest has none; its interval and the p-value are corrected.
    """

    value: Value
    count: int
    tracks: int
    rest_count: int
    rest_tracks: int
    ratio: float | None
    ratio_low: float
    ratio_high: float
    p_value: float

    def as_json(self) -> Json:
        """Return the row as the contract has it, with shares in per cent."""
        rest_percent = percent(self.rest_count, self.rest_tracks)
        return asdict(self) | {"percent": percent(self.count, self.tracks), "rest_percent": rest_percent}


@dataclass(frozen=True)
class Comparison(Contract):
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
        return super().as_json() | {"confidence": CONFIDENCE}


def row(value: Value, count: int, of: int, rest: int, rest_of: int, compared: int) -> Row:
    """Return the comparison of two shares, corrected for the number of values that are compared.

    >>> rock = row("rock", 50, 100, 100, 1000, 1)
    >>> rock.ratio, round(rock.ratio_low, 2), round(rock.ratio_high, 2), rock.p_value < 1e-15
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
    certain = [
        each for each in rows if each.ratio_low > 1 and each.count >= MIN_TRACKS and each.p_value < 1 - CONFIDENCE
    ]
    return tuple(sorted(certain, key=lambda each: (-each.ratio_low, str(each.value)))[:limit])
