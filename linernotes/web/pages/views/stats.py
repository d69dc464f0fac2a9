"""View of the statistics: shares as bars, and what is over-represented in a data set."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from linernotes import cards, i18n
from linernotes.i18n import N_, gettext, ngettext
from linernotes.web.pages import display_text, labels, urls
from linernotes.web.pages.views import charts, facets
from linernotes.web.pages.views.charts import Chart, Choice, RowData
from linernotes.web.pages.views.facets import Chip
from linernotes.web.search_params import SearchParams
from queries import FACETS, Stats
from queries.analysis.comparisons import Comparison, percent
from queries.analysis.stats import MAX_CANDIDATES, Counts

MAX_BARS = 12
"""Values of a facet that have a bar; the others share one row."""

MAX_OVER_REPRESENTED = 8
"""Over-represented values of each kind."""


_HEADINGS = {"genre": N_("Genres in %(dataset)s"), "artist": N_("Artists in %(dataset)s")}


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
            labels.recordings(result.recordings),
            ngettext(
                "%(number)s artist", "%(number)s artists", result.artists.value, number=labels.about(result.artists)
            ),
        ),
        rest=gettext("Rest: share among the %(tracks)s of all other data sets.", tracks=labels.tracks(rest.tracks))
        if rest
        else "",
        notes=(gettext("The search text is long: only its first words are used."),) if result.text_truncated else (),
        datasets=tuple(_datasets(params)),
        chips=facets.chips(params, "/stats"),
        charts=tuple(chart for chart in _charts(params, result) if chart.rows) if result.all.tracks else (),
        over_represented=tuple(_over_represented(params, each) for each in result.comparisons if each.rows),
        back=urls.search(params),
    )


def _datasets(params: SearchParams) -> Iterator[Choice]:
    values = params.filters.get("dataset", ())
    yield Choice(gettext("All"), urls.to("/stats", params.with_filter("dataset").query_string()), not values)
    for name, card in cards.known().items():
        yield Choice(
            card.name, urls.to("/stats", params.with_filter("dataset", name).query_string()), values == (name,)
        )


def _charts(params: SearchParams, result: Stats) -> Iterator[Chart]:
    total = result.all.tracks
    datasets: list[RowData] = [
        (labels.value("dataset", one.name), urls.dataset(one.name), one.tracks, (_share(one.tracks, total),))
        for one in result.datasets
    ]
    yield Chart(
        "dataset", labels.facet("dataset"), charts.rows(datasets), columns=(N_("Data set"), N_("Tracks"), N_("Share"))
    )
    for name, counts in result.all.facets.items():
        yield _facet(name, counts, params, result)


def _share(count: int, total: int) -> str:
    return labels.share(percent(count, total))


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
        others = ngettext("%(count)s other", "%(count)s others", len(left))
        data.append((others, urls.facet(name, params), total, (_share(total, result.all.tracks),)))
    if counts.missing:
        none = urls.search(params.with_filter(name, "none"))
        data.append((labels.not_stated(), none, counts.missing, _cells(name, counts.missing, result, None)))
    second = (N_("Rest"),) if result.rest and result.rest.tracks else ()
    width = len(("Value", "Tracks", "Share", *second)) - 2
    padded = [(label, href, count, (*cells, *[""] * (width - len(cells)))) for label, href, count, cells in data]
    columns = (labels.FACETS[name], N_("Tracks"), N_("Share"), *second)
    return Chart(name, labels.facet(name), charts.rows(padded), columns=columns)


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
            charts.rows(
                [(label, href, row.count, (labels.number(row.rest_count), f"{i18n.decimal(row.ratio_low)} ×"))]
            )[0],
            length=charts.bar_length(row.ratio_low, most),
        )
        for label, href, row in given
    )
    number, offered = labels.number(comparison.compared), labels.number(comparison.offered)
    note = gettext("Corrected for %(number)s comparisons.", number=number)
    if comparison.offered >= MAX_CANDIDATES:
        note += " " + gettext("Only the %(number)s with the most tracks were compared.", number=offered)
    return Chart(
        id=f"{comparison.kind}-{comparison.dataset}",
        heading=gettext(_HEADINGS[comparison.kind], dataset=labels.value("dataset", comparison.dataset)),
        rows=rows,
        note=note,
        columns=(labels.FACETS[comparison.kind], N_("Here"), N_("Elsewhere"), N_("At least")),
    )
