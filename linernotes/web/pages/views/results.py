"""Views of a page of hits, and of one hit as other pages show it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from linernotes import cards
from linernotes.i18n import gettext
from linernotes.output import terminal
from linernotes.web.pages import display_text, labels, urls
from linernotes.web.pages.display_text import Part
from linernotes.web.pages.views import facets
from linernotes.web.pages.views.charts import Choice
from linernotes.web.pages.views.facets import Chip, FacetView
from linernotes.web.search_params import SearchParams
from mappings.cards import is_synthetic
from mappings.languages import UNDETERMINED
from queries import DEFAULT_FACETS, FACETS, Hit, Loaded, Searcher, SearchResult, Sort, Stage
from queries.model import Group, Recording
from queries.text import MAX_WORDS

_MAX_ARTISTS = 6
"""Artists that a hit names; the page of the track names all."""

_MAX_GENRES = 4
_MAX_MEMBERS = 4
"""Other tracks of a recording that are linked."""

_MAX_RELAXED = 3
"""Filters without which an empty page counts what there would be; each is a search."""

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z]{2})?")


@dataclass(frozen=True)
class Linked:
    """A name with its link, if it has one, and a number of tracks."""

    parts: tuple[Part, ...]
    href: str | None
    count: int | None = None


@dataclass(frozen=True)
class HitView:
    """One hit of a page. `why` is the kind of match and its label; `facts` share one line."""

    number: int
    href: str
    title: tuple[Part, ...]
    lang: str | None
    artists: tuple[Linked, ...]
    artists_omitted: int
    album: tuple[Part, ...]
    facts: tuple[str, ...]
    datasets: tuple[Linked, ...]
    members: tuple[Linked, ...]
    tracks: int
    why: tuple[str, str] | None
    source: tuple[str, str] | None
    synthetic: bool


def hit_view(number: int, hit: Hit) -> HitView:
    """Return the view of a hit."""
    track = hit.track
    artists = track.get("artists") or ()
    return HitView(
        number=number,
        href=urls.track(hit.id),
        title=_marked(hit, "title", track.get("title") or gettext("untitled")),
        lang=language(track),
        artists=tuple(Linked(_marked(hit, "artists", each), urls.artist(each)) for each in artists[:_MAX_ARTISTS]),
        artists_omitted=max(len(artists) - _MAX_ARTISTS, 0),
        album=_marked(hit, "album", track["album"]) if track.get("album") else (),
        facts=tuple(_facts(track)),
        datasets=_datasets(track, hit.recording),
        members=_members(hit),
        tracks=hit.recording.count if hit.recording else 1,
        why=(hit.match, labels.match(hit.match)) if hit.match else None,
        source=source(track),
        synthetic=is_synthetic(track.get("revision")),
    )


def _marked(hit: Hit, field: str, name: str) -> tuple[Part, ...]:
    return display_text.parts(name, hit.highlights.get(field, {}).get(name, ()))


def language(track: Mapping[str, Any]) -> str | None:
    """Return the language of a track's title for the attribute `lang`, if it is known."""
    code = track.get("language") or UNDETERMINED
    return code if code != UNDETERMINED and _LANGUAGE.fullmatch(code) else None


def source(track: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the address of a track on its platform, and the platform's name."""
    address = terminal.web_address(track.get("url"))
    return (address, display_text.shown(track.get("platform") or gettext("source"), 40)) if address else None


def _facts(track: Mapping[str, Any]) -> list[str]:
    seconds = track.get("duration_s")
    facts = (
        track.get("year"),
        ", ".join((track.get("genre") or ())[:_MAX_GENRES]),
        clock(seconds) if seconds is not None else None,
        labels.value("language", track["language"]) if language(track) else None,
        track.get("licence"),
    )
    return [display_text.shown(fact, 80) for fact in facts if fact]


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
        Linked((Part(display_text.shown(labels.value("dataset", name))),), urls.dataset(name), count)
        for name, count in counts.items()
    )


def _members(hit: Hit) -> tuple[Linked, ...]:
    if not hit.recording:
        return ()
    others = [track for track in hit.recording.tracks if track.id != hit.id]
    return tuple(
        Linked((Part(display_text.shown(each.id, 60)),), urls.track(each.id)) for each in others[:_MAX_MEMBERS]
    )


@dataclass(frozen=True)
class ResultsView:
    """A page of hits."""

    heading: str
    total: str
    verdict: str
    present: tuple[str, ...]
    notes: tuple[str, ...]
    suggestions: tuple[Choice, ...]
    chips: tuple[Chip, ...]
    clear: str
    sorts: tuple[Choice, ...]
    grouping: tuple[Choice, ...]
    facets: tuple[FacetView, ...]
    other_facets: tuple[Choice, ...]
    hidden: tuple[tuple[str, str], ...]
    hits: tuple[HitView, ...]
    next: str | None
    first: str | None
    exports: tuple[Choice, ...]
    analyses: tuple[Choice, ...]
    empty: bool
    relaxed: tuple[Choice, ...]


def results_view(
    params: SearchParams, result: SearchResult, loaded: Mapping[str, Loaded], relaxed: Sequence[Choice] = ()
) -> ResultsView:
    """Return the view of a result; `relaxed` are the same search with fewer filters."""
    same_tracks = params.to_search().query_string()
    present, synthetic = datasets_of(result), cards.synthetic_of(loaded)
    is_similar = result.stage is Stage.FUZZY
    return ResultsView(
        heading=display_text.shown(params.q, 120),
        total=_total(result),
        verdict=cards.verdict(present, synthetic, similar=is_similar) if result.total.value else "",
        present=present,
        notes=tuple(_notes(result)),
        suggestions=tuple(_suggestion(params, each.text, each.count) for each in result.did_you_mean),
        chips=facets.chips(params),
        clear=urls.search(params.without_filters()),
        sorts=tuple(_sort(params, sort) for sort in Sort),
        grouping=tuple(_group(params, group) for group in (None, Group.RECORDING)),
        facets=facets.facets(params, result.facets),
        other_facets=tuple(
            Choice(labels.facet(name), urls.facet(name, params)) for name in labels.FACETS if name not in DEFAULT_FACETS
        ),
        hidden=tuple(_hidden_fields(params)),
        hits=tuple(hit_view(number, each) for number, each in enumerate(result.hits, 1)),
        next=urls.search(params.replace(after=result.next)) if result.next else None,
        first=urls.search(params.replace(after=None)) if params.after else None,
        exports=tuple(
            Choice(each.upper(), urls.to("/export", "&".join(filter(None, (f"format={each}", same_tracks)))))
            for each in ("csv", "ndjson")
        ),
        analyses=(
            Choice(gettext("statistics"), urls.to("/stats", same_tracks)),
            Choice(gettext("overlap between data sets"), urls.to("/overlap", same_tracks)),
        ),
        empty=not result.total.value,
        relaxed=tuple(relaxed),
    )


def _total(result: SearchResult) -> str:
    tracks = labels.tracks(result.total.value)
    if not result.total.exact:
        tracks = gettext("about %(number)s", number=tracks)
    if not result.recordings:
        return tracks
    return gettext("%(tracks)s of %(recordings)s", tracks=tracks, recordings=labels.recordings(result.recordings))


def datasets_of(result: SearchResult) -> tuple[str, ...]:
    """Return the data sets in which the tracks of a result are: its facet counts under all filters but its own."""
    buckets = result.facets["dataset"].buckets if "dataset" in result.facets else ()
    selected = [each for each in buckets if each.selected]
    counted = selected or [each for each in buckets if not each.excluded]
    return tuple(str(each.value) for each in counted if each.count)


def _notes(result: SearchResult) -> list[str]:
    notes = []
    if result.stage is Stage.FUZZY:
        notes.append(gettext("Few exact matches; similar spellings are included, listed last."))
    if result.text_truncated:
        notes.append(gettext("The search text is long: only its first %(words)s words are used.", words=MAX_WORDS))
    return notes


def _suggestion(params: SearchParams, text: str, count: int) -> Choice:
    return Choice(display_text.shown(text, 80), urls.search(params.replace(q=text, after=None)), count=count)


def _sort(params: SearchParams, sort: Sort) -> Choice:
    return Choice(gettext(labels.SORTS[sort]), urls.search(params.replace(sort=sort, after=None)), params.sort == sort)


def _group(params: SearchParams, group: Group | None) -> Choice:
    label = gettext("Recordings") if group else gettext("Tracks")
    return Choice(label, urls.search(params.replace(group=group, after=None)), params.group == group)


def _hidden_fields(params: SearchParams) -> list[tuple[str, str]]:
    """Return what the form of the facets sends along: text, order, grouping, and filters that it doesn't show."""
    fields = [
        ("q", params.q),
        ("sort", "" if params.sort == Sort.RELEVANCE else str(params.sort)),
        ("group", str(params.group or "")),
    ]
    fields += [(name, value) for name in FACETS if name not in DEFAULT_FACETS for value in params.filter_values(name)]
    return [(name, value) for name, value in fields if value]


YEAR_FROM, YEAR_TO = "year_from", "year_to"
"""The two fields under the histogram; together they are one filter `year`."""


def canonical_address(params: SearchParams, given: Mapping[str, str]) -> str | None:
    """Return the canonical address of a form sent without a script; None where the address is canonical already.

    >>> sent = {"q": "a", "genre": "", "year_from": "1990", "year_to": ""}
    >>> canonical_address(SearchParams.of("a", {"genre": ("",)}), sent)
    '/search?q=a&year=1990..'
    >>> canonical_address(SearchParams.of("a"), {"q": "a"})
    """
    if all(given.values()) and YEAR_FROM not in given and YEAR_TO not in given:
        return None
    filters = {name: tuple(filter(None, values)) for name, values in params.filters.items()}
    first, last = (given.get(name, "").strip() for name in (YEAR_FROM, YEAR_TO))
    if first or last:
        years = first if first == last else f"{first}..{last}"
        filters["year"] = tuple(dict.fromkeys((years, *filters.get("year", ()))))
    return urls.search(params.replace(**filters))


Relaxed = tuple[str, SearchParams, int]
"""The facet whose filter is left out (empty: all of them), the search without it, and what that finds."""


def relaxed_searches(searcher: Searcher, params: SearchParams) -> tuple[Relaxed, ...]:
    """Return the same search without one of the first filters, or without all, where that finds something."""
    names = list(params.filters)
    searches = [(name, params.with_filter(name)) for name in names[:_MAX_RELAXED]]
    if len(names) > 1:
        searches.append(("", params.without_filters()))
    return tuple(
        (name, search, count)
        for name, search in searches
        if (count := searcher.search(search.replace(size=0, group=None).to_request()).total.value)
    )


def relaxed_choices(relaxed: Iterable[Relaxed]) -> tuple[Choice, ...]:
    """Return the links to searches with fewer filters."""
    return tuple(
        Choice(
            gettext("Without the filter “%(facet)s”", facet=labels.facet(name))
            if name
            else gettext("Without any filter"),
            urls.search(search),
            count=count,
        )
        for name, search, count in relaxed
    )
