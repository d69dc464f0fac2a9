"""Hits as they are shown: names in pieces, links, and what is known of a track in a few words."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

import queries
from linernotes.output import terminal
from linernotes.web.pages import facet_list, labels, links, names, rendering
from linernotes.web.pages.facet_list import Chip, FacetView
from linernotes.web.pages.names import Part
from linernotes.web.query_params import Asked, Page
from linernotes.web.services.service import KeptRoute, Shared
from mappings.cards import is_synthetic
from mappings.languages import UNDETERMINED
from queries import DEFAULT_FACETS, FACETS, Hit, Searcher, SearchResult, Sort, Stage
from queries.model import Group, Recording
from queries.text import MAX_WORDS

_ARTISTS = 6
"""Artists of a track that a hit names; its page names all."""

_GENRES = 4
_MEMBERS = 4
"""Tracks of a recording that are linked, beside the one that is shown."""

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z]{2})?")


@dataclass(frozen=True)
class Linked:
    """A name, where it leads if it does, and how many tracks it stands for where that is told."""

    parts: tuple[Part, ...]
    href: str | None
    count: int | None = None


@dataclass(frozen=True)
class HitView:
    """One hit of a page. `why` is the kind of match and what that means; `facts` are said in one line."""

    number: int
    href: str
    title: tuple[Part, ...]
    lang: str | None
    artists: tuple[Linked, ...]
    more_artists: int
    album: tuple[Part, ...]
    facts: tuple[str, ...]
    datasets: tuple[Linked, ...]
    members: tuple[Linked, ...]
    tracks: int
    why: tuple[str, str] | None
    source: tuple[str, str] | None
    synthetic: bool


def hit(number: int, found: Hit) -> HitView:
    """Return a hit as it is shown."""
    track = found.track
    artists = track.get("artists") or ()
    return HitView(
        number=number,
        href=links.track(found.id),
        title=_marked(found, "title", track.get("title") or "untitled"),
        lang=language(track),
        artists=tuple(Linked(_marked(found, "artists", each), links.artist(each)) for each in artists[:_ARTISTS]),
        more_artists=max(len(artists) - _ARTISTS, 0),
        album=_marked(found, "album", track["album"]) if track.get("album") else (),
        facts=tuple(_facts(track)),
        datasets=_datasets(track, found.recording),
        members=_members(found),
        tracks=found.recording.count if found.recording else 1,
        why=(found.match, labels.MATCHES[found.match]) if found.match else None,
        source=source(track),
        synthetic=is_synthetic(track.get("revision")),
    )


def _marked(found: Hit, field: str, name: str) -> tuple[Part, ...]:
    return names.parts(name, found.highlights.get(field, {}).get(name, ()))


def language(track: Mapping[str, Any]) -> str | None:
    """Return the language of a track's title as an attribute `lang` has it, if it is known."""
    code = track.get("language") or UNDETERMINED
    return code if code != UNDETERMINED and _LANGUAGE.fullmatch(code) else None


def source(track: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the address of a track on its platform, and the platform's name."""
    address = terminal.web_address(track.get("url"))
    return (address, names.shown(track.get("platform") or "source", 40)) if address else None


def _facts(track: Mapping[str, Any]) -> list[str]:
    seconds = track.get("duration_s")
    facts = (
        track.get("year"),
        ", ".join((track.get("genre") or ())[:_GENRES]),
        clock(seconds) if seconds is not None else None,
        labels.value("language", track["language"]) if language(track) else None,
        track.get("licence"),
    )
    return [names.shown(fact, 80) for fact in facts if fact]


def clock(seconds: float) -> str:
    """Return a duration.

    >>> clock(297.586), clock(3725)
    ('4:57', '1:02:05')
    """
    whole = int(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def _datasets(track: Mapping[str, Any], recording: Recording | None) -> tuple[Linked, ...]:
    counts: Mapping[str, int | None] = dict(recording.by_dataset) if recording else {track["dataset"]: None}
    return tuple(
        Linked((Part(names.shown(labels.value("dataset", name))),), links.dataset(name), count)
        for name, count in counts.items()
    )


def _members(found: Hit) -> tuple[Linked, ...]:
    if not found.recording:
        return ()
    others = [track for track in found.recording.tracks if track.id != found.id]
    return tuple(Linked((Part(names.shown(each.id, 60)),), links.track(each.id)) for each in others[:_MEMBERS])


@dataclass(frozen=True)
class Choice:
    """Another way to see the same: what it is called, where it is, whether it is the present one, and its number."""

    label: str
    href: str
    chosen: bool = False
    count: int = 0


@dataclass(frozen=True)
class Hidden:
    """A field of a form that isn't seen."""

    name: str
    value: str


@dataclass(frozen=True)
class ResultsView:
    """All that the template shows of a search."""

    heading: str
    total: str
    notes: tuple[str, ...]
    meant: tuple[Choice, ...]
    chips: tuple[Chip, ...]
    clear: str
    sorts: tuple[Choice, ...]
    grouping: tuple[Choice, ...]
    facets: tuple[FacetView, ...]
    further: tuple[Choice, ...]
    hidden: tuple[Hidden, ...]
    hits: tuple[HitView, ...]
    next: str | None
    first: str | None
    exports: tuple[Choice, ...]
    lookups: tuple[Choice, ...]
    empty: bool
    dropped: tuple[Choice, ...]


def results_view(params: Asked, answer: SearchResult, dropped: Sequence[Choice] = ()) -> ResultsView:
    """Return the view of an answer; `dropped` says what fewer filters would find."""
    all_tracks = links.everything(params)
    return ResultsView(
        heading=names.shown(params.q, 120),
        total=_total(answer),
        notes=tuple(_notes(answer)),
        meant=tuple(_guess(params, guess.text, guess.count) for guess in answer.did_you_mean),
        chips=facet_list.chips(params),
        clear=links.search(replace(params, filters={}, after=None)),
        sorts=tuple(_sort(params, sort) for sort in Sort),
        grouping=tuple(_group(params, group) for group in (None, Group.RECORDING)),
        facets=facet_list.facets(params, answer.facets),
        further=tuple(
            Choice(labels.FACETS[name], links.facet(name, params))
            for name in labels.FACETS
            if name not in DEFAULT_FACETS
        ),
        hidden=tuple(_hidden(params)),
        hits=tuple(hit(number, each) for number, each in enumerate(answer.hits, 1)),
        next=links.search(params.of_page(answer.next)) if answer.next else None,
        first=links.search(params.of_page(None)) if params.after else None,
        exports=tuple(
            Choice(form.upper(), links.to("/export", "&".join(filter(None, (f"format={form}", all_tracks.query())))))
            for form in ("csv", "ndjson")
        ),
        lookups=(
            Choice("statistics", links.to("/stats", all_tracks.query())),
            Choice("overlap of data sets", links.to("/overlap", all_tracks.query())),
        ),
        empty=not answer.total.value,
        dropped=tuple(dropped),
    )


def _total(answer: SearchResult) -> str:
    found = f"{'' if answer.total.exact else 'about '}{labels.tracks(answer.total.value)}"
    return f"{found} of {labels.about(answer.recordings)} recordings" if answer.recordings else found


def _notes(answer: SearchResult) -> list[str]:
    notes = []
    if answer.stage is Stage.FUZZY:
        notes.append("Few exact matches; similar spellings are included, listed last.")
    if answer.text_truncated:
        notes.append(f"The text is long: only its first words are asked, {MAX_WORDS} at most.")
    return notes


def _guess(params: Asked, text: str, count: int) -> Choice:
    return Choice(names.shown(text, 80), links.search(replace(params, q=text, after=None)), count=count)


def _sort(params: Asked, sort: Sort) -> Choice:
    return Choice(labels.SORTS[sort], links.search(replace(params, sort=sort, after=None)), params.sort == sort)


def _group(params: Asked, group: Group | None) -> Choice:
    label = "Recordings" if group else "Tracks"
    return Choice(label, links.search(replace(params, group=group, after=None)), params.group == group)


def _hidden(params: Asked) -> list[Hidden]:
    """Return what the form of the facets sends along: text, order, grouping, and filters that it doesn't show."""
    rest = Asked(q=params.q, sort=params.sort, group=params.group, size=params.size)
    one = [
        ("q", rest.q),
        ("sort", "" if rest.sort == Sort.RELEVANCE else str(rest.sort)),
        ("group", str(rest.group or "")),
    ]
    many = [(name, value) for name in FACETS if name not in DEFAULT_FACETS for value in params.filters.get(name, ())]
    return [Hidden(name, value) for name, value in (*one, *many) if value]


router = APIRouter(route_class=KeptRoute)

YEAR_FROM, YEAR_TO = "year_from", "year_to"
"""What the two fields under the histogram are called; together they are one filter `year`."""


@router.get("/search")
async def results(request: Request, service: Shared, asked: Page) -> Response:
    """Show a page of hits with their facets."""
    if address := canonical(asked, request.query_params):
        return RedirectResponse(address, 303)
    asked = links.plain(asked)
    wanted = asked.request(queries.DEFAULT_FACETS, highlight=True)
    answer = await service.ask(lambda: service.searcher.search(wanted))
    lacking = not answer.total.value and asked.filters
    dropped = await service.ask(lambda: with_fewer(service.searcher, asked)) if lacking else ()
    view = results_view(asked, answer, dropped)
    title = f"{asked.q or 'All tracks'}: {view.total}" if not asked.after else f"{asked.q or 'All tracks'}, further on"
    return rendering.page(request, "results.html.jinja", title=title, q=asked.q, in_place=True, view=view)


def canonical(params: Asked, given: Mapping[str, str]) -> str | None:
    """Return the address that a plain form means, where it isn't the one that was asked.

    >>> canonical(Asked("a", {"genre": ("",)}), {"q": "a", "genre": "", "year_from": "1990", "year_to": ""})
    '/search?q=a&year=1990..'
    >>> canonical(Asked("a"), {"q": "a"})
    """
    if all(given.values()) and YEAR_FROM not in given and YEAR_TO not in given:
        return None
    filled = {name: held for name, values in params.filters.items() if (held := tuple(filter(None, values)))}
    first, last = (given.get(name, "").strip() for name in (YEAR_FROM, YEAR_TO))
    if first or last:
        years = first if first == last else f"{first}..{last}"
        filled["year"] = tuple(dict.fromkeys((years, *filled.get("year", ()))))
    return links.search(replace(params, filters=filled))


def with_fewer(searcher: Searcher, params: Asked) -> tuple[Choice, ...]:
    """Return what would be found without one of the filters, or without all; raises what a search raises."""
    ways = [(f"without {labels.FACETS[name].lower()}", params.having(name)) for name in params.filters]
    if len(ways) > 1:
        ways.append(("without any filter", replace(params, filters={}, after=None)))
    return tuple(
        Choice(label, links.search(way), count=found)
        for label, way in ways
        if (found := searcher.search(replace(way, size=0, group=None).request()).total.value)
    )
