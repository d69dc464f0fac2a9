"""Shapes of what data sets share, and of what is in them."""

from typing import Annotated

from pydantic import Field

from linernotes.web.api.models.shape import Count, Cut, Percent, Shape, TookMs
from queries import Total


class Estimate(Shape):
    """A number; unless it is exact, between `low` and `high` in 95 of 100 answers like this."""

    value: Count
    exact: bool
    low: Count
    high: Count


class OfDataset(Shape):
    """A data set's tracks, those without such a key, and its distinct keys."""

    dataset: str
    tracks: Count
    without: Count
    distinct: Estimate


class Pair(Shape):
    """What two data sets share, also in per cent of each."""

    datasets: Annotated[list[str], Field(min_length=2, max_length=2)]
    shared: Estimate
    shares: Annotated[list[float | None], Field(min_length=2, max_length=2)]


class InDatasets(Shape):
    """How many are in exactly so many data sets."""

    datasets: Annotated[int, Field(ge=1)]
    distinct: Estimate


class Shared(Shape):
    """What data sets share of one kind of key."""

    distinct: Estimate
    datasets: list[OfDataset]
    pairs: list[Pair]
    in_datasets: list[InDatasets]


class Overlap(Shape):
    """What data sets share, by recording and by YouTube video."""

    exact: bool
    confidence: float | None
    tracks: Total
    recordings: Shared
    videos: Shared | None
    took_ms: TookMs


class Share(Shape):
    """A value, its tracks, and their part of all in per cent."""

    value: str | int
    count: Annotated[int, Field(ge=1)]
    percent: Percent


class Shares(Shape):
    """The values of one facet with their shares, and tracks without one."""

    values: list[Share]
    missing: Count


class SomeTracks(Shape):
    """Some tracks, and their shares by facet."""

    name: str
    tracks: Count
    shares: dict[str, Shares]


class Over(Shape):
    """A value that a data set has more of: `count` of `of` tracks there, `rest` of `rest_of` in all others."""

    value: str | int
    count: Count
    of: Count
    rest: Count
    rest_of: Count
    ratio: float | None
    low: Annotated[float, Field(gt=1, description="At least so many times, corrected for all that were compared.")]
    high: float
    p: Annotated[float, Field(gt=0, lt=0.05)]
    percent: Percent
    rest_percent: Percent


class Comparison(Shape):
    """What a data set certainly has more of than the rest."""

    dataset: str
    kind: str
    confidence: float
    compared: Annotated[int, Field(ge=1)]
    offered: Annotated[int, Field(ge=1)]
    rows: list[Over]


class Stats(Shape):
    """Shares, and what is over-represented."""

    total: Total
    recordings: Total
    artists: Total
    all: SomeTracks
    datasets: list[SomeTracks]
    rest: SomeTracks | None
    over_represented: list[Comparison]
    exact: bool
    text_truncated: Cut
    took_ms: TookMs
