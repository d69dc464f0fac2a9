"""View of the overlap between data sets: a matrix, and bars with confidence intervals."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

from linernotes.i18n import N_, gettext, ngettext
from linernotes.web.pages import labels, urls
from linernotes.web.pages.views import charts, facets
from linernotes.web.pages.views.facets import Chip
from linernotes.web.search_params import SearchParams
from queries import Overlap
from queries.analysis.estimates import CONFIDENCE, Estimate, share
from queries.analysis.overlap import Shared

SHADES = 6
"""Shades of the matrix, by the share of the row's data set."""


@dataclass(frozen=True)
class Cell:
    """What two data sets share: the number, its interval, its share of the row's data set, and a shade."""

    number: str
    interval: str
    share: str
    shade: int
    own: bool


@dataclass(frozen=True)
class SharedBar:
    """A bar with its confidence interval, in parts of 100."""

    label: str
    number: str
    interval: str
    length: float
    low: float
    high: float
    exact: bool
    shares: str = ""


@dataclass(frozen=True)
class KeyView:
    """The overlap by one kind of key: recordings, or YouTube videos."""

    id: str
    heading: str
    total: str
    region: str
    names: tuple[str, ...]
    matrix: tuple[tuple[str, str, tuple[Cell, ...]], ...]
    pairs: tuple[SharedBar, ...]
    levels: tuple[SharedBar, ...]


@dataclass(frozen=True)
class OverlapView:
    """The page."""

    summary: str
    exact: bool
    confidence: int
    chips: tuple[Chip, ...]
    kinds: tuple[KeyView, ...]
    back: str


def overlap_view(params: SearchParams, result: Overlap) -> OverlapView:
    """Return the view of a result."""
    kinds = [_kind("recordings", result.recordings)]
    if result.videos:
        kinds.append(_kind("videos", result.videos))
    return OverlapView(
        summary=labels.tracks(result.tracks.value),
        exact=result.exact,
        confidence=round(100 * CONFIDENCE),
        chips=facets.chips(params, "/overlap"),
        kinds=tuple(kind for kind in kinds if kind.names),
        back=urls.search(params),
    )


def number(estimate: Estimate) -> str:
    """Return a number, marked where it is an estimate.

    >>> number(Estimate(1200, 1200, 1200)), number(Estimate(1200, 1150, 1260))
    ('1,200', '≈ 1,200')
    """
    return f"{'' if estimate.exact else '≈ '}{labels.number(estimate.value)}"


def interval(estimate: Estimate) -> str:
    """Return the confidence interval; empty for an exact number.

    >>> interval(Estimate(1200, 1150, 1260))
    '1,150 to 1,260'
    """
    if estimate.exact:
        return ""
    return gettext("%(low)s to %(high)s", low=labels.number(estimate.low), high=labels.number(estimate.high))


_HEADINGS = {"recordings": N_("Recordings"), "videos": N_("YouTube videos")}
_TOTALS = {"recordings": N_("%(number)s distinct recordings."), "videos": N_("%(number)s distinct YouTube videos.")}
_REGIONS = {"recordings": N_("Matrix of recordings"), "videos": N_("Matrix of YouTube videos")}


def _kind(key: str, shared: Shared) -> KeyView:
    names = shared.patterns.datasets
    pairs = [(one, other, shared.of(one, other)) for one, other in combinations(names, 2)]
    levels = [(at, shared.in_exactly(at)) for at in range(1, len(names) + 1)] if len(names) > 1 else []
    return KeyView(
        id=key,
        heading=gettext(_HEADINGS[key]),
        total=gettext(_TOTALS[key], number=number(shared.total)),
        region=gettext(_REGIONS[key]),
        names=tuple(labels.value("dataset", name) for name in names),
        matrix=tuple(
            (labels.value("dataset", name), urls.dataset(name), tuple(_cells(shared, name, names))) for name in names
        ),
        pairs=tuple(_pairs(shared, sorted(pairs, key=lambda pair: -pair[2].value))),
        levels=tuple(
            bars(
                (ngettext("in %(count)s data set", "in %(count)s data sets", at), estimate, "")
                for at, estimate in levels
            )
        ),
    )


def _cells(shared: Shared, name: str, names: Iterable[str]) -> Iterator[Cell]:
    own = shared.of(name)
    for other in names:
        both = own if other == name else shared.of(name, other)
        percent = share(both, own) or 0.0
        shade = 0 if other == name or not both.value else 1 + min(int(percent / 100 * (SHADES - 1)), SHADES - 2)
        yield Cell(number(both), interval(both), labels.share(percent), shade, other == name)


def _pairs(shared: Shared, pairs: Iterable[tuple[str, str, Estimate]]) -> Iterator[SharedBar]:
    def labelled(one: str, other: str, both: Estimate) -> tuple[str, Estimate, str]:
        shares = [
            gettext(
                "%(share)s of %(dataset)s",
                share=labels.share(share(both, shared.of(name)) or 0),
                dataset=labels.value("dataset", name),
            )
            for name in (one, other)
        ]
        first, second = (labels.value("dataset", name) for name in (one, other))
        label = gettext("%(first)s and %(second)s", first=first, second=second)
        return label, both, ", ".join(shares)

    return bars(labelled(*pair) for pair in pairs)


def bars(estimates: Iterable[tuple[str, Estimate, str]]) -> Iterator[SharedBar]:
    """Yield the bars of labels, estimates and their shares."""
    listed = list(estimates)
    most = max((estimate.high for _, estimate, _ in listed), default=0)
    for label, estimate, shares in listed:
        low, high = (round(100 * end / most, 2) if most else 0.0 for end in (estimate.low, estimate.high))
        length = charts.bar_length(estimate.value, most)
        yield SharedBar(label, number(estimate), interval(estimate), length, low, high, estimate.exact, shares)
