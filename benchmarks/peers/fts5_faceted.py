"""SQLite FTS5 with facets as Datasette does them: a count and a `group by` for each facet over the same inner query.

The statements are Datasette's (`datasette/facets.py`, `ColumnFacet` and `ArrayFacet`; `views/table.py`): full text by
`rowid in (select rowid ... match ...)`, a total, a list of several values kept as a JSON array. Two things are
kinder to it than it is to itself: `sqlite-utils` would not sort by rank, but hits without an order are no search, so
they come by bm25; and its limit of 200 ms a facet, after which it shows none, is the caller's. As its manual says, each
facet column has an index.
"""

import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import polars as pl

import queries
from benchmarks.peers.fts5 import UNICODE61
from queries.facets.table import FACETS

SIZE = 21
"""Hits and values asked for: a page of 20, and one more that tells whether there is another."""

VALUES = 51
_FIELDS = "title, artists, album, contributors"
_FACETS = queries.DEFAULT_FACETS
_SEVERAL = tuple(name for name in _FACETS if FACETS[name].multi_valued)
_FILE = "tracks.db"
_WORDS = re.compile(r"[^\W_]+")
_MATCHED = "SELECT * FROM tracks WHERE rowid IN (SELECT rowid FROM found WHERE found MATCH :words)"
_RANKED = (
    f"SELECT tracks.* FROM found JOIN tracks ON tracks.rowid = found.rowid "
    f"WHERE found MATCH :words ORDER BY rank LIMIT {SIZE}"
)
_ALL, _FIRST = "SELECT * FROM tracks", f"SELECT * FROM tracks ORDER BY rowid LIMIT {SIZE}"


def build(blocks: Iterator[pl.DataFrame], folder: Path) -> None:
    """Write the tracks into a table with an index for each facet and a full-text index over the names."""
    made = sqlite3.connect(folder / _FILE)
    for setting in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -200000"):
        made.execute(f"PRAGMA {setting}")
    columns = ("id", *_FIELDS.split(", "), *_FACETS)
    made.execute(f"CREATE TABLE tracks ({', '.join(columns)})")
    places = ", ".join("?" * len(columns))
    for block in blocks:
        made.executemany(f"INSERT INTO tracks VALUES ({places})", _rows(block).select(columns).iter_rows())
    for facet in _FACETS:
        made.execute(f"CREATE INDEX by_{facet} ON tracks ({facet})")
    made.execute(f"CREATE VIRTUAL TABLE found USING fts5({_FIELDS}, content='tracks', tokenize='{UNICODE61}')")
    made.execute("INSERT INTO found(found) VALUES ('rebuild')")
    made.execute("INSERT INTO found(found) VALUES ('optimize')")
    made.execute("ANALYZE")
    made.commit()
    made.close()


def _rows(block: pl.DataFrame) -> pl.DataFrame:
    names = [pl.col(name).list.join(", ") for name in ("artists", "contributors")]
    arrays = [
        pl.when(pl.col(name).list.len() > 0)
        .then('["' + pl.col(name).list.join('","') + '"]')  # genre families hold no quotation marks
        .alias(name)
        for name in _SEVERAL
    ]
    return block.with_columns(*names, *arrays)


def opened(folder: Path, limit_s: float) -> Callable[[str], int]:
    """Return what asks the file, in memory as far as the machine lets it."""
    made = sqlite3.connect(f"file:{folder / _FILE}?mode=ro", uri=True)
    made.execute("PRAGMA cache_size = -500000")
    made.execute("PRAGMA mmap_size = 30000000000")
    return partial(_ask, made, limit_s)


def _ask(made: sqlite3.Connection, limit_s: float, text: str) -> int:
    words = " ".join(f'"{word}"' for word in dict.fromkeys(_WORDS.findall(text)))
    if text and not words:
        return 0
    inner, first = (_MATCHED, _RANKED) if words else (_ALL, _FIRST)
    end = time.monotonic() + limit_s
    made.set_progress_handler(lambda: time.monotonic() > end, 100_000)
    given = {"words": words}
    try:
        made.execute(first, given).fetchall()
        (total,) = made.execute(f"SELECT count(*) FROM ({inner})", given).fetchone()
        for facet in _FACETS:
            made.execute(_by_item(facet, inner) if facet in _SEVERAL else _by_value(facet, inner), given).fetchall()
    except sqlite3.OperationalError as error:
        if "interrupted" not in str(error):
            raise
        return -1
    return int(total)


def _by_value(facet: str, inner: str) -> str:
    return (
        f"SELECT {facet} AS value, count(*) AS count FROM ({inner}) WHERE {facet} IS NOT NULL "
        f"GROUP BY {facet} ORDER BY count DESC, value LIMIT {VALUES}"
    )


def _by_item(facet: str, inner: str) -> str:
    return (
        f"WITH inner AS ({inner}), deduped_array_items AS (SELECT DISTINCT j.value, inner.* "
        f"FROM json_each([inner].{facet}) j JOIN inner) SELECT value, count(*) AS count FROM deduped_array_items "
        f"GROUP BY value ORDER BY count(*) DESC, value LIMIT {VALUES}"
    )
