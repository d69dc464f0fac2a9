"""What data sets share: a matrix, and bars with the interval that each estimate may be off."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

from fastapi import APIRouter, Request, Response

from linernotes.web.pages import charts, facet_list, labels, links, rendering
from linernotes.web.pages.facet_list import Chip
from linernotes.web.query_params import Asked, Filtered
from linernotes.web.services.service import KeptRoute
from linernotes.web.services.service import Shared as Serving
from queries import Overlap
from queries.analysis.estimates import CONFIDENCE, Estimate, share
from queries.analysis.overlap import Shared

router = APIRouter(route_class=KeptRoute)

SHADES = 6
"""Steps of tint in the matrix, by the share of the row's data set."""


@dataclass(frozen=True)
class Cell:
    """What two data sets share: the number, its interval, its share of the row's data set, and a tint."""

    number: str
    interval: str
    share: str
    shade: int
    own: bool


@dataclass(frozen=True)
class SharedBar:
    """A bar with the interval that the truth lies in, in parts of 100."""

    label: str
    number: str
    interval: str
    length: float
    low: float
    high: float
    exact: bool
    shares: str = ""


@dataclass(frozen=True)
class Kind:
    """One way to tell what is shared: recordings, or YouTube videos."""

    id: str
    heading: str
    what: str
    total: str
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
    kinds: tuple[Kind, ...]
    back: str


@router.get("/overlap")
async def overlap(request: Request, service: Serving, asked: Filtered) -> Response:
    """Show what data sets share under filters."""
    asked = links.plain(asked)
    wanted = asked.request()
    answer = await service.ask(lambda: service.searcher.overlap(wanted), long=True)
    return rendering.page(request, "overlap.html.jinja", title="What data sets share", view=view(asked, answer))


def view(params: Asked, answer: Overlap) -> OverlapView:
    """Return the view of an answer."""
    kinds = [_kind("recordings", "Recordings", answer.recordings)]
    if answer.videos:
        kinds.append(_kind("videos", "YouTube videos", answer.videos))
    return OverlapView(
        summary=labels.tracks(answer.tracks.value),
        exact=answer.exact,
        confidence=round(100 * CONFIDENCE),
        chips=facet_list.chips(params, "/overlap"),
        kinds=tuple(kind for kind in kinds if kind.names),
        back=links.search(params),
    )


def number(estimate: Estimate) -> str:
    """Return a number, with a sign where it is estimated.

    >>> number(Estimate(1200, 1200, 1200)), number(Estimate(1200, 1150, 1260))
    ('1,200', '≈ 1,200')
    """
    return f"{'' if estimate.exact else '≈ '}{estimate.value:,}"


def interval(estimate: Estimate) -> str:
    """Return between what the truth lies; empty for what was counted.

    >>> interval(Estimate(1200, 1150, 1260))
    '1,150 to 1,260'
    """
    return "" if estimate.exact else f"{estimate.low:,} to {estimate.high:,}"


def _kind(key: str, heading: str, shared: Shared) -> Kind:
    names = shared.patterns.datasets
    pairs = [(one, other, shared.of(one, other)) for one, other in combinations(names, 2)]
    levels = [(at, shared.in_exactly(at)) for at in range(1, len(names) + 1)] if len(names) > 1 else []
    return Kind(
        id=key,
        heading=heading,
        what=heading[0].lower() + heading[1:] if key == "recordings" else heading,
        total=number(shared.total),
        names=tuple(labels.value("dataset", name) for name in names),
        matrix=tuple(
            (labels.value("dataset", name), links.dataset(name), tuple(_cells(shared, name, names))) for name in names
        ),
        pairs=tuple(_pairs(shared, sorted(pairs, key=lambda pair: -pair[2].value))),
        levels=tuple(_bars((f"in {at} data set{'s' * (at > 1)}", found, "") for at, found in levels)),
    )


def _cells(shared: Shared, name: str, names: Iterable[str]) -> Iterator[Cell]:
    own = shared.of(name)
    for other in names:
        both = own if other == name else shared.of(name, other)
        percent = share(both, own) or 0.0
        shade = 0 if other == name or not both.value else 1 + min(int(percent / 100 * (SHADES - 1)), SHADES - 2)
        yield Cell(number(both), interval(both), f"{percent:.1f} %", shade, other == name)


def _pairs(shared: Shared, pairs: Iterable[tuple[str, str, Estimate]]) -> Iterator[SharedBar]:
    def told(one: str, other: str, both: Estimate) -> tuple[str, Estimate, str]:
        shares = [
            f"{share(both, shared.of(name)) or 0:.1f} % of {labels.value('dataset', name)}" for name in (one, other)
        ]
        label = " and ".join(labels.value("dataset", name) for name in (one, other))
        return label, both, ", ".join(shares)

    return _bars(told(*pair) for pair in pairs)


def _bars(given: Iterable[tuple[str, Estimate, str]]) -> Iterator[SharedBar]:
    listed = list(given)
    most = max((found.high for _, found, _ in listed), default=0)
    for label, found, shares in listed:
        low, high = (round(100 * end / most, 2) if most else 0.0 for end in (found.low, found.high))
        length = charts.length(found.value, most)
        yield SharedBar(label, number(found), interval(found), length, low, high, found.exact, shares)
