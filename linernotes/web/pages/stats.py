"""What is in there: shares as bars, and what a data set has more of than the rest."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from fastapi import APIRouter, Request, Response

from linernotes.web.pages import charts as bars
from linernotes.web.pages import facet_list, labels, links, names, rendering
from linernotes.web.pages.charts import Chart, Given
from linernotes.web.pages.facet_list import Chip
from linernotes.web.pages.results import Choice
from linernotes.web.query_params import Asked, Tracks
from linernotes.web.services.service import KeptRoute, Shared
from mappings.cards import CARDS
from queries import FACETS, Stats
from queries.analysis.comparisons import Comparison, percent
from queries.analysis.stats import MAX_CANDIDATES, Counts

router = APIRouter(route_class=KeptRoute)

SHOWN = 12
"""Values of a facet that have a bar; the others are one row."""

OVER = 8
"""Over-represented values of each kind."""


@dataclass(frozen=True)
class StatsView:
    """The page: `rest` says what the second share is of, where one data set is compared with the others."""

    text: str
    tracks: int
    summary: tuple[str, ...]
    rest: str
    notes: tuple[str, ...]
    datasets: tuple[Choice, ...]
    chips: tuple[Chip, ...]
    charts: tuple[Chart, ...]
    over: tuple[Chart, ...]
    back: str


@router.get("/stats")
async def stats(request: Request, service: Shared, asked: Tracks) -> Response:
    """Show shares of the tracks of a text and filters."""
    asked = links.plain(asked)
    wanted = asked.request()
    answer = await service.ask(lambda: service.searcher.stats(wanted, limit=OVER), long=True)
    return rendering.page(request, "stats.html.jinja", title="Statistics", q=asked.q, view=view(asked, answer))


def view(params: Asked, answer: Stats) -> StatsView:
    """Return the view of an answer."""
    rest = answer.rest if answer.rest and answer.rest.tracks else None
    return StatsView(
        text=names.shown(params.q, 120),
        tracks=answer.all.tracks,
        summary=(
            labels.tracks(answer.all.tracks),
            f"{labels.about(answer.recordings)} recordings",
            f"{labels.about(answer.artists)} artists",
        ),
        rest=f"The second share is of the rest: {labels.tracks(rest.tracks)} of the other data sets." if rest else "",
        notes=("The text is long: only its first words are asked.",) if answer.text_truncated else (),
        datasets=tuple(_datasets(params)),
        chips=facet_list.chips(params, "/stats"),
        charts=tuple(chart for chart in _charts(params, answer) if chart.rows) if answer.all.tracks else (),
        over=tuple(_over(params, found) for found in answer.comparisons if found.rows),
        back=links.search(params),
    )


def _datasets(params: Asked) -> Iterator[Choice]:
    held = params.filters.get("dataset", ())
    yield Choice("All", links.to("/stats", params.having("dataset").query()), not held)
    for name, card in CARDS.items():
        yield Choice(card.name, links.to("/stats", params.having("dataset", name).query()), held == (name,))


def _charts(params: Asked, answer: Stats) -> Iterator[Chart]:
    of = answer.all.tracks
    sets: list[Given] = [
        (labels.value("dataset", one.name), links.dataset(one.name), one.tracks, (_share(one.tracks, of),))
        for one in answer.datasets
    ]
    yield Chart("dataset", "Data set", bars.rows(sets), columns=("Data set", "Tracks", "Share"))
    for name, counts in answer.all.facets.items():
        yield _facet(name, counts, params, answer)


def _share(count: int, of: int) -> str:
    return f"{percent(count, of):.1f} %"


def _facet(name: str, counts: Counts, params: Asked, answer: Stats) -> Chart:
    in_order = FACETS[name].by_value
    ordered = sorted(counts.values.items(), key=lambda pair: (0 if in_order else -pair[1], pair[0]))
    shown = ordered if in_order else ordered[:SHOWN]
    given: list[Given] = [
        (labels.value(name, value), _tracks(params, name, value), count, _cells(name, count, answer, value))
        for value, count in shown
    ]
    if left := ordered[len(shown) :]:
        total = sum(count for _, count in left)
        given.append((f"{len(left):,} others", links.facet(name, params), total, (_share(total, answer.all.tracks),)))
    if counts.missing:
        none = links.search(params.having(name, "none"))
        given.append((labels.NOT_STATED, none, counts.missing, _cells(name, counts.missing, answer, None)))
    second = ("Rest",) if answer.rest and answer.rest.tracks else ()
    width = len(("Value", "Tracks", "Share", *second)) - 2
    padded = [(label, href, count, (*cells, *[""] * (width - len(cells)))) for label, href, count, cells in given]
    label = labels.FACETS[name]
    return Chart(name, label, bars.rows(padded), columns=(label, "Tracks", "Share", *second))


def _tracks(params: Asked, name: str, value: str | int) -> str:
    return links.search(params.having(name, f"{value}s" if name == "decade" else names.literal(str(value))))


def _cells(name: str, count: int, answer: Stats, value: str | int | None) -> tuple[str, ...]:
    own = _share(count, answer.all.tracks)
    if not answer.rest or not answer.rest.tracks:
        return (own,)
    held = answer.rest.facets.get(name)
    other = 0 if held is None else held.missing if value is None else held.values.get(value, 0)
    return own, _share(other, answer.rest.tracks)


def _over(params: Asked, comparison: Comparison) -> Chart:
    within = params.having("dataset", comparison.dataset)
    given = [
        (str(row.value), links.search(within.having(comparison.kind, names.literal(str(row.value)))), row)
        for row in comparison.rows
    ]
    most = max(row.low for _, _, row in given)
    rows = tuple(
        replace(
            bars.rows([(label, href, row.count, (f"{row.rest:,}", f"{row.low:,.1f} ×"))])[0],
            length=bars.length(row.low, most),
        )
        for label, href, row in given
    )
    part = f", of the {comparison.offered:,} with the most tracks" if comparison.offered >= MAX_CANDIDATES else ""
    return Chart(
        id=f"{comparison.kind}-{comparison.dataset}",
        heading=f"{comparison.kind.capitalize()}s in {labels.value('dataset', comparison.dataset)}",
        rows=rows,
        note=f"corrected for {comparison.compared:,} comparisons{part}",
        columns=(comparison.kind.capitalize(), "Here", "In the rest", "At least"),
    )
