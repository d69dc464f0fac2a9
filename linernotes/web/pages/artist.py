"""Who may be meant by a name, and the profile of one artist."""

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

import queries
from linernotes.web.pages import labels, links, names, rendering
from linernotes.web.pages.charts import Chart, Given, Histogram, Row, draw, length, rows
from linernotes.web.pages.front import Used, used
from linernotes.web.query_params import Asked
from linernotes.web.services.service import KeptRoute, Shared
from queries import ArtistResult, FacetCount
from queries.artists.artist_profile import Collaborator, NameList, Profile
from queries.artists.candidates import Candidate
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
class ProfileView:
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
    """Show candidates, and the profile of the artist that is meant."""
    if not name.strip() and not artist_id:
        return RedirectResponse("/", 303)
    wanted = queries.artist_request(name, artist_id=artist_id or None, size=SIZE)
    answer = await service.ask(lambda: service.searcher.artist(wanted))
    profile = _profile(answer.profile) if answer.profile else None
    title = answer.profile.name if answer.profile else f"Artists called {name}"
    return rendering.page(
        request, "artist.html.jinja", title=title, q=name[: links.LONGEST_TEXT], name=names.shown(name, 120),
        answer=answer, profile=profile, candidates=_candidates(answer),
    )  # fmt: skip


def _candidates(answer: ArtistResult) -> tuple[CandidateView, ...]:
    """Return the candidates that are worth a list: all where nobody is determined, else those beside the one."""
    shown = answer.candidates
    if answer.profile:
        shown = tuple(one for one in shown if one.name != answer.profile.name or (one.shares_name and one.ids))
    most = max((one.count for one in shown), default=0)
    return tuple(_candidate(one, most) for one in shown)


def _candidate(one: Candidate, most: int) -> CandidateView:
    by_id = one.shares_name and one.ids
    sets = ", ".join(f"{labels.value('dataset', name)} {count:,}" for name, count in one.datasets.items())
    href = links.artist_by_id(one.ids[0]) if by_id else links.artist(one.name)
    return CandidateView(
        row=Row(names.parts(one.name), href, one.count, length(one.count, most), (sets,)),
        why=labels.MATCHES[one.match] if one.match else "",
        ids=tuple((names.shown(each, 40), links.artist_by_id(each)) for each in one.ids[:3]) if by_id else (),
        untold=one.shares_name and not one.ids,
        titles=names.shown(", ".join(names.shown(title, 60) for title in one.titles)),
    )


def _profile(profile: Profile) -> ProfileView:
    params = Asked(filters={"artist": (names.literal(profile.name),)})
    year = profile.facets["year"]
    return ProfileView(
        name=names.shown(profile.name, 300),
        id=names.shown(profile.id) if profile.id else None,
        summary=tuple(_summary(profile)),
        namesakes=profile.namesakes if not profile.id else 1,
        search=links.search(params),
        years=draw(params, year.buckets),
        yearless=year.missing,
        charts=tuple(chart for chart in _charts(profile, params) if chart.rows),
        used=tuple(used(dataset, claims) for dataset, claims in profile.used_by.items()),
    )


def _summary(profile: Profile) -> list[str]:
    recordings = f"{labels.about(profile.recordings)} recording{'s' * (profile.recordings.value != 1)}"
    plays = [f"{profile.plays:,} plays of {labels.tracks(profile.plays_tracks)}"] if profile.plays_tracks else []
    return [labels.tracks(profile.tracks.value), recordings, *plays]


def _charts(profile: Profile, params: Asked) -> list[Chart]:
    facets = [_facet(name, profile.facets[name], params) for name in _BARS if name in profile.facets]
    return [
        facets[0],
        _listed("titles", "Titles", profile.titles, params),
        _listed("albums", "Albums", profile.albums, params),
        _collaborators(profile.collaborators, exact=profile.collaborators_exact),
        *facets[1:],
    ]


def _facet(name: str, count: FacetCount, params: Asked) -> Chart:
    given: list[Given] = [
        (labels.value(name, b.value), links.search(params.having(name, names.literal(str(b.value)))), b.count, ())
        for b in count.buckets[:SIZE]
    ]
    if count.missing:
        given.append((labels.NOT_STATED, links.search(params.having(name, "none")), count.missing, ()))
    return Chart(name, labels.FACETS[name], rows(given), _more(count.distinct - len(count.buckets[:SIZE]), "values"))


def _more(number: int, what: str) -> str:
    return f"and {number:,} more {what}" if number > 0 else ""


def _listed(key: str, heading: str, counted: NameList, params: Asked) -> Chart:
    given: list[Given] = [
        (row.name, links.search(replace(params, q=row.name)) if len(row.name) <= MAX_CHARS else None, row.count, ())
        for row in counted.rows
    ]
    more = counted.distinct.value - len(given)
    about = "" if counted.distinct.exact else "at least "
    return Chart(key, heading, rows(given), f"and {about}{more:,} more" if more > 0 else "")


def _collaborators(collaborators: tuple[Collaborator, ...], *, exact: bool) -> Chart:
    given: list[Given] = [
        (one.name, links.artist(one.name), one.count, ("artist" if one.as_artist else "contributor",))
        for one in collaborators
    ]
    note = "" if exact else "counted on the tracks that were played most"
    return Chart("with", "With", rows(given), note, ("Name", "Tracks", "As"))
