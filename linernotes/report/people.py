"""Artists and suggestions, for people."""

from collections.abc import Iterator

from rich.console import Console, RenderableType
from rich.text import Text

from linernotes.report import plain
from linernotes.report.bars import table as _table
from linernotes.report.plain import visible
from mappings.cards import CARDS, PRESENCE_IS_NO_PROOF
from queries import FacetCount, Total
from queries.people.candidates import Candidate
from queries.people.page import ArtistAnswer, Listed, Page
from queries.people.suggesting import Suggestions
from queries.text import MAX_WORDS

_QUIET, _BOLD = "dim", "bold"
_CUT = f"The name is long: only its first words are asked, {MAX_WORDS} at most."
_VALUES = 12
_IDS = 3


def show_suggestions(found: Suggestions, console: Console) -> None:
    """Print suggestions, one a line."""
    for part in _suggestions(found):
        plain.show(part, console)


def _suggestions(found: Suggestions) -> Iterator[RenderableType]:
    if found.text_truncated:
        yield Text(_CUT)
    if not found.artists and not found.titles:
        yield Text("Nothing begins so.")
    if found.artists:
        yield Text("artists", style=_BOLD)
        yield from map(_artist, found.artists)
    if found.titles:
        yield Text("titles", style=_BOLD)
    for one in found.titles:
        by = f" by {', '.join(one.artists)}" if one.artists else ""
        yield Text(f"  {visible(one.title)}").append(f"  {_tracks(one.count)}{visible(by)}", style=_QUIET)


def _tracks(count: int) -> str:
    return "1 track" if count == 1 else f"{count:,} tracks"


def _artist(one: Candidate) -> Text:
    sets = ", ".join(f"{dataset} {count:,}" for dataset, count in one.datasets.items())
    ids = f" · id {', '.join(one.ids[:_IDS])}{' …' if len(one.ids) > _IDS else ''}" if one.ids else ""
    untold = " · ids don't tell which of these" if one.apart and not one.ids else ""
    match = f"  [{one.match}]" if one.match else ""
    line = Text(f"  {visible(one.name)}").append(match, style="green")
    return line.append(f"  {_tracks(one.count)} ({sets}){visible(ids)}{untold}", style=_QUIET)


def show_artist(answer: ArtistAnswer, console: Console) -> None:
    """Print candidates, and the page of the one that is meant."""
    for part in _parts(answer, bars=console.is_terminal):
        plain.show(part, console)


def _parts(answer: ArtistAnswer, *, bars: bool) -> Iterator[RenderableType]:
    yield from _candidates(answer)
    if answer.page:
        yield from _page(answer.page, bars=bars)
    yield Text(f"\n{PRESENCE_IS_NO_PROOF}", style=_QUIET)


def _candidates(answer: ArtistAnswer) -> Iterator[Text]:
    if answer.text_truncated:
        yield Text(_CUT)
    if not answer.candidates:
        yield Text("No artist of this name is in the data sets that are loaded.", style=_BOLD)
        return
    heading = "Nobody is spelt so; near by:" if answer.slips else "Candidates"
    yield Text(heading, style=_BOLD)
    for one in answer.candidates:
        yield _artist(one)
        if one.titles:
            yield Text(f"      {visible(', '.join(one.titles))}", style=_QUIET)
    if answer.more:
        yield Text(f"  … and {answer.more:,} more (--size)", style=_QUIET)
    if not answer.page:
        yield Text("Write the name exactly as one of these, or choose one with --id.")


def _about(total: Total) -> str:
    return f"{'' if total.exact else 'about '}{total.value:,}"


def _page(page: Page, *, bars: bool) -> Iterator[RenderableType]:
    chosen = f" (id {page.id})" if page.id else ""
    yield Text(f"\n{visible(page.name + chosen)}", style=_BOLD)
    plays = f"; {page.plays:,} plays of {_tracks(page.plays_tracks)}" if page.plays_tracks else ""
    recordings = f"{_about(page.recordings)} recording{'s' * (page.recordings.value != 1)}"
    yield Text(f"{_tracks(page.tracks.value)} of {recordings}{plays}")
    if page.namesakes > 1 and not page.id:
        yield Text(f"{page.namesakes} artists have this name, as their ids tell; this is all of them (choose: --id).")
    for name, facet in page.facets.items():
        yield from _facet(name, facet, bars=bars)
    yield from _listed("albums", page.albums, bars=bars)
    yield from _with(page, bars=bars)
    yield from _listed("titles", page.titles, bars=bars)
    yield from _used_by(page)


def _facet(name: str, facet: FacetCount, *, bars: bool) -> Iterator[RenderableType]:
    if not facet.buckets:
        return
    yield Text(name.replace("_", " "), style=_BOLD)
    rows = [(str(bucket.value), float(bucket.count), (f"{bucket.count:,}",)) for bucket in facet.buckets]
    shown = rows if name == "year" else rows[:_VALUES]
    left = sum(bucket.count for bucket in facet.buckets[len(shown) :]) + facet.other
    rest = [("others", float(left), (f"{left:,}",))] if left else []
    missing = [("(none)", float(facet.missing), (f"{facet.missing:,}",))] if facet.missing else []
    yield _table([*shown, *rest, *missing], bars=bars)


def _listed(what: str, listed: Listed, *, bars: bool) -> Iterator[RenderableType]:
    if not listed.rows:
        return
    number = f"{'' if listed.distinct.exact else 'at least '}{listed.distinct.value:,}"
    yield Text(f"{what} ({number})", style=_BOLD)
    yield _table([(row.name, float(row.count), (f"{row.count:,}",)) for row in listed.rows], bars=bars)


def _with(page: Page, *, bars: bool) -> Iterator[RenderableType]:
    if not page.others:
        return
    part = "" if page.others_exact else " (of the tracks that were played most)"
    yield Text(f"with{part}", style=_BOLD)
    rows = [
        (one.name, float(one.count), (f"{one.count:,}", "artist" if one.as_artist else "contributor"))
        for one in page.others
    ]
    yield _table(rows, bars=bars)


def _used_by(page: Page) -> Iterator[Text]:
    yield Text("acknowledged use of these data sets", style=_BOLD)
    for dataset, claims in page.used_by.items():
        if not claims:
            yield Text(f"  {dataset}: no acknowledged use is known")
        for claim in claims:
            source = f" {claim.address}" if claim.address else ""
            yield Text(f"  {dataset}: {claim.user}: {claim.claim} ({claim.kind}; {claim.said_by}){source}")
    if not page.used_by.keys() <= CARDS.keys():
        yield Text("  Of data sets without a card nothing is known.")
