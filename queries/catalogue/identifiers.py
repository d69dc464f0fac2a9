"""Identifiers in a catalogue: a platform's address, its own notation, or the bare id in a column of its own."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What an identifier is an id of; `ADDRESS` is a Genius address, which holds no id."""

    YOUTUBE = "YouTube id"
    SPOTIFY = "Spotify id"
    FMA = "FMA id"
    GENIUS = "Genius id"
    ADDRESS = "Genius address"


@dataclass(frozen=True, slots=True, order=True)
class Identifier:
    """An id of a track on one platform."""

    kind: Kind
    value: str


_WRITTEN: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (
        Kind.YOUTUBE,
        re.compile(
            r"(?:youtu\.be/|youtube(?:-nocookie)?\.com/(?:watch\?(?:[^#\s]*&)?v=|embed/|v/|shorts/|live/))"
            r"([A-Za-z0-9_-]{11})(?![A-Za-z0-9_-])",
            re.IGNORECASE,
        ),
    ),
    (
        Kind.SPOTIFY,
        re.compile(r"(?:open\.spotify\.com/(?:[a-z-]+/){0,2}track/|spotify:track:)([A-Za-z0-9]{22})(?![A-Za-z0-9])"),
    ),
    (Kind.FMA, re.compile(r"^fma:0*(\d{1,9})$", re.IGNORECASE)),
    (Kind.GENIUS, re.compile(r"genius\.com/songs/0*(\d{1,12})(?!\d)", re.IGNORECASE)),
    (Kind.ADDRESS, re.compile(r"genius\.com/([^\s/?#]+-lyrics)(?![^\s/?#])", re.IGNORECASE)),
)

_BARE: Mapping[Kind, re.Pattern[str]] = {
    Kind.YOUTUBE: re.compile(r"^([A-Za-z0-9_-]{11})$"),
    Kind.SPOTIFY: re.compile(r"^([A-Za-z0-9]{22})$"),
    Kind.FMA: re.compile(r"^0*(\d{1,9})$"),
    Kind.GENIUS: re.compile(r"^0*(\d{1,12})$"),
}
"""What is an id without saying so: only read in a column that is named after its platform."""

DATASETS: Mapping[Kind, str] = {
    Kind.SPOTIFY: "spotify-tracks-dataset",
    Kind.FMA: "free-music-archive",
    Kind.GENIUS: "sleeping-disco-9m",
}
"""The data set whose own ids these are; a YouTube id may stand in several."""


def read(written: str, column: Kind | None = None) -> Identifier | None:
    """Return the identifier in a cell, None where there is none; `column` is the platform that the column names.

    >>> read("https://music.youtube.com/watch?list=x&v=hTWKbfoikeg&t=3").value
    'hTWKbfoikeg'
    >>> read("hTWKbfoikeg") is None, read("hTWKbfoikeg", Kind.YOUTUBE).value
    (True, 'hTWKbfoikeg')
    """
    text = written.strip()
    for kind, pattern in _WRITTEN:
        if found := pattern.search(text):
            return Identifier(kind, found[1].lower() if kind is Kind.ADDRESS else found[1])
    bare = _BARE.get(column) if column else None
    if column and bare and (found := bare.search(text)):
        return Identifier(column, found[1])
    return None


def clean(written: str) -> str:
    """Return an address's end as `read` gives it, empty for what is no Genius address: to compare with a track's."""
    found = read(written)
    return found.value if found and found.kind is Kind.ADDRESS else ""


def words(address: str) -> str:
    """Return the words of artist and title that a Genius address holds.

    >>> words("queen-bohemian-rhapsody-lyrics")
    'queen bohemian rhapsody'
    """
    return address.removesuffix("-lyrics").replace("-", " ")
