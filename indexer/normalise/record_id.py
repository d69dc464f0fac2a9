"""The id of a track whose data set has none: a hash of the canonical record.

It is the same in each release, on each machine, and with each version of Polars, whose own hashes are not. What
changes while a recording stays the same is left out: how often it was played, and what this program finds out.
"""

import polars as pl
import polars_hash

from mappings.track import (
    ALBUM,
    ALBUM_ID,
    ARTIST_IDS,
    ARTISTS,
    CONTRIBUTORS,
    DURATION_S,
    EXPLICIT,
    GENRE_PATH,
    LICENCE_RAW,
    RELEASE_DATE,
    TAGS,
    TITLE,
    URL,
    VIDEO_IDS,
    YEAR,
)

LENGTH = 24
"""Hexadecimal digits. With 96 bits, two of a thousand million records are the same once in 10**11 times."""

_TEXTS = (TITLE, ALBUM, ALBUM_ID, URL, LICENCE_RAW)
_LISTS = (ARTISTS, ARTIST_IDS, CONTRIBUTORS, VIDEO_IDS, TAGS, GENRE_PATH)
_FIELD, _MEMBER = "\x1f", "\x1e"


def record_id() -> pl.Expr:
    """Return the id of each canonical track."""
    texts = [pl.col(name) for name in _TEXTS]
    lists = [pl.col(name).list.join(_MEMBER) for name in _LISTS]
    milliseconds = (pl.col(DURATION_S).cast(pl.Float64) * 1000).round().cast(pl.Int64)
    day = pl.col(RELEASE_DATE).dt.to_string("%Y-%m-%d")
    others = [day, *(value.cast(pl.String) for value in (pl.col(YEAR), milliseconds, pl.col(EXPLICIT)))]
    pieces = [piece.fill_null("") for piece in (*texts, *lists, *others)]
    return polars_hash.concat_str(pieces, separator=_FIELD).chash.sha2_256().str.head(LENGTH)
