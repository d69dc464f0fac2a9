"""What is shown: the saved searches and the dashboards, as tables.

A dashboard has panels of one data view alone. Whatever is clicked in one of its panels becomes a filter on all of them,
and Kibana applies a filter also where the index lacks the field: a panel of another index would go empty.
"""

from dataclasses import dataclass

from linernotes.kibana.columns import count, distinct, largest, over_time, smallest, steps, top, total
from linernotes.kibana.panels import BARS, BARS_STACKED, BARS_UP, GRID, PIE, TABLE, Note, Panel, number
from linernotes.kibana.sources import HISTORY, LEDGER, REJECTED, TRACKS, Source
from mappings.cards import PRESENCE_IS_NO_PROOF, SYNTHETIC_SAMPLE
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
    LICENCE_URL,
    PLATFORM,
    PLAYS,
    RECORDING_KEY,
    REVISION,
    TITLE,
    YEAR,
)

ARTIST = FACETS["artist"]

LAST_QUARTER = ("now-90d", "now")
ALL_TIME = ("now-100y", "now")
"""For boards without a time field: nothing is selected by it, and it says so better than the usual 15 minutes."""


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
class Without:
    """A filter that is there, and off: switched on, it leaves out the documents with a value."""

    label: str
    field: str
    value: str


@dataclass(frozen=True)
class Board:
    """A dashboard of one source: its panels, from left to right and down, then saved searches below them."""

    id: str
    title: str
    description: str
    source: Source
    panels: tuple[Panel | Note, ...]
    searches: tuple[str, ...] = ()
    filters: tuple[Without, ...] = ()

    @property
    def time(self) -> tuple[str, str]:
        """Return the stretch of time that it opens with."""
        return LAST_QUARTER if self.source.time else ALL_TIME


_SHOWN = (TITLE, ARTISTS, ALBUM, YEAR, LICENCE, DATASET, REVISION)

SEARCHES: tuple[Search, ...] = (
    Search("linernotes-search-tracks", "linernotes: tracks", TRACKS, _SHOWN, description=PRESENCE_IS_NO_PROOF),
    Search(
        "linernotes-search-prohibited",
        "linernotes: commercial use prohibited",
        TRACKS,
        (TITLE, ARTISTS, LICENCE, LICENCE_URL, COMMERCIAL_USE, DERIVATIVES, DATASET, REVISION),
        query=f"{COMMERCIAL_USE} : prohibited",
        description=f"Tracks whose licence prohibits commercial use. {PRESENCE_IS_NO_PROOF}",
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

_SYNTHETIC = f'{REVISION} : "{SYNTHETIC_SAMPLE}"'
_HALF = GRID // 2
_TIME, _NAME, _INDEX_NAME = 240, 450, 580
"""Pixels for a time or a revision, for the longest id of a data set, and for one of its generations under the usual
prefix."""
_MOST = 100
"""Data sets that a chart tells apart; more are counted as one."""

_ABOUT_SETS = f"""**{PRESENCE_IS_NO_PROOF}**

**Synthetic** tracks are made up, to try this out with: their revision is *{SYNTHETIC_SAMPLE}*. They are counted in \
all panels; switch on the filter *without synthetic tracks*, above, to leave them out.

Charts count tracks, those without a value as *(missing value)*; a track of several genres or artists counts for each. \
Numbers of artists and recordings are estimates. What data sets share can't be worked out from this page: \
`linernotes overlap` counts it. Tracks have a year and no time, so the stretch of time above selects nothing."""

_TRACKS = count()

SETS = Board(
    "linernotes-board-sets",
    "linernotes: what is in the sets",
    f"Data sets, genres, licences, years, languages, artists. {PRESENCE_IS_NO_PROOF}",
    TRACKS,
    (
        Note("about", _ABOUT_SETS, 9),
        number("tracks", "Tracks", TRACKS, _TRACKS),
        number("synthetic", "Synthetic tracks", TRACKS, count(only=_SYNTHETIC)),
        number("artists", "Artists (estimated)", TRACKS, distinct(ARTIST, "artists")),
        number("recordings", "Recordings (estimated)", TRACKS, distinct(RECORDING_KEY, "recordings")),
        number("prohibited", "Commercial use prohibited", TRACKS, count(only=f"{COMMERCIAL_USE} : prohibited"), 16),
        number("unlicensed", "Without a known licence", TRACKS, count(only=f"not {LICENCE_FAMILY} : *"), 16),
        number("undated", "Without a year", TRACKS, count(only=f"not {YEAR} : *"), 16),
        Panel("datasets", "Data sets", TRACKS, PIE, (top(DATASET, "data set", _TRACKS, _MOST), _TRACKS), _HALF),
        Panel("platforms", "Platforms", TRACKS, PIE, (top(PLATFORM, "platform", _TRACKS), _TRACKS), _HALF),
        Panel(
            "numbers",
            "Data sets in numbers",
            TRACKS,
            TABLE,
            (
                top(DATASET, "data set", _TRACKS, _MOST, width=_NAME),
                top(REVISION, "revision", _TRACKS, width=_TIME),
                _TRACKS,
                smallest(YEAR, "first year"),
                largest(YEAR, "last year"),
                total(PLAYS, "plays", unknown_as_zero=False),
            ),
            GRID,
            8,
        ),
        Panel("genres", "Genres", TRACKS, BARS, (top(GENRE, "genre", _TRACKS, 20), _TRACKS), _HALF),
        Panel(
            "genres-by-set",
            "Genres by data set",
            TRACKS,
            BARS_STACKED,
            (top(GENRE, "genre", _TRACKS), top(DATASET, "data set", _TRACKS, _MOST), _TRACKS),
            _HALF,
        ),
        Panel("licences", "Licences", TRACKS, BARS, (top(LICENCE_FAMILY, "licence", _TRACKS, 15), _TRACKS), _HALF),
        Panel("languages", "Languages", TRACKS, BARS, (top(LANGUAGE, "language", _TRACKS, 20), _TRACKS), _HALF),
        Panel(
            "commercial",
            "Commercial use",
            TRACKS,
            PIE,
            (top(COMMERCIAL_USE, "commercial use", _TRACKS), _TRACKS),
            _HALF,
        ),
        Panel("derivatives", "Derivatives", TRACKS, PIE, (top(DERIVATIVES, "derivatives", _TRACKS), _TRACKS), _HALF),
        Panel(
            "years",
            "Years, of tracks that have one (see: Without a year)",
            TRACKS,
            BARS_UP,
            (steps(YEAR, "year"), _TRACKS),
            GRID,
        ),
        Panel(
            "over-represented",
            "Artists with most tracks",
            TRACKS,
            TABLE,
            (
                top(ARTIST, "artist", _TRACKS, 50, rest=False, width=_INDEX_NAME),
                _TRACKS,
                count("synthetic tracks", only=_SYNTHETIC),
                distinct(DATASET, "data sets"),
            ),
            GRID,
        ),
    ),
    ("linernotes-search-tracks",),
    (Without("without synthetic tracks", REVISION, SYNTHETIC_SAMPLE),),
)

_LOADS = "entry : load"
_BUILDING = "state : building or state : ready"
_GENERATIONS, _REJECTED, _EVENTS = count("generations"), count("records"), count("events")
_READ = total("read", "read", unknown_as_zero=True)

SYSTEM = Board(
    "linernotes-board-system",
    "linernotes: loads",
    "Generations of the data sets, their states, and what became of their records.",
    LEDGER,
    (
        Note(
            "about",
            "A *generation* is one complete load of a data set. The stretch of time above selects nothing here; what "
            "happened when is on the board *linernotes: history*, and why records were rejected on *linernotes: "
            "rejected records*.",
            4,
        ),
        number("generations", "Generations", LEDGER, _GENERATIONS, 16, _LOADS),
        number("building", "Generations being built", LEDGER, count(only=_BUILDING), 16, _LOADS),
        number("failed", "Generations that failed", LEDGER, count(only="state : failed"), 16, _LOADS),
        Panel(
            "states",
            "Generations by state",
            LEDGER,
            BARS_STACKED,
            (top("state", "state", _GENERATIONS), top("dataset", "data set", _GENERATIONS, _MOST), _GENERATIONS),
            GRID,
            query=_LOADS,
        ),
        Panel(
            "latest",
            "When the state of each generation last changed",
            LEDGER,
            TABLE,
            (
                top(
                    "generation", "generation", latest := largest("at", "at", _TIME), 50, rest=False, width=_INDEX_NAME
                ),
                top("state", "state", latest, rest=False),
                latest,
            ),
            GRID,
            query=_LOADS,
        ),
        Panel(
            "loads",
            "What became of the records of each finished load",
            LEDGER,
            TABLE,
            (
                top("generation", "generation", _READ, 50, rest=False, width=_INDEX_NAME),
                _READ,
                *(total(name, name, unknown_as_zero=True) for name in ("indexed", "duplicates", "skipped", "rejected")),
            ),
            GRID,
            query=f"{_LOADS} and read : *",
        ),
    ),
)

REASONS = Board(
    "linernotes-board-rejected",
    "linernotes: rejected records",
    "Records that could not become a track, by reason and data set.",
    REJECTED,
    (
        Note(
            "about",
            "Records that could not become a track: they are in no search, and nothing of them is lost. The stretch of "
            "time above selects nothing here. To send again what Elasticsearch refused: `linernotes rejected replay`.",
            4,
        ),
        number("rejected", "Rejected records", REJECTED, _REJECTED, GRID),
        Panel("reasons", "Reasons", REJECTED, BARS, (top("kind", "kind of reason", _REJECTED, 20), _REJECTED), _HALF),
        Panel(
            "rejected-by-set",
            "Rejected records by data set",
            REJECTED,
            BARS_STACKED,
            (top("kind", "kind of reason", _REJECTED), top("dataset", "data set", _REJECTED, _MOST), _REJECTED),
            _HALF,
        ),
    ),
    ("linernotes-search-rejected",),
)

EVENTS = Board(
    "linernotes-board-history",
    "linernotes: history",
    "What happened to each data set, and when.",
    HISTORY,
    (
        number("events", "Events", HISTORY, _EVENTS, GRID),
        Panel(
            "history",
            "What happened",
            HISTORY,
            BARS_UP,
            (over_time("at", "when"), top("event", "event", _EVENTS), _EVENTS),
            GRID,
        ),
    ),
    ("linernotes-search-history",),
)

BOARDS: tuple[Board, ...] = (SETS, SYSTEM, REASONS, EVENTS)
