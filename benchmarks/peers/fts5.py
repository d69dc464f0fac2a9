"""SQLite FTS5, as its documentation recommends: a tokenizer of its own, bm25, user words as quoted strings."""

import re
import sqlite3
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import polars as pl

from benchmarks.peers import SIZE, Peer, looser

UNICODE61 = "unicode61 remove_diacritics 2"
"""What Datasette's sqlite-utils uses, but for remove_diacritics 2, which its documentation calls the better."""

TRIGRAM = "trigram"

_SHORTEST = {UNICODE61: 1, TRIGRAM: 3}
"""Letters from which a word can be asked; the documentation says that a trigram index finds nothing shorter."""

_WORDS = re.compile(r"[^\W_]+")
_FIELDS = "title, artists, album, contributors"
_STATEMENT = (
    "SELECT tracks.id FROM found JOIN tracks ON tracks.rowid = found.rowid "
    f"WHERE found MATCH ? ORDER BY rank LIMIT {SIZE}"
)


def build(tracks: pl.DataFrame, tokenizer: str, file: Path) -> Peer:
    """Index title, artists, album and contributors, a column each, and return what asks them."""
    file.unlink(missing_ok=True)
    made = sqlite3.connect(file)
    made.execute("PRAGMA journal_mode = OFF")
    made.execute("PRAGMA synchronous = OFF")
    made.execute("CREATE TABLE tracks (id TEXT)")
    made.execute(f"CREATE VIRTUAL TABLE found USING fts5({_FIELDS}, content='', tokenize='{tokenizer}')")
    made.executemany("INSERT INTO tracks (rowid, id) VALUES (?, ?)", enumerate(tracks["id"], 1))
    made.executemany(f"INSERT INTO found (rowid, {_FIELDS}) VALUES (?,?,?,?,?)", _rows(tracks))
    made.execute("INSERT INTO found(found) VALUES ('optimize')")
    made.commit()
    return partial(_ask, made, _SHORTEST[tokenizer])


def _rows(tracks: pl.DataFrame) -> Iterable[tuple[int, str, str, str, str]]:
    named = tracks.select("title", "artists", "album", "contributors").iter_rows()
    for number, (title, artists, album, guests) in enumerate(named, 1):
        yield number, title or "", ", ".join(artists), album or "", ", ".join(guests)


def _ask(made: sqlite3.Connection, shortest: int, text: str) -> list[str]:
    words = [f'"{word}"' for word in dict.fromkeys(_WORDS.findall(text)) if len(word) >= shortest]
    if not words:
        return []
    return looser([partial(_matching, made, f" {link} ".join(words)) for link in ("AND", "OR")])


def _matching(made: sqlite3.Connection, expression: str) -> list[str]:
    return [found for (found,) in made.execute(_STATEMENT, (expression,))]
