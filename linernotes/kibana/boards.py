"""What is shown: the saved searches and the two dashboards, as tables."""

from dataclasses import dataclass

from linernotes.kibana.columns import count, distinct, measure, over_time, steps, top
from linernotes.kibana.panels import BARS, BARS_UP, NUMBER, PIE, TABLE, Panel
from linernotes.kibana.sources import HISTORY, LEDGER, REJECTED, TRACKS, Source
from mappings.track import (
    ALBUM,
    ARTISTS,
    COMMERCIAL_USE,
    DATASET,
    DERIVATIVES,
    FACETS,
    GENRE,
    LANGUAGE,
    LICENCE,
    LICENCE_FAMILY,
    PLATFORM,
    RECORDING_KEY,
    TITLE,
    YEAR,
)

NO_PROOF = "Presence in a data set is not proof that a model was trained on a track."

ARTIST = FACETS["artist"]


@dataclass(frozen=True)
class Search:
    """A saved search: which columns of which source, in which order, under which condition."""

    id: str
    title: str
    source: Source
    columns: tuple[str, ...]
    sort: tuple[tuple[str, str], ...] = ()
    query: str = ""
    description: str = ""


@dataclass(frozen=True)
class Board:
    """A dashboard: its panels, from left to right and down, then saved searches below them."""

    id: str
    title: str
    description: str
    panels: tuple[Panel, ...]
    searches: tuple[str, ...] = ()


_SHOWN = (TITLE, ARTISTS, ALBUM, YEAR, LICENCE, DATASET)

SEARCHES: tuple[Search, ...] = (
    Search("linernotes-search-tracks", "linernotes: tracks", TRACKS, _SHOWN, description=NO_PROOF),
    Search(
        "linernotes-search-prohibited",
        "linernotes: commercial use prohibited",
        TRACKS,
        (TITLE, ARTISTS, LICENCE, COMMERCIAL_USE, DERIVATIVES, DATASET),
        query=f"{COMMERCIAL_USE} : prohibited",
        description=f"Tracks whose licence prohibits commercial use. {NO_PROOF}",
    ),
    Search(
        "linernotes-search-rejected",
        "linernotes: rejected records",
        REJECTED,
        ("dataset", "generation", "file", "row", "kind", "reason"),
        sort=(("at", "desc"),),
        description="Records that could not become a track, with reason and place.",
    ),
    Search(
        "linernotes-search-history",
        "linernotes: history",
        HISTORY,
        ("dataset", "event", "generation", "text", "host", "tool"),
        sort=(("at", "desc"),),
        description="What happened to each data set, step by step.",
    ),
)

_TRACKS = count()

SETS = Board(
    "linernotes-board-sets",
    "linernotes: what is in the sets",
    f"Data sets, genres, licences, years, languages, artists, and what the sets share. {NO_PROOF}",
    (
        Panel("tracks", "Tracks", TRACKS, NUMBER, (_TRACKS,), 12, 6),
        Panel("artists", "Artists (estimated)", TRACKS, NUMBER, (distinct(ARTIST, "artists"),), 12, 6),
        Panel("recordings", "Recordings (estimated)", TRACKS, NUMBER, (distinct(RECORDING_KEY, "recordings"),), 12, 6),
        Panel(
            "prohibited",
            "Commercial use prohibited",
            TRACKS,
            NUMBER,
            (count("tracks", only=f"{COMMERCIAL_USE} : prohibited"),),
            12,
            6,
        ),
        Panel("datasets", "Data sets", TRACKS, PIE, (top(DATASET, "data set", _TRACKS), _TRACKS)),
        Panel("platforms", "Platforms", TRACKS, PIE, (top(PLATFORM, "platform", _TRACKS), _TRACKS)),
        Panel(
            "overlap",
            "Overlap (estimated): what these add up to beyond all recordings is shared",
            TRACKS,
            TABLE,
            (top(DATASET, "data set", _TRACKS), _TRACKS, distinct(RECORDING_KEY, "recordings")),
        ),
        Panel("genres", "Genres", TRACKS, BARS, (top(GENRE, "genre", _TRACKS, 20), _TRACKS)),
        Panel(
            "genres-by-set",
            "Genres by data set",
            TRACKS,
            BARS_UP,
            (top(GENRE, "genre", _TRACKS), top(DATASET, "data set", _TRACKS), _TRACKS),
            32,
        ),
        Panel(
            "licences", "Licences", TRACKS, BARS, (top(LICENCE_FAMILY, "licence", _TRACKS, 15, missing=True), _TRACKS)
        ),
        Panel("commercial", "Commercial use", TRACKS, PIE, (top(COMMERCIAL_USE, "commercial use", _TRACKS), _TRACKS)),
        Panel("derivatives", "Derivatives", TRACKS, PIE, (top(DERIVATIVES, "derivatives", _TRACKS), _TRACKS)),
        Panel("years", "Years", TRACKS, BARS_UP, (steps(YEAR, "year"), _TRACKS), 32),
        Panel("languages", "Languages", TRACKS, BARS, (top(LANGUAGE, "language", _TRACKS, 20), _TRACKS)),
        Panel(
            "over-represented",
            "Artists with most tracks",
            TRACKS,
            TABLE,
            (top(ARTIST, "artist", _TRACKS, 50, other=False), _TRACKS, distinct(DATASET, "data sets")),
            24,
        ),
        Panel(
            "albums-and-years",
            "Data sets from when to when",
            TRACKS,
            TABLE,
            (
                top(DATASET, "data set", _TRACKS),
                _TRACKS,
                measure("min", YEAR, "first year"),
                measure("max", YEAR, "last year"),
                measure("sum", "plays", "plays"),
            ),
            24,
        ),
    ),
    ("linernotes-search-tracks",),
)

_LOADS, _CHUNKS, _LEASED = "kind : load", "kind : stretch", "kind : stretch and state : leased"
_REJECTED, _EVENTS, _GENERATIONS = count("records"), count("events"), count("generations")
_INDEXED = measure("sum", "indexed", "indexed")

SYSTEM = Board(
    "linernotes-board-system",
    "linernotes: how the system is",
    "Generations, loads, rejected records, and what happened.",
    (
        Panel("generations", "Generations", LEDGER, NUMBER, (_GENERATIONS,), 12, 6, _LOADS),
        Panel("leased", "Chunks that are being loaded", LEDGER, NUMBER, (count("stretches"),), 12, 6, _LEASED),
        Panel("rejected", "Rejected records", REJECTED, NUMBER, (_REJECTED,), 12, 6),
        Panel("events", "Events", HISTORY, NUMBER, (_EVENTS,), 12, 6),
        Panel(
            "states",
            "Generations by state",
            LEDGER,
            BARS_UP,
            (top("dataset", "data set", _GENERATIONS), top("state", "state", _GENERATIONS), _GENERATIONS),
            query=_LOADS,
        ),
        Panel(
            "latest",
            "What the ledger last heard of each generation",
            LEDGER,
            TABLE,
            (
                top("generation", "generation", latest := measure("max", "at", "at"), 50, other=False),
                top("state", "state", latest),
                latest,
            ),
            32,
            query=_LOADS,
        ),
        Panel(
            "loads",
            "What became of the records",
            LEDGER,
            TABLE,
            (
                top("generation", "generation", _INDEXED, 50, other=False),
                measure("sum", "read", "read"),
                _INDEXED,
                measure("sum", "duplicates", "duplicates"),
                measure("sum", "skipped", "skipped"),
                measure("sum", "rejected", "rejected"),
            ),
            32,
            query=_CHUNKS,
        ),
        Panel("reasons", "Reasons", REJECTED, BARS, (top("kind", "kind of reason", _REJECTED, 20), _REJECTED)),
        Panel(
            "rejected-by-set",
            "Rejected records by data set",
            REJECTED,
            BARS_UP,
            (top("dataset", "data set", _REJECTED), top("kind", "kind of reason", _REJECTED), _REJECTED),
        ),
        Panel(
            "history",
            "What happened",
            HISTORY,
            BARS_UP,
            (over_time("at", "when"), top("event", "event", _EVENTS), _EVENTS),
            32,
        ),
    ),
    ("linernotes-search-rejected", "linernotes-search-history"),
)

BOARDS: tuple[Board, ...] = (SETS, SYSTEM)
