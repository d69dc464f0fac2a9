"""Hits as they are shown: names in pieces, links, and what is known of a track in a few words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from linernotes.report import plain
from linernotes.web.pages import links, names, words
from linernotes.web.pages.names import Part
from mappings.cards import is_synthetic
from mappings.languages import UNDETERMINED
from queries import Hit
from queries.search.results import Recording

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
        why=(found.match, words.MATCHES[found.match]) if found.match else None,
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
    address = plain.web_address(track.get("url"))
    return (address, names.shown(track.get("platform") or "source", 40)) if address else None


def _facts(track: Mapping[str, Any]) -> list[str]:
    seconds = track.get("duration_s")
    facts = (
        track.get("year"),
        ", ".join((track.get("genre") or ())[:_GENRES]),
        clock(seconds) if seconds is not None else None,
        words.value("language", track["language"]) if language(track) else None,
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
        Linked((Part(names.shown(words.value("dataset", name))),), links.dataset(name), count)
        for name, count in counts.items()
    )


def _members(found: Hit) -> tuple[Linked, ...]:
    if not found.recording:
        return ()
    others = [track for track in found.recording.tracks if track.id != found.id]
    return tuple(Linked((Part(names.shown(each.id, 60)),), links.track(each.id)) for each in others[:_MEMBERS])
