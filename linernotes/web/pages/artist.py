"""Who may be meant by a name, and the page of one artist."""

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

import queries
from linernotes.web.asked import Asked
from linernotes.web.kept import KeptRoute
from linernotes.web.pages import bars, histogram, links, names, rendering, words
from linernotes.web.pages.bars import Chart, Given, Row
from linernotes.web.pages.claims import Used, used
from linernotes.web.pages.histogram import Histogram
from linernotes.web.service import Shared
from queries import ArtistAnswer, FacetCount
from queries.people.candidates import Candidate
from queries.people.page import Listed, Other, Page
from queries.text import MAX_CHARS

router = APIRouter(route_class=KeptRoute)

SIZE = 20
"""Rows of each list."""

_BARS = ("dataset", "genre", "licence", "language")


@dataclass(frozen=True)
class CandidateView:
    """One artist that may be meant."""

    row: Row
    why: str
    ids: tuple[tuple[str, str], ...]
    untold: bool
    titles: str


@dataclass(frozen=True)
class PageView:
    """What is known of one artist."""

    name: str
    id: str | None
    summary: tuple[str, ...]
    namesakes: int
    search: str
    years: Histogram | None
    yearless: int
    charts: tuple[Chart, ...]
    used: tuple[Used, ...]


@router.get("/artist")
async def artist(
    request: Request,
    service: Shared,
    name: str = "",
    artist_id: Annotated[str | None, Query(alias="id")] = None,
) -> Response:
    """Show candidates, and the page of the artist that is meant."""
    if not name.strip() and not artist_id:
        return RedirectResponse("/", 303)
    wanted = queries.artist_request(name, artist_id=artist_id or None, size=SIZE)
    answer = await service.ask(lambda: service.searcher.artist(wanted))
    page = _page(answer.page) if answer.page else None
    title = answer.page.name if answer.page else f"Artists called {name}"
    return rendering.page(
        request, "artist.html.jinja", title=title, q=name[: links.LONGEST_TEXT], name=names.shown(name, 120),
        answer=answer, page=page, candidates=_candidates(answer),
    )  # fmt: skip


def _candidates(answer: ArtistAnswer) -> tuple[CandidateView, ...]:
    """Return the candidates that are worth a list: all where nobody is determined, else those beside the one."""
    shown = answer.candidates
    if answer.page:
        shown = tuple(one for one in shown if one.name != answer.page.name or (one.apart and one.ids))
    most = max((one.count for one in shown), default=0)
    return tuple(_candidate(one, most) for one in shown)


def _candidate(one: Candidate, most: int) -> CandidateView:
    by_id = one.apart and one.ids
    sets = ", ".join(f"{words.value('dataset', name)} {count:,}" for name, count in one.datasets.items())
    href = links.artist_by_id(one.ids[0]) if by_id else links.artist(one.name)
    return CandidateView(
        row=Row(names.parts(one.name), href, one.count, bars.length(one.count, most), (sets,)),
        why=words.MATCHES[one.match] if one.match else "",
        ids=tuple((names.shown(each, 40), links.artist_by_id(each)) for each in one.ids[:3]) if by_id else (),
        untold=one.apart and not one.ids,
        titles=names.shown(", ".join(names.shown(title, 60) for title in one.titles)),
    )


def _page(page: Page) -> PageView:
    asked = Asked(filters={"artist": (names.literal(page.name),)})
    year = page.facets["year"]
    return PageView(
        name=names.shown(page.name, 300),
        id=names.shown(page.id) if page.id else None,
        summary=tuple(_summary(page)),
        namesakes=page.namesakes if not page.id else 1,
        search=links.search(asked),
        years=histogram.draw(asked, year.buckets),
        yearless=year.missing,
        charts=tuple(chart for chart in _charts(page, asked) if chart.rows),
        used=tuple(used(dataset, claims) for dataset, claims in page.used_by.items()),
    )


def _summary(page: Page) -> list[str]:
    recordings = f"{words.about(page.recordings)} recording{'s' * (page.recordings.value != 1)}"
    plays = [f"{page.plays:,} plays of {words.tracks(page.plays_tracks)}"] if page.plays_tracks else []
    return [words.tracks(page.tracks.value), recordings, *plays]


def _charts(page: Page, asked: Asked) -> list[Chart]:
    facets = [_facet(name, page.facets[name], asked) for name in _BARS if name in page.facets]
    return [
        facets[0],
        _listed("titles", "Titles", page.titles, asked),
        _listed("albums", "Albums", page.albums, asked),
        _others(page.others, exact=page.others_exact),
        *facets[1:],
    ]


def _facet(name: str, count: FacetCount, asked: Asked) -> Chart:
    given: list[Given] = [
        (words.value(name, b.value), links.search(asked.having(name, names.literal(str(b.value)))), b.count, ())
        for b in count.buckets[:SIZE]
    ]
    if count.missing:
        given.append((words.NONE, links.search(asked.having(name, "none")), count.missing, ()))
    return Chart(
        name, words.FACETS[name], bars.rows(given), _more(count.distinct - len(count.buckets[:SIZE]), "values")
    )


def _more(number: int, what: str) -> str:
    return f"and {number:,} more {what}" if number > 0 else ""


def _listed(key: str, heading: str, listed: Listed, asked: Asked) -> Chart:
    given: list[Given] = [
        (row.name, links.search(replace(asked, q=row.name)) if len(row.name) <= MAX_CHARS else None, row.count, ())
        for row in listed.rows
    ]
    more = listed.distinct.value - len(given)
    about = "" if listed.distinct.exact else "at least "
    return Chart(key, heading, bars.rows(given), f"and {about}{more:,} more" if more > 0 else "")


def _others(others: tuple[Other, ...], *, exact: bool) -> Chart:
    given: list[Given] = [
        (one.name, links.artist(one.name), one.count, ("artist" if one.as_artist else "contributor",)) for one in others
    ]
    note = "" if exact else "counted on the tracks that were played most"
    return Chart("with", "With", bars.rows(given), note, ("Name", "Tracks", "As"))
