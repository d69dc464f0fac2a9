"""Results of `artist` and `suggest`."""

from collections.abc import Iterator

from rich.console import Console, RenderableType
from rich.text import Text

from linernotes import cards
from linernotes.output import terminal
from linernotes.output.datasets import claim_line
from linernotes.output.search import TRUNCATED
from linernotes.output.tables import bar_table, counted
from linernotes.output.terminal import visible
from mappings.cards import PRESENCE_IS_NO_PROOF
from queries import ArtistResult, FacetCount, Suggestions
from queries.artists.artist_profile import NameList, Profile
from queries.artists.candidates import Candidate

_QUIET, _BOLD = "dim", "bold"
_VALUES = 12
_IDS = 3


def show_suggestions(suggestions: Suggestions, console: Console) -> None:
    """Print suggestions, one a line."""
    for part in _suggestions(suggestions):
        terminal.show(part, console)


def _suggestions(suggestions: Suggestions) -> Iterator[RenderableType]:
    if suggestions.text_truncated:
        yield Text(TRUNCATED)
    if not suggestions.artists and not suggestions.titles:
        yield Text("No suggestions.")
    if suggestions.artists:
        yield Text("artists", style=_BOLD)
        yield from map(_artist, suggestions.artists)
    if suggestions.titles:
        yield Text("titles", style=_BOLD)
    for one in suggestions.titles:
        by = f" by {', '.join(one.artists)}" if one.artists else ""
        yield Text(f"  {visible(one.title)}").append(f"  {counted(one.count, 'track')}{visible(by)}", style=_QUIET)


def _artist(one: Candidate) -> Text:
    sets = ", ".join(f"{dataset} {count:,}" for dataset, count in one.datasets.items())
    ids = f" · id {', '.join(one.ids[:_IDS])}{' …' if len(one.ids) > _IDS else ''}" if one.ids else ""
    untold = " · not attributed to one of these by ids" if one.shares_name and not one.ids else ""
    match = f"  [{one.match}]" if one.match else ""
    line = Text(f"  {visible(one.name)}").append(match, style="green")
    return line.append(f"  {counted(one.count, 'track')} ({sets}){visible(ids)}{untold}", style=_QUIET)


def show_artist(answer: ArtistResult, console: Console) -> None:
    """Print candidates, and the profile of the one that is meant."""
    for part in _parts(answer, bars=console.is_terminal):
        terminal.show(part, console)


def _parts(answer: ArtistResult, *, bars: bool) -> Iterator[RenderableType]:
    yield from _candidates(answer)
    if answer.profile:
        yield from _profile(answer.profile, bars=bars)
    yield Text(f"\n{PRESENCE_IS_NO_PROOF}", style=_QUIET)


def _candidates(answer: ArtistResult) -> Iterator[Text]:
    if answer.text_truncated:
        yield Text(TRUNCATED)
    if not answer.candidates:
        yield Text("No artist of this name is in the loaded data sets.", style=_BOLD)
        return
    heading = "No artist with exactly this name. Closest:" if answer.misspelt else "Artists"
    yield Text(heading, style=_BOLD)
    for one in answer.candidates:
        yield _artist(one)
        if one.titles:
            yield Text(f"      {visible(', '.join(one.titles))}", style=_QUIET)
    if answer.candidates_omitted:
        yield Text(f"  … and {answer.candidates_omitted:,} more (--limit)", style=_QUIET)
    if not answer.profile:
        yield Text("Give the exact name of one of these, or choose one with --id.")


def _profile(profile: Profile, *, bars: bool) -> Iterator[RenderableType]:
    chosen = f" (id {profile.id})" if profile.id else ""
    yield Text(f"\n{visible(profile.name + chosen)}", style=_BOLD)
    plays = f"; {profile.plays:,} plays of {counted(profile.plays_tracks, 'track')}" if profile.plays_tracks else ""
    yield Text(f"{counted(profile.tracks.value, 'track')} of {counted(profile.recordings, 'recording')}{plays}")
    if profile.namesakes > 1 and not profile.id:
        yield Text(
            f"{profile.namesakes} artists share this name, judging by their ids; these are the tracks of all. "
            "Choose one with --id."
        )
    for name, facet in profile.facets.items():
        yield from _facet(name, facet, bars=bars)
    yield from _listed("albums", profile.albums, bars=bars)
    yield from _collaborators(profile, bars=bars)
    yield from _listed("titles", profile.titles, bars=bars)
    yield from _used_by(profile)


def _facet(name: str, facet: FacetCount, *, bars: bool) -> Iterator[RenderableType]:
    if not facet.buckets:
        return
    yield Text(name.replace("_", " "), style=_BOLD)
    rows = [(str(bucket.value), float(bucket.count), (f"{bucket.count:,}",)) for bucket in facet.buckets]
    shown = rows if name == "year" else rows[:_VALUES]
    left = sum(bucket.count for bucket in facet.buckets[len(shown) :]) + facet.other
    rest = [("others", float(left), (f"{left:,}",))] if left else []
    missing = [("(none)", float(facet.missing), (f"{facet.missing:,}",))] if facet.missing else []
    yield bar_table([*shown, *rest, *missing], bars=bars)


def _listed(what: str, names: NameList, *, bars: bool) -> Iterator[RenderableType]:
    if not names.rows:
        return
    number = f"{'' if names.distinct.exact else 'at least '}{names.distinct.value:,}"
    yield Text(f"{what} ({number})", style=_BOLD)
    yield bar_table([(row.name, float(row.count), (f"{row.count:,}",)) for row in names.rows], bars=bars)


def _collaborators(profile: Profile, *, bars: bool) -> Iterator[RenderableType]:
    if not profile.collaborators:
        return
    part = "" if profile.collaborators_exact else " (in the most played tracks)"
    yield Text(f"collaborators{part}", style=_BOLD)
    rows = [
        (one.name, float(one.count), (f"{one.count:,}", "artist" if one.as_artist else "contributor"))
        for one in profile.collaborators
    ]
    yield bar_table(rows, bars=bars)


def _used_by(profile: Profile) -> Iterator[Text]:
    yield Text("acknowledged use of these data sets", style=_BOLD)
    for dataset, claims in profile.used_by.items():
        if not claims:
            yield Text(f"  {dataset}: no acknowledged use is known")
        for claim in claims:
            yield Text(f"  {dataset}: {claim_line(claim)}")
    if not profile.used_by.keys() <= cards.known().keys():
        yield Text("  Nothing is known about data sets without a card.")
