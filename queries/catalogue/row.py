"""A row of a catalogue: who, what, and by which identifiers."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from mappings.spelling.cleaning import clean
from queries.catalogue.identifiers import Identifier, Kind, parse_identifier
from queries.catalogue.name_parts import Artist, Title, parse_artist, parse_title

ARTIST, TITLE, ALBUM, YEAR, ISRC, URL = "artist", "title", "album", "year", "isrc", "url"
PLATFORMS: Mapping[str, Kind] = {
    "youtube": Kind.YOUTUBE,
    "spotify": Kind.SPOTIFY,
    "fma": Kind.FMA,
    "genius": Kind.GENIUS,
}

# In the order of trust: where two columns mean the same, the first name here wins.
_SYNONYMS: Mapping[str, str] = {
    ARTIST: "artist|artists|artist name|artist names|track artist|primary artist|main artist|performer|performers|"
    "interpret|interpreten|kunstler|kuenstler|band|interprete|artiste|artista|artistas|esecutore|uitvoerder|"
    "wykonawca|исполнитель|アーティスト|album artist",
    TITLE: "title|track title|song title|track name|song name|recording title|recording|song|track|titel|titre|titulo|"
    "titolo|lied|chanson|cancion|canzone|utwor|название|曲名|work title|name",
    ALBUM: "album|album title|album name|release|release title|release name|disque|disco|альбом|アルバム",
    YEAR: "year|release year|release date|date|released|jahr|annee|ano|anno|год",
    ISRC: "isrc|isrc code",
    URL: "url|link|address|track url|song url|adresse|uri|lien|enlace",
    "youtube": "youtube|youtube id|youtube url|youtube link|video id|video url|yt|yt id",
    "spotify": "spotify|spotify id|spotify url|spotify uri|spotify track id|spotify link",
    "fma": "fma|fma id|fma track id|free music archive",
    "genius": "genius|genius id|genius url|genius song id|genius link",
}

SYNONYMS: Mapping[str, tuple[str, ...]] = {column: tuple(names.split("|")) for column, names in _SYNONYMS.items()}
"""Column to the headers that it may have: lower case, without accents, one blank between words."""

LONGEST = 1_200
"""Characters of a name that is compared; a title of an opera's scene may have 300, a longer cell is no name."""

_YEAR = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d)")


def plain(header: str) -> str:
    """Return a header as the synonyms are written.

    >>> plain(" Künstler* "), plain("TRACK_Title")
    ('kunstler', 'track title')
    """
    letters = unicodedata.normalize("NFKD", header).casefold()
    spaced = "".join(" " if not letter.isalnum() else letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(spaced.split()) if spaced.strip() else letters.strip()


def find_columns(header: Iterable[str]) -> dict[str, int]:
    """Return where the known columns stand in a header.

    >>> find_columns(["No", "Interpret", "Song", "Track", "Video ID"])
    {'artist': 1, 'title': 2, 'youtube': 4}
    """
    names = [unicodedata.normalize("NFC", plain(cell)) for cell in header]
    columns = {}
    for column, synonyms in SYNONYMS.items():
        if known := [synonym for synonym in synonyms if synonym in names]:
            columns[column] = names.index(known[0])
    return columns


@dataclass(frozen=True, slots=True)
class CatalogueRow:
    """One row: its number, counted from 1, and what it names, or the reason why it can't be read."""

    number: int
    artist: str = ""
    title: str = ""
    album: str = ""
    year: int | None = None
    identifiers: tuple[Identifier, ...] = ()
    unreadable: str = ""

    @property
    def parsed(self) -> "ParsedRow":
        """Return the names taken apart."""
        artist, title = name_of(self.artist), name_of(self.title)
        return ParsedRow(parse_artist(artist), parse_title(title, artist), parse_title(name_of(self.album)).core)

    def as_json(self) -> dict[str, Any]:
        """Return the row as a report has it: `row_from_json` reads it again."""
        given = asdict(self) | {"identifiers": [[each.kind.name, each.value] for each in self.identifiers]}
        row = {"row": given.pop("number"), **given}
        return {name: value for name, value in row.items() if value or name in ("row", ARTIST, TITLE)}


@dataclass(frozen=True, slots=True)
class ParsedRow:
    """The names of a row, taken apart."""

    artist: Artist
    title: Title
    album: str

    @property
    def named(self) -> bool:
        """Tell whether there are both an artist and a title."""
        return bool(self.artist.full and self.title.full)


def parse_row(number: int, cells: Mapping[str, str]) -> CatalogueRow:
    """Return a row: column to cell, as `find_columns` names them.

    >>> parse_row(1, {"artist": "Queen", "title": "", "fma": ""}).unreadable
    'no title'
    """
    texts = {name: " ".join(_shown(cells.get(name, "")).split()) for name in SYNONYMS}
    named = [parse_identifier(texts[name], PLATFORMS.get(name)) for name in (URL, *PLATFORMS)]
    known = tuple(dict.fromkeys(each for each in named if each))
    year = _YEAR.search(texts[YEAR])
    return CatalogueRow(
        number,
        texts[ARTIST],
        texts[TITLE],
        texts[ALBUM],
        int(year[1]) if year else None,
        known,
        "" if known else _why_unreadable(texts[ARTIST], texts[TITLE]),
    )


def _shown(cell: str) -> str:
    """Return a cell without what can't be shown."""
    return cell.encode("utf-8", "replace").decode()


def _why_unreadable(artist: str, title: str) -> str:
    """Return why names can't be searched for, empty if they can."""
    named = {ARTIST: name_of(artist), TITLE: name_of(title)}
    if lacking := [f"no {name}" for name, value in named.items() if not value]:
        return " and ".join(lacking)
    lengths = {ARTIST: len(artist), TITLE: len(title)}
    return " and ".join(f"{name} of {size:,} characters" for name, size in lengths.items() if size > LONGEST)


def name_of(cell: str) -> str:
    r"""Return a name fit to be looked up: cleaned, `LONGEST` characters at most.

    It is only a name: quotes, colons and minus signs mean nothing here.

    >>> name_of("“Heroes”\u200b  \x00 live"), name_of("Angus &amp; Friends")
    ('“Heroes” live', 'Angus & Friends')
    """
    return clean(_shown(cell[:LONGEST]))


def row_from_json(given: Mapping[str, Any]) -> CatalogueRow:
    """Return the row that `CatalogueRow.as_json` wrote; raises KeyError, TypeError or ValueError for anything else."""
    return CatalogueRow(
        int(given["row"]),
        str(given[ARTIST]),
        str(given[TITLE]),
        str(given.get(ALBUM, "")),
        int(given[YEAR]) if given.get(YEAR) is not None else None,
        tuple(Identifier(Kind[kind], str(value)) for kind, value in given.get("identifiers", ())),
        str(given.get("unreadable", "")),
    )
