"""Artists and suggestions, for people."""

from collections.abc import Iterator

from rich.console import Console, RenderableType
from rich.text import Text

from linernotes.output import terminal
from linernotes.output.tables import table as _table
from linernotes.output.terminal import visible
from mappings.cards import CARDS, PRESENCE_IS_NO_PROOF
from queries import ArtistResult, FacetCount, Suggestions, Total
from queries.artists.candidates import Candidate
from queries.artists.profile import NameList, Profile
from queries.text import MAX_WORDS

_QUIET, _BOLD = "dim", "bold"
_CUT = f"The name is long: only its first words are asked, {MAX_WORDS} at most."
_VALUES = 12
_IDS = 3


def show_suggestions(suggestions: Suggestions, console: Console) -> None:
    """Print suggestions, one a line."""
    for part in _suggestions(suggestions):
        terminal.show(part, console)


def _suggestions(suggestions: Suggestions) -> Iterator[RenderableType]:
    if suggestions.text_truncated:
        yield Text(_CUT)
    if not suggestions.artists and not suggestions.titles:
        yield Text("Nothing begins so.")
    if suggestions.artists:
        yield Text("artists", style=_BOLD)
        yield from map(_artist, suggestions.artists)
    if suggestions.titles:
        yield Text("titles", style=_BOLD)
    for one in suggestions.titles:
        by = f" by {', '.join(one.artists)}" if one.artists else ""
        yield Text(f"  {visible(one.title)}").append(f"  {_tracks(one.count)}{visible(by)}", style=_QUIET)


def _tracks(count: int) -> str:
    return "1 track" if count == 1 else f"{count:,} tracks"


def _artist(one: Candidate) -> Text:
    sets = ", ".join(f"{dataset} {count:,}" for dataset, count in one.datasets.items())
    ids = f" · id {', '.join(one.ids[:_IDS])}{' …' if len(one.ids) > _IDS else ''}" if one.ids else ""
    untold = " · ids don't tell which of these" if one.shares_name and not one.ids else ""
    match = f"  [{one.match}]" if one.match else ""
    line = Text(f"  {visible(one.name)}").append(match, style="green")
    return line.append(f"  {_tracks(one.count)} ({sets}){visible(ids)}{untold}", style=_QUIET)


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
        yield Text(_CUT)
    if not answer.candidates:
        yield Text("No artist of this name is in the data sets that are loaded.", style=_BOLD)
        return
    heading = "Nobody is spelt so; near by:" if answer.misspelt else "Candidates"
    yield Text(heading, style=_BOLD)
    for one in answer.candidates:
        yield _artist(one)
        if one.titles:
            yield Text(f"      {visible(', '.join(one.titles))}", style=_QUIET)
    if answer.more:
        yield Text(f"  … and {answer.more:,} more (--size)", style=_QUIET)
    if not answer.profile:
        yield Text("Write the name exactly as one of these, or choose one with --id.")


def _about(total: Total) -> str:
    return f"{'' if total.exact else 'about '}{total.value:,}"


def _profile(profile: Profile, *, bars: bool) -> Iterator[RenderableType]:
    chosen = f" (id {profile.id})" if profile.id else ""
    yield Text(f"\n{visible(profile.name + chosen)}", style=_BOLD)
    plays = f"; {profile.plays:,} plays of {_tracks(profile.plays_tracks)}" if profile.plays_tracks else ""
    recordings = f"{_about(profile.recordings)} recording{'s' * (profile.recordings.value != 1)}"
    yield Text(f"{_tracks(profile.tracks.value)} of {recordings}{plays}")
    if profile.namesakes > 1 and not profile.id:
        yield Text(
            f"{profile.namesakes} artists have this name, as their ids tell; this is all of them (choose: --id)."
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
    yield _table([*shown, *rest, *missing], bars=bars)


def _listed(what: str, names: NameList, *, bars: bool) -> Iterator[RenderableType]:
    if not names.rows:
        return
    number = f"{'' if names.distinct.exact else 'at least '}{names.distinct.value:,}"
    yield Text(f"{what} ({number})", style=_BOLD)
    yield _table([(row.name, float(row.count), (f"{row.count:,}",)) for row in names.rows], bars=bars)


def _collaborators(profile: Profile, *, bars: bool) -> Iterator[RenderableType]:
    if not profile.collaborators:
        return
    part = "" if profile.collaborators_exact else " (of the tracks that were played most)"
    yield Text(f"with{part}", style=_BOLD)
    rows = [
        (one.name, float(one.count), (f"{one.count:,}", "artist" if one.as_artist else "contributor"))
        for one in profile.collaborators
    ]
    yield _table(rows, bars=bars)


def _used_by(profile: Profile) -> Iterator[Text]:
    yield Text("acknowledged use of these data sets", style=_BOLD)
    for dataset, claims in profile.used_by.items():
        if not claims:
            yield Text(f"  {dataset}: no acknowledged use is known")
        for claim in claims:
            source = f" {claim.address}" if claim.address else ""
            yield Text(f"  {dataset}: {claim.user}: {claim.claim} ({claim.kind}; {claim.said_by}){source}")
    if not profile.used_by.keys() <= CARDS.keys():
        yield Text("  Of data sets without a card nothing is known.")
