"""A page of results: the typed view model that the template shows, made of what was asked and what came back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from linernotes.web.asked import Asked
from linernotes.web.pages import facets_view, hits_view, links, names, words
from linernotes.web.pages.facets_view import Chip, FacetView
from linernotes.web.pages.hits_view import HitView
from queries import DEFAULT_FACETS, FACETS, SearchResult, Sort, Stage
from queries.text import MAX_WORDS
from queries.types import Group


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


def view(asked: Asked, answer: SearchResult, dropped: Sequence[Choice] = ()) -> ResultsView:
    """Return the view of an answer; `dropped` says what fewer filters would find."""
    all_tracks = links.everything(asked)
    return ResultsView(
        heading=names.shown(asked.q, 120),
        total=_total(answer),
        notes=tuple(_notes(answer)),
        meant=tuple(_guess(asked, guess.text, guess.count) for guess in answer.did_you_mean),
        chips=facets_view.chips(asked),
        clear=links.search(replace(asked, filters={}, after=None)),
        sorts=tuple(_sort(asked, sort) for sort in Sort),
        grouping=tuple(_group(asked, group) for group in (None, Group.RECORDING)),
        facets=facets_view.facets(asked, answer.facets),
        further=tuple(
            Choice(words.FACETS[name], links.facet(name, asked)) for name in words.FACETS if name not in DEFAULT_FACETS
        ),
        hidden=tuple(_hidden(asked)),
        hits=tuple(hits_view.hit(number, hit) for number, hit in enumerate(answer.hits, 1)),
        next=links.search(asked.of_page(answer.next)) if answer.next else None,
        first=links.search(asked.of_page(None)) if asked.after else None,
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
    found = f"{'' if answer.total.exact else 'about '}{words.tracks(answer.total.value)}"
    return f"{found} of {words.about(answer.recordings)} recordings" if answer.recordings else found


def _notes(answer: SearchResult) -> list[str]:
    notes = []
    if answer.stage is Stage.FUZZY:
        notes.append("Few exact matches; similar spellings are included, listed last.")
    if answer.text_truncated:
        notes.append(f"The text is long: only its first words are asked, {MAX_WORDS} at most.")
    return notes


def _guess(asked: Asked, text: str, count: int) -> Choice:
    return Choice(names.shown(text, 80), links.search(replace(asked, q=text, after=None)), count=count)


def _sort(asked: Asked, sort: Sort) -> Choice:
    return Choice(words.SORTS[sort], links.search(replace(asked, sort=sort, after=None)), asked.sort == sort)


def _group(asked: Asked, group: Group | None) -> Choice:
    label = "Recordings" if group else "Tracks"
    return Choice(label, links.search(replace(asked, group=group, after=None)), asked.group == group)


def _hidden(asked: Asked) -> list[Hidden]:
    """Return what the form of the facets sends along: text, order, grouping, and filters that it doesn't show."""
    rest = Asked(q=asked.q, sort=asked.sort, group=asked.group, size=asked.size)
    one = [
        ("q", rest.q),
        ("sort", "" if rest.sort == Sort.RELEVANCE else str(rest.sort)),
        ("group", str(rest.group or "")),
    ]
    many = [(name, value) for name in FACETS if name not in DEFAULT_FACETS for value in asked.filters.get(name, ())]
    return [Hidden(name, value) for name, value in (*one, *many) if value]
