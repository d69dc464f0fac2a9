"""Where a track is made of one row alone, id and hash of the row tell that it is as it was, without normalising it."""

import polars as pl

from indexer.encode import MAX_ID_BYTES
from indexer.records import SOURCE_ROW, Source
from indexer.sketch import ID, RAW, hashed_id
from indexer.sources.table import Table
from mappings.track import SOURCE_ID


def rowwise(source: Source) -> Table | None:
    """Return the source if each of its tracks is made of one row alone; None where rows are merged, or others are read.

    >>> from indexer.sources import SOURCES
    >>> [name for name, source in SOURCES.items() if rowwise(source)]
    ['laion-disco-12m', 'sleeping-disco-9m']
    """
    if not isinstance(source, Table) or source.merge is not None:
        return None
    return source if all(isinstance(entry.value, pl.Expr) for entry in source.given) else None


def hashed(raw: pl.DataFrame) -> pl.DataFrame:
    """Return source row and hash of each raw row.

    A hash is only ever compared with that of another release's row. Where another version of this program made it,
    none is equal: each row is normalised then, and told unchanged by its fingerprint.
    """
    return raw.select(SOURCE_ROW, pl.struct(pl.all().exclude(SOURCE_ROW)).hash(0).alias(RAW))


def identified(table: Table, raw: pl.DataFrame) -> pl.DataFrame:
    """Return source row, hash and id of each raw row; the id is null where normalising will reject the row."""
    given = next(entry.value for entry in table.given if entry.field == SOURCE_ID)
    absent = [pl.lit(None, pl.String).alias(name) for name in table.wanted if name not in raw.columns]
    if not isinstance(given, pl.Expr):
        raise TypeError(f"{table.dataset} has no id of its own rows")
    ids = raw.with_columns(absent).select(given.cast(pl.String).alias(SOURCE_ID))
    size = len(table.dataset.encode()) + 1 + pl.col(SOURCE_ID).str.len_bytes()
    known = table.identified(pl.col(SOURCE_ID)).fill_null(value=False) & (size <= MAX_ID_BYTES)
    return pl.concat(
        [hashed(raw), ids.select(pl.when(known).then(hashed_id(pl.col(SOURCE_ID))).alias(ID))], how="horizontal"
    )
