"""Identifiers in a catalogue: a platform's address, its own notation, or the bare id in a column of its own."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote


class Kind(StrEnum):
    """What an identifier is an id of; addresses of Genius and FMA have no id, but names."""

    YOUTUBE = "YouTube id"
    SPOTIFY = "Spotify id"
    FMA = "FMA id"
    GENIUS = "Genius id"
    ADDRESS = "Genius address"
    FMA_ADDRESS = "FMA address"


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
    (Kind.FMA_ADDRESS, re.compile(r"freemusicarchive\.org/music/((?:[^\s/?#]+/){2}[^\s/?#]+)", re.IGNORECASE)),
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


NAMING = (Kind.ADDRESS, Kind.FMA_ADDRESS)
"""Addresses made of names; they aren't indexed."""

_OWN_NUMBER = re.compile(r"_\d{3,}$")
"""FMA tells tracks of the same name apart by a number; a short one may be the title's own."""


_BEFORE_TITLE = re.compile(r"^.*_-_|^\d+[-_]+")


def parse_identifier(written: str, column: Kind | None = None) -> Identifier | None:
    """Return the identifier in a cell, None where there is none; `column` is the platform that the column names.

    >>> parse_identifier("https://music.youtube.com/watch?list=x&v=hTWKbfoikeg&t=3").value
    'hTWKbfoikeg'
    >>> parse_identifier("hTWKbfoikeg") is None, parse_identifier("hTWKbfoikeg", Kind.YOUTUBE).value
    (True, 'hTWKbfoikeg')
    """
    text = written.strip()
    for kind, pattern in _WRITTEN:
        if match := pattern.search(text):
            return Identifier(kind, match[1].lower() if kind in NAMING else match[1])
    bare = _BARE.get(column) if column else None
    if column and bare and (match := bare.search(text)):
        return Identifier(column, match[1])
    return None


def address_of(written: str) -> str:
    """Return the end of a Genius address, to compare it with a track's; empty for any other."""
    identifier = parse_identifier(written)
    return identifier.value if identifier and identifier.kind is Kind.ADDRESS else ""


def words_of(address: str) -> str:
    """Return the words of artist and title in an address.

    >>> words_of("queen-bohemian-rhapsody-lyrics"), words_of("kurt_vile/hitmaker/kurt_vile_-_03_-_freeway_1010")
    ('queen bohemian rhapsody', 'kurt vile freeway')
    """
    if "/" not in address:
        return address.removesuffix("-lyrics").replace("-", " ")
    artist, _, title = map(unquote, address.split("/"))
    named = _OWN_NUMBER.sub("", _BEFORE_TITLE.sub("", title)).removesuffix("mp3")
    return " ".join(re.sub("[-_+]+", " ", f"{artist} {named}").split())


def is_address_of(address: str, artist: str, album: str, title: str) -> bool:
    """Say whether an FMA address is that of a track: artist and title by their letters, the album where one is known.

    An address may have artist, album and number in front of the title, as they are in the name of the file.

    >>> is_address_of("zev/live_at_wfmu/full_set_1586", "Z'EV", "Live at WFMU", "(full set)")
    True
    >>> is_address_of("nena/99/nena_-_99_-_03_-_duo_2mp3", "Nena", "", "Duo 2")
    True
    >>> is_address_of("nena/99/duo-2", "Nena", "", "Duo")
    False
    """
    own, theirs, name = map(unquote, address.split("/"))
    by, on, called = _letters(artist), _letters(theirs), _letters(title)
    if not by or not called or _letters(own) != by or (album and on != _letters(album)):
        return False
    written = {_letters(_OWN_NUMBER.sub("", name)), _letters(name), _letters(name).removesuffix("mp3")}
    before = (each.removesuffix(called) for each in written if each.endswith(called))
    rests = (each.replace(by, "").replace(on, "") for each in before)
    return any(not rest or rest.isdecimal() for rest in rests)


def _letters(name: str) -> str:
    """Return what an address keeps of a name: letters and digits of ASCII."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFD", name).encode("ascii", "ignore").decode().lower()))
