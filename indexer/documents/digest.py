"""The sketch of a generation: 24 bytes for each track, from which the next release's difference is computed.

Id, content and published row, a 64-bit hash of each. It lies in the ledger, a document for each chunk, so that an
update reads 24 MB for a million tracks instead of a million documents, on whatever machine it runs.

Of 12.3 million ids two have the same hash with a probability of 4 in a million; an update would then count one track
less than the index holds, and its gates stop it. A changed row is taken for unchanged with a probability of 2**-64.
"""

import base64
from collections.abc import Sequence

import numpy as np
import polars as pl

from indexer.documents.bulk_body import MAX_ID_BYTES
from mappings.track import SOURCE_ID, SOURCE_ROW

ID, PRINT, RAW = "id_hash", "print", "raw_hash"
SCHEMA = {ID: pl.UInt64(), PRINT: pl.Int64(), RAW: pl.UInt64()}

NO_RAW = 0
"""In place of a row hash where a track is made of more than one row."""


def hashed_id(source_id: pl.Expr) -> pl.Expr:
    """Return 64 bits for each id of a data set."""
    return source_id.hash(0).alias(ID)


def sketch(tracks: pl.DataFrame, prints: Sequence[pl.Series], raw: pl.DataFrame | None) -> pl.DataFrame:
    """Return the sketch of a chunk, with the source row: of tracks, their fingerprints, and raw rows' hashes."""
    own = tracks.select(SOURCE_ROW, hashed_id(pl.col(SOURCE_ID)))
    hashed = own.with_columns((pl.concat(prints) if prints else pl.Series([], dtype=pl.Int64)).alias(PRINT))
    if raw is None:
        return hashed.with_columns(pl.lit(NO_RAW, pl.UInt64).alias(RAW))
    joined = hashed.join(raw, on=SOURCE_ROW, how="left", maintain_order="left")
    return joined.with_columns(pl.col(RAW).fill_null(NO_RAW))


def pack(frame: pl.DataFrame) -> str:
    """Return a sketch as text: one column after the other, little-endian, base64.

    >>> unpack(pack(pl.DataFrame({ID: [1], PRINT: [-1], RAW: [3]}, SCHEMA))).row(0)
    (1, -1, 3)
    """
    columns = [frame[name].cast(dtype).to_numpy().astype("<i8" if name == PRINT else "<u8") for name, dtype in _TYPES]
    return base64.b64encode(b"".join(column.tobytes() for column in columns)).decode()


def unpack(text: str) -> pl.DataFrame:
    """Return a sketch that was packed."""
    data = base64.b64decode(text)
    size = len(data) // len(_TYPES)
    parts = [data[place * size : (place + 1) * size] for place in range(len(_TYPES))]
    columns = {
        name: np.frombuffer(part, "<i8" if name == PRINT else "<u8")
        for (name, _), part in zip(_TYPES, parts, strict=True)
    }
    return pl.DataFrame(columns, SCHEMA)


_TYPES = tuple(SCHEMA.items())


def row_hashes(raw: pl.DataFrame) -> pl.DataFrame:
    """Return source row and hash of each raw row.

    A hash is only ever compared with that of another release's row. Where another version of this program made it,
    none is equal: each row is normalised then, and recognised as unchanged by its fingerprint.
    """
    return raw.select(SOURCE_ROW, pl.struct(pl.all().exclude(SOURCE_ROW)).hash(0).alias(RAW))


def row_ids(raw: pl.DataFrame, dataset: str, ids: pl.Series) -> pl.DataFrame:
    """Return source row, hash and id of each raw row; the id is null where the row will be rejected."""
    size = len(dataset.encode()) + 1 + pl.col(SOURCE_ID).str.len_bytes()
    hashed = pl.when(size <= MAX_ID_BYTES).then(hashed_id(pl.col(SOURCE_ID))).alias(ID)
    return pl.concat([row_hashes(raw), ids.to_frame(SOURCE_ID).select(hashed)], how="horizontal")
