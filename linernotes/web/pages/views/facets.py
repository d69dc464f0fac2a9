"""Views of facets: the values beside the hits, the chips of active filters, and the page of all values of a facet."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from linernotes.i18n import N_, gettext, ngettext
from linernotes.web.pages import display_text, labels, urls
from linernotes.web.pages.views import charts
from linernotes.web.pages.views.charts import Choice, Histogram, Row
from linernotes.web.search_params import SearchParams
from queries import FACETS, Bucket, By, FacetCount, FacetValues
from queries.facets.table import LITERAL, NONE, NOT, Kind

MAX_VALUES = 6
"""Values of a facet that are listed beside the hits, with those that are selected; its own page has all."""

_MAX_LABEL = 60


@dataclass(frozen=True)
class Value:
    """One value as a checkbox: what the form sends, its label, and the address that excludes it."""

    sent: str
    label: str
    count: int
    checked: bool
    excluded: bool
    exclude: str | None


@dataclass(frozen=True)
class FacetView:
    """One facet: its values, how many are omitted, and the page of all; `hidden` values are sent along by the form."""

    name: str
    label: str
    values: tuple[Value, ...]
    omitted: int
    exact: bool
    all: str
    years: Histogram | None = None
    year_from: str = ""
    year_to: str = ""
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True)
class Chip:
    """One active filter, and the address without it."""

    facet: str
    label: str
    excluded: bool
    href: str


def facets(params: SearchParams, counted: Mapping[str, FacetCount]) -> tuple[FacetView, ...]:
    """Return the facets of an answer in the order of the page."""
    views = {name: _facet(name, params, counted[name]) for name in labels.FACETS if name in counted}
    # A facet without values and without a filter has nothing to choose from.
    return tuple(view for name, view in views.items() if counted[name].buckets or name in params.filters)


def _facet(name: str, params: SearchParams, count: FacetCount) -> FacetView:
    if FACETS[name].kind is Kind.YEARS:
        return _years(name, params, count)
    listed = [b for n, b in enumerate(count.buckets) if n < MAX_VALUES or b.selected or b.excluded]
    return FacetView(
        name=name,
        label=labels.facet(name),
        values=(*(value(name, params, bucket) for bucket in listed), *_missing(name, params, count.missing)),
        omitted=max(count.distinct - len(listed), 0),
        exact=count.exact,
        all=urls.facet(name, params),
    )


def _years(name: str, params: SearchParams, count: FacetCount) -> FacetView:
    """Return the years as a histogram with two fields; what the fields can't express of the filter is hidden."""
    values = params.filter_values(name)
    ranges = [each for each in values if each != NONE and not each.startswith(NOT)]
    first, last = _ends(ranges[0]) if len(ranges) == 1 else ("", "")
    hidden = tuple(
        each for each in values if each not in (NONE, NOT + NONE) and (len(ranges) != 1 or each != ranges[0])
    )
    return FacetView(
        name=name,
        label=labels.facet(name),
        values=tuple(_missing(name, params, count.missing)),
        omitted=0,
        exact=count.exact,
        all=urls.facet(name, params),
        years=charts.histogram(params, count.buckets),
        year_from=first,
        year_to=last,
        hidden=hidden,
    )


def _ends(years: str) -> tuple[str, str]:
    first, dots, last = years.partition("..")
    return first.strip(), last.strip() if dots else first.strip()


def value(name: str, params: SearchParams, bucket: Bucket) -> Value:
    """Return one value of a facet as a checkbox."""
    written = _as_text(bucket.value)
    values = params.filter_values(name)
    excluded = NOT + written
    others = [each for each in values if each not in (written, excluded)]
    return Value(
        sent=excluded if bucket.excluded else written,
        label=display_text.shown(labels.value(name, bucket.value), _MAX_LABEL),
        count=bucket.count,
        checked=bucket.selected or bucket.excluded,
        excluded=bucket.excluded,
        exclude=None if bucket.excluded else urls.search(params.with_filter(name, *others, excluded)),
    )


def _as_text(given: str | int | bool) -> str:
    return str(given).lower() if isinstance(given, bool) else display_text.literal(str(given))


def _missing(name: str, params: SearchParams, count: int) -> Iterator[Value]:
    values = params.filter_values(name)
    excluded = NOT + NONE in values
    if count or NONE in values or excluded:
        others = [each for each in values if each not in (NONE, NOT + NONE)]
        exclude = None if excluded else urls.search(params.with_filter(name, *others, NOT + NONE))
        sent = NOT + NONE if excluded else NONE
        yield Value(sent, labels.not_stated(), count, excluded or NONE in values, excluded, exclude)


def chips(params: SearchParams, path: str = "/search") -> tuple[Chip, ...]:
    """Return the active filters in the order of the page; without one, the address stays on the same path.

    >>> [(chip.label, chip.href) for chip in chips(SearchParams.of("a", {"genre": ("-rock", "none")}))]
    [('not rock', '/search?q=a&genre=none'), ('not stated', '/search?q=a&genre=-rock')]
    """
    active = [(name, value) for name in labels.FACETS for value in params.filter_values(name)]
    return tuple(
        Chip(
            labels.facet(name),
            _chip_label(name, value),
            value.startswith(NOT) and value != NOT + NONE,
            urls.to(path, params.toggle_filter(name, value).query_string()),
        )
        for name, value in active
    )


def _chip_label(name: str, value: str) -> str:
    written = value.removeprefix(NOT)
    if written == NONE:
        return gettext("stated") if value.startswith(NOT) else labels.not_stated()
    label = display_text.shown(labels.value(name, written.removeprefix(LITERAL)), _MAX_LABEL)
    return gettext("not %(label)s", label=label) if value.startswith(NOT) else label


ORDERS = {By.COUNT: N_("Most tracks"), By.VALUE: N_("Value")}


@dataclass(frozen=True)
class ValuesView:
    """A page of all values of one facet."""

    name: str
    label: str
    summary: str
    contains: str
    sort: str
    sorts: tuple[Choice, ...]
    chips: tuple[Chip, ...]
    hidden: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]
    next: str | None
    first: str | None
    back: str


def values_view(params: SearchParams, result: FacetValues, contains: str, sort: By, *, first_page: bool) -> ValuesView:
    """Return the view of a page of values."""
    name = result.facet

    def address(order: By, after: str | None = None) -> str:
        further = {"contains": contains, "sort": "" if order is By.COUNT else str(order), "after": after or ""}
        return urls.facet(name, params, **further)

    return ValuesView(
        name=name,
        label=labels.facet(name),
        summary=_summary(result),
        contains=display_text.shown(contains),
        sort="" if sort is By.COUNT else str(sort),
        sorts=tuple(Choice(gettext(label), address(order), order is sort) for order, label in ORDERS.items()),
        chips=chips(params, f"/facets/{name}"),
        hidden=tuple(urls.form_fields(params)),
        rows=_rows(name, params, result.values),
        next=address(sort, result.next) if result.next else None,
        first=None if first_page else address(sort),
        back=urls.search(params),
    )


def _rows(name: str, params: SearchParams, buckets: tuple[Bucket, ...]) -> tuple[Row, ...]:
    most = max((bucket.count for bucket in buckets), default=0)
    boxes = [(bucket, value(name, params, bucket)) for bucket in buckets]
    return tuple(
        Row(
            label=display_text.parts(labels.value(name, bucket.value)),
            href=urls.search(params.toggle_filter(name, box.sent)),
            count=bucket.count,
            length=charts.bar_length(bucket.count, most),
            exclude=box.exclude,
            state="excluded" if bucket.excluded else "selected" if bucket.selected else "",
        )
        for bucket, box in boxes
    )


def _summary(result: FacetValues) -> str:
    parts = [labels.tracks(result.total.value)]
    if result.distinct is not None:
        parts.insert(0, ngettext("%(count)s value", "%(count)s values", result.distinct))
    if result.missing:
        parts.append(gettext("%(tracks)s without a value", tracks=labels.tracks(result.missing)))
    return "; ".join(parts)
