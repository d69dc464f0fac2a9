"""View of the statistics: shares as bars, and what is over-represented in a data set."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from linernotes.web.pages import display_text, labels, urls
from linernotes.web.pages.views import charts, facets
from linernotes.web.pages.views.charts import Chart, Choice, RowData
from linernotes.web.pages.views.facets import Chip
from linernotes.web.search_params import SearchParams
from mappings.cards import CARDS
from queries import FACETS, Stats
from queries.analysis.comparisons import Comparison, percent
from queries.analysis.stats import MAX_CANDIDATES, Counts

MAX_BARS = 12
"""Values of a facet that have a bar; the others share one row."""

MAX_OVER_REPRESENTED = 8
"""Over-represented values of each kind."""


@dataclass(frozen=True)
class StatsView:
    """The page; `rest` explains the second share, where one data set is compared with the others."""

    text: str
    tracks: int
    summary: tuple[str, ...]
    rest: str
    notes: tuple[str, ...]
    datasets: tuple[Choice, ...]
    chips: tuple[Chip, ...]
    charts: tuple[Chart, ...]
    over_represented: tuple[Chart, ...]
    back: str


def stats_view(params: SearchParams, result: Stats) -> StatsView:
    """Return the view of a result."""
    rest = result.rest if result.rest and result.rest.tracks else None
    return StatsView(
        text=display_text.shown(params.q, 120),
        tracks=result.all.tracks,
        summary=(
            labels.tracks(result.all.tracks),
            f"{labels.about(result.recordings)} recordings",
            f"{labels.about(result.artists)} artists",
        ),
        rest=f"Rest: share among the {labels.tracks(rest.tracks)} of all other data sets." if rest else "",
        notes=("The search text is long: only its first words are used.",) if result.text_truncated else (),
        datasets=tuple(_datasets(params)),
        chips=facets.chips(params, "/stats"),
        charts=tuple(chart for chart in _charts(params, result) if chart.rows) if result.all.tracks else (),
        over_represented=tuple(_over_represented(params, each) for each in result.comparisons if each.rows),
        back=urls.search(params),
    )


def _datasets(params: SearchParams) -> Iterator[Choice]:
    values = params.filters.get("dataset", ())
    yield Choice("All", urls.to("/stats", params.with_filter("dataset").query_string()), not values)
    for name, card in CARDS.items():
        yield Choice(
            card.name, urls.to("/stats", params.with_filter("dataset", name).query_string()), values == (name,)
        )


def _charts(params: SearchParams, result: Stats) -> Iterator[Chart]:
    total = result.all.tracks
    datasets: list[RowData] = [
        (labels.value("dataset", one.name), urls.dataset(one.name), one.tracks, (_share(one.tracks, total),))
        for one in result.datasets
    ]
    yield Chart("dataset", "Data set", charts.rows(datasets), columns=("Data set", "Tracks", "Share"))
    for name, counts in result.all.facets.items():
        yield _facet(name, counts, params, result)


def _share(count: int, total: int) -> str:
    return f"{percent(count, total):.1f} %"


def _facet(name: str, counts: Counts, params: SearchParams, result: Stats) -> Chart:
    in_order = FACETS[name].by_value
    ordered = sorted(counts.values.items(), key=lambda pair: (0 if in_order else -pair[1], pair[0]))
    shown = ordered if in_order else ordered[:MAX_BARS]
    data: list[RowData] = [
        (labels.value(name, value), _tracks(params, name, value), count, _cells(name, count, result, value))
        for value, count in shown
    ]
    if left := ordered[len(shown) :]:
        total = sum(count for _, count in left)
        data.append((f"{len(left):,} others", urls.facet(name, params), total, (_share(total, result.all.tracks),)))
    if counts.missing:
        none = urls.search(params.with_filter(name, "none"))
        data.append((labels.NOT_STATED, none, counts.missing, _cells(name, counts.missing, result, None)))
    second = ("Rest",) if result.rest and result.rest.tracks else ()
    width = len(("Value", "Tracks", "Share", *second)) - 2
    padded = [(label, href, count, (*cells, *[""] * (width - len(cells)))) for label, href, count, cells in data]
    label = labels.FACETS[name]
    return Chart(name, label, charts.rows(padded), columns=(label, "Tracks", "Share", *second))


def _tracks(params: SearchParams, name: str, value: str | int) -> str:
    return urls.search(params.with_filter(name, f"{value}s" if name == "decade" else display_text.literal(str(value))))


def _cells(name: str, count: int, result: Stats, value: str | int | None) -> tuple[str, ...]:
    own = _share(count, result.all.tracks)
    if not result.rest or not result.rest.tracks:
        return (own,)
    values = result.rest.facets.get(name)
    other = 0 if values is None else values.missing if value is None else values.values.get(value, 0)
    return own, _share(other, result.rest.tracks)


def _over_represented(params: SearchParams, comparison: Comparison) -> Chart:
    within = params.with_filter("dataset", comparison.dataset)
    given = [
        (str(row.value), urls.search(within.with_filter(comparison.kind, display_text.literal(str(row.value)))), row)
        for row in comparison.rows
    ]
    most = max(row.ratio_low for _, _, row in given)
    rows = tuple(
        replace(
            charts.rows([(label, href, row.count, (f"{row.rest_count:,}", f"{row.ratio_low:,.1f} ×"))])[0],
            length=charts.bar_length(row.ratio_low, most),
        )
        for label, href, row in given
    )
    part = (
        f"; only the {comparison.offered:,} with the most tracks were compared"
        if comparison.offered >= MAX_CANDIDATES
        else ""
    )
    return Chart(
        id=f"{comparison.kind}-{comparison.dataset}",
        heading=f"{comparison.kind.capitalize()}s in {labels.value('dataset', comparison.dataset)}",
        rows=rows,
        note=f"Corrected for {comparison.compared:,} comparisons{part}.",
        columns=(comparison.kind.capitalize(), "Here", "Elsewhere", "At least"),
    )
