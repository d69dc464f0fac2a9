"""The sketch of a generation: 24 bytes for each track, from which the next release's difference is computed.

Id, content and published row, a 64-bit hash of each. It lies in the ledger, a document for each stretch, so that an
update reads 24 MB for a million tracks instead of a million documents, on whatever machine it runs.

Of 12.3 million ids two have the same hash with a probability of 4 in a million; an update would then count one track
less than the index holds, and its gates stop it. A changed row is taken for unchanged with a probability of 2**-64.
"""

import base64
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl
from elasticsearch import Elasticsearch

from indexer.ledger import Key, Ledger
from mappings.index_names import Generation
from mappings.index_names import ledger as ledger_index
from mappings.track import SOURCE_ID, SOURCE_ROW

ID, PRINT, RAW = "id_hash", "print", "raw_hash"
SCHEMA = {ID: pl.UInt64(), PRINT: pl.Int64(), RAW: pl.UInt64()}

NO_RAW = 0
"""Stands for the published row where the track is made of more than that one row."""

KIND = "sketch"
PAGE = 8
"""Documents in one answer: 13 MB where each has 50,000 tracks."""


def hashed_id(source_id: pl.Expr) -> pl.Expr:
    """Return 64 bits for each id of a data set."""
    return source_id.hash(0).alias(ID)


def sketch(tracks: pl.DataFrame, prints: Sequence[pl.Series], raw: pl.DataFrame | None) -> pl.DataFrame:
    """Return the sketch of a stretch, with the source row: of tracks, their fingerprints, and raw rows' hashes."""
    own = tracks.select(SOURCE_ROW, hashed_id(pl.col(SOURCE_ID)))
    found = own.with_columns((pl.concat(prints) if prints else pl.Series([], dtype=pl.Int64)).alias(PRINT))
    if raw is None:
        return found.with_columns(pl.lit(NO_RAW, pl.UInt64).alias(RAW))
    return found.join(raw, on=SOURCE_ROW, how="left", maintain_order="left").with_columns(pl.col(RAW).fill_null(NO_RAW))


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


def keep(books: Ledger, generation: Generation, key: Key, frame: pl.DataFrame) -> None:
    """Write a sketch into the ledger; writing it again replaces it."""
    document: dict[str, Any] = {
        "kind": KIND,
        "generation": generation.index,
        "file": key.file,
        "number": key.number,
        "sketch": pack(frame),
    }
    name = f"{generation.index}/{KIND}/{key.file}/{key.number}"
    books.client.index(index=books.index, id=name, document=document)


def read(client: Elasticsearch, generation: Generation) -> Iterator[pl.DataFrame]:
    """Yield a generation's sketches in the order of its source files; none for one that has none."""
    index = ledger_index(generation.prefix)
    client.indices.refresh(index=index)
    query = {"bool": {"filter": [{"term": {"kind": KIND}}, {"term": {"generation": generation.index}}]}}
    sort: list[Any] = [{"file": "asc"}, {"number": "asc"}]
    after: list[Any] | None = None
    while True:
        found = _page(client, index, query, sort, after)
        yield from (unpack(hit["_source"]["sketch"]) for hit in found)
        if len(found) < PAGE:
            return
        after = found[-1]["sort"]


def distinct_ids(client: Elasticsearch, generation: Generation) -> int:
    """Count the distinct ids among all records of a generation that were accepted: 8 bytes of memory for each record.

    It is what the index must hold, counted without asking the index.
    """
    every = bytearray()  # grows in its place
    for frame in read(client, generation):
        every += frame[ID].to_numpy().tobytes()
    ids = np.frombuffer(every, np.uint64)
    ids.sort()  # in its place, too; a set of as many would take ten times the memory
    return int(np.count_nonzero(ids[1:] != ids[:-1])) + int(ids.size > 0)


def _page(
    client: Elasticsearch, index: str, query: Any, sort: list[Any], after: list[Any] | None
) -> list[dict[str, Any]]:
    found = client.search(
        index=index, query=query, sort=sort, search_after=after, size=PAGE, source_includes=["sketch"]
    )
    return list(found["hits"]["hits"])


_TYPES = tuple(SCHEMA.items())
