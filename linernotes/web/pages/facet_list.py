"""Facets as they are shown beside hits: values with counts, what is chosen or excluded; and the chips of filters."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from linernotes.web.pages import charts, labels, links, names
from linernotes.web.pages.charts import Histogram
from linernotes.web.query_params import Asked
from queries import FACETS, Bucket, FacetCount
from queries.facets.table import LITERAL, NONE, NOT, Kind

SHOWN = 6
"""Values of a facet that are listed, and those that were asked for; all are on the facet's own page."""

_LONGEST = 60


@dataclass(frozen=True)
class Value:
    """One value as a checkbox: what the form sends, how it reads, and the address that excludes it."""

    sent: str
    label: str
    count: int
    checked: bool
    excluded: bool
    exclude: str | None


@dataclass(frozen=True)
class FacetView:
    """One facet: its values, how many more there are, and where they are; `kept` is sent along unseen."""

    name: str
    label: str
    values: tuple[Value, ...]
    more: int
    exact: bool
    all: str
    years: Histogram | None = None
    year_from: str = ""
    year_to: str = ""
    kept: tuple[str, ...] = ()


@dataclass(frozen=True)
class Chip:
    """One filter that is on, and the address without it."""

    facet: str
    label: str
    excluded: bool
    href: str


def facets(params: Asked, counted: Mapping[str, FacetCount]) -> tuple[FacetView, ...]:
    """Return the facets of an answer in the order of the page."""
    views = {name: _facet(name, params, counted[name]) for name in labels.FACETS if name in counted}
    # A facet that no track found has a value of, and that no filter names, has nothing to choose from.
    return tuple(view for name, view in views.items() if counted[name].buckets or name in params.filters)


def _facet(name: str, params: Asked, count: FacetCount) -> FacetView:
    if FACETS[name].kind is Kind.YEARS:
        return _years(name, params, count)
    listed = [b for n, b in enumerate(count.buckets) if n < SHOWN or b.selected or b.excluded]
    return FacetView(
        name=name,
        label=labels.FACETS[name],
        values=(*(value(name, params, bucket) for bucket in listed), *_missing(name, params, count.missing)),
        more=max(count.distinct - len(listed), 0),
        exact=count.exact,
        all=links.facet(name, params),
    )


def _years(name: str, params: Asked, count: FacetCount) -> FacetView:
    """Return the years as a drawing with two fields; whatever the fields can't say of the filter is kept as it is."""
    held = params.filters.get(name, ())
    ranges = [each for each in held if each != NONE and not each.startswith(NOT)]
    first, last = _ends(ranges[0]) if len(ranges) == 1 else ("", "")
    kept = tuple(each for each in held if each not in (NONE, NOT + NONE) and (len(ranges) != 1 or each != ranges[0]))
    return FacetView(
        name=name,
        label=labels.FACETS[name],
        values=tuple(_missing(name, params, count.missing)),
        more=0,
        exact=count.exact,
        all=links.facet(name, params),
        years=charts.draw(params, count.buckets),
        year_from=first,
        year_to=last,
        kept=kept,
    )


def _ends(years: str) -> tuple[str, str]:
    first, dots, last = years.partition("..")
    return first.strip(), last.strip() if dots else first.strip()


def value(name: str, params: Asked, bucket: Bucket) -> Value:
    """Return one value of a facet as the form has it."""
    written = _written(bucket.value)
    held = params.filters.get(name, ())
    excluded = NOT + written
    others = [each for each in held if each not in (written, excluded)]
    return Value(
        sent=excluded if bucket.excluded else written,
        label=names.shown(labels.value(name, bucket.value), _LONGEST),
        count=bucket.count,
        checked=bucket.selected or bucket.excluded,
        excluded=bucket.excluded,
        exclude=None if bucket.excluded else links.search(params.having(name, *others, excluded)),
    )


def _written(given: str | int | bool) -> str:
    return str(given).lower() if isinstance(given, bool) else names.literal(str(given))


def _missing(name: str, params: Asked, count: int) -> Iterator[Value]:
    held = params.filters.get(name, ())
    excluded = NOT + NONE in held
    if count or NONE in held or excluded:
        others = [each for each in held if each not in (NONE, NOT + NONE)]
        exclude = None if excluded else links.search(params.having(name, *others, NOT + NONE))
        sent = NOT + NONE if excluded else NONE
        yield Value(sent, labels.NOT_STATED, count, excluded or NONE in held, excluded, exclude)


def chips(params: Asked, path: str = "/search") -> tuple[Chip, ...]:
    """Return the filters that are on, in the order of the page; taken away, they lead to the same path.

    >>> [(chip.label, chip.href) for chip in chips(Asked("a", {"genre": ("-rock", "none")}))]
    [('not rock', '/search?q=a&genre=none'), ('not stated', '/search?q=a&genre=-rock')]
    """
    given = [(name, held) for name in labels.FACETS for held in params.filters.get(name, ())]
    return tuple(
        Chip(
            labels.FACETS[name],
            _said(name, held),
            held.startswith(NOT) and held != NOT + NONE,
            links.to(path, params.toggled(name, held).query()),
        )
        for name, held in given
    )


def _said(name: str, held: str) -> str:
    written = held.removeprefix(NOT)
    if written == NONE:
        return "stated" if held.startswith(NOT) else labels.NOT_STATED
    label = names.shown(labels.value(name, written.removeprefix(LITERAL)), _LONGEST)
    return f"not {label}" if held.startswith(NOT) else label
