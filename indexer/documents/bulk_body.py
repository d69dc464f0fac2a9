"""Canonical tracks to finished `_bulk` bodies, a column at a time: search fields, JSON, fingerprints, versions."""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from indexer.records import Rejection, TrackBatch
from mappings.languages import CODES
from mappings.spelling.columns import search_fields
from mappings.track import (
    DATASET,
    FINGERPRINT,
    LANGUAGE,
    REVISION,
    SOURCE_FILE,
    SOURCE_ID,
    SOURCE_ROW,
    TITLE,
    TITLE_BY_LANGUAGE,
)

LINE = "line"

MAX_ID_BYTES = 512
"""Elasticsearch's own limit of an `_id`; one longer id would fail the whole request."""

PIECE = 12_500
"""Tracks that are encoded at once. All 50,000 of a chunk take 120 MB more at their peak, and no less time."""

FILES_LIMIT = 2**16
ROWS_LIMIT = 2**34
EPOCH = FILES_LIMIT * ROWS_LIMIT
"""One release's share of version numbers; 2**13 updates in a row fit into a long, then a full load is due."""

EVIDENCE = (REVISION, SOURCE_FILE, SOURCE_ROW)
"""Provenance, excluded from the fingerprint."""
_NO_CONTENT = (*EVIDENCE, FINGERPRINT)


@dataclass(frozen=True)
class Body:
    """One `_bulk` body: `count` pairs of action and document lines, and the source row of each.

    `prints` are the documents' fingerprints, where `encode` made the body.
    """

    body: bytes
    rows: pl.Series
    prints: pl.Series | None = None

    @property
    def count(self) -> int:
        """Return the number of documents."""
        return self.rows.len()

    def lines(self) -> list[bytes]:
        """Return action and document lines, two for each document; only needed when something failed."""
        return self.body.split(b"\n")

    def pick(self, positions: list[int]) -> "Body":
        """Return the documents at these positions as a body of their own."""
        lines = self.lines()
        picked = [line for position in positions for line in lines[2 * position : 2 * position + 2]]
        return Body(b"\n".join(picked), self.rows.gather(positions))

    def halves(self) -> tuple["Body", "Body"]:
        """Return both halves of a body that is too large for the server."""
        middle = self.count // 2
        return self.pick(list(range(middle))), self.pick(list(range(middle, self.count)))


def version(file_number: int, row: int, epoch: int = 0) -> int:
    """Return the external version of a record: the earlier the record, the higher, and any later release higher still.

    So of several records with one id the first wins, in whatever order they arrive, and sending one of them
    twice changes nothing. `epoch` counts the releases that were applied one upon another to the same index.

    >>> version(0, 1, epoch=1) > version(0, 1) > version(0, 2) > version(1, 1) > 0
    True
    """
    return (epoch + 1) * EPOCH - file_number * ROWS_LIMIT - row


def row_of(version_number: int) -> tuple[int, int]:
    """Return the file number and row of an external version.

    >>> row_of(version(3, 77))
    (3, 77)
    """
    file_number, row = divmod(-version_number % EPOCH, ROWS_LIMIT)
    return file_number, row


def finalise(batch: TrackBatch, file: str) -> TrackBatch:
    """Return a batch as it is encoded: the first record of each id, ids that Elasticsearch accepts, search fields."""
    tracks = batch.tracks.with_columns(pl.lit(file).alias(SOURCE_FILE))
    tracks, rejections = _without_long_ids(tracks, file)
    first = tracks
    if tracks[SOURCE_ID].n_unique() < tracks.height:
        first = tracks.sort(SOURCE_ROW).unique(SOURCE_ID, keep="first", maintain_order=True)
    return TrackBatch(
        tracks=first.with_columns(**search_fields(first)),
        read=batch.read,
        duplicates=batch.duplicates + tracks.height - first.height,
        skipped=batch.skipped,
        rejections=batch.rejections + rejections,
        changed=batch.changed,
    )


def _without_long_ids(tracks: pl.DataFrame, file: str) -> tuple[pl.DataFrame, tuple[Rejection, ...]]:
    """Set aside records whose `_id` would be too long: Elasticsearch would refuse the whole request for one."""
    size = pl.col(DATASET).str.len_bytes() + 1 + pl.col(SOURCE_ID).str.len_bytes()
    long = tracks.filter(size > MAX_ID_BYTES)
    if long.is_empty():
        return tracks, ()
    reason = f"the id is longer than {MAX_ID_BYTES} bytes, Elasticsearch's limit"
    rejections = tuple(
        Rejection(file, row, "id_too_long", reason, record=identifier)
        for row, identifier in long.select(SOURCE_ROW, SOURCE_ID).iter_rows()
    )
    return tracks.filter(size <= MAX_ID_BYTES), rejections


def encode(tracks: pl.DataFrame, file_number: int, max_bytes: int) -> Iterator[Body]:
    """Yield bodies of at most `max_bytes` (more only where one document alone is larger)."""
    for piece in tracks.iter_slices(PIECE):
        made = lines(piece, file_number)
        yield from bodies(made[LINE], piece[SOURCE_ROW], max_bytes, made[FINGERPRINT])


def bodies(made: pl.Series, rows: pl.Series, max_bytes: int, prints: pl.Series | None = None) -> Iterator[Body]:
    """Yield bodies of finished lines, each an action and its document."""
    for offset, length in _cuts(made, max_bytes):
        # As bytes, not as a Python string, which would be decoded and encoded again.
        joined = made.slice(offset, length).str.join("\n").cast(pl.Binary).item()
        yield Body(joined, rows.slice(offset, length), None if prints is None else prints.slice(offset, length))


def lines(tracks: pl.DataFrame, file_number: int, epoch: int = 0) -> pl.DataFrame:
    """Return action and document of each track, as one text with a line feed between them, and its fingerprint."""
    columns = [name for name in tracks.columns if tracks[name].null_count() < tracks.height]
    content = [name for name in columns if name not in _NO_CONTENT]
    evidence = [name for name in columns if name in EVIDENCE]
    return (
        tracks.lazy()
        .select(
            action=_action(file_number, epoch),
            titles=_title_by_language(),
            content=_content(tracks, content),
            evidence=_json(evidence),
        )
        .with_columns(_fingerprint(pl.col("content")))
        .select(
            pl.concat_str(
                "action",
                "titles",
                _unbraced(pl.col("content")),
                pl.lit(f',"{FINGERPRINT}":'),
                FINGERPRINT,
                pl.lit(","),
                pl.col("evidence").str.slice(1),
            ).alias(LINE),
            FINGERPRINT,
        )
        .collect()
    )


def _fingerprint(content: pl.Expr) -> pl.Expr:
    # 48 bits: a number that every JSON parser keeps, and six bytes a track in its column.
    return (content.hash(0) // 2**16).cast(pl.Int64).alias(FINGERPRINT)


def _json(columns: list[str]) -> pl.Expr:
    return pl.struct(columns).struct.json_encode()


def _unbraced(json: pl.Expr) -> pl.Expr:
    return json.str.slice(1).str.head(-1)


def _content(tracks: pl.DataFrame, columns: list[str]) -> pl.Expr:
    """Return the JSON of columns without nulls, so that it is the same whatever columns a batch has.

    Neighbours without a null are encoded together, any other column by itself. The first column holds no null.
    """
    pieces: list[pl.Expr] = []
    complete: list[str] = []
    for name in columns:
        if not tracks[name].null_count():
            complete.append(name)
            continue
        pieces += [*_members(complete), *(pl.when(pl.col(name).is_not_null()).then(e) for e in _members([name]))]
        complete = []
    pieces += _members(complete)
    return pl.concat_str(pl.lit("{"), *pieces[1:], pl.lit("}"), ignore_nulls=True)


def _members(columns: list[str]) -> list[pl.Expr]:
    return [pl.lit(","), _unbraced(_json(columns))] if columns else []


def _action(file_number: int, epoch: int) -> pl.Expr:
    action = pl.struct(
        pl.concat_str(DATASET, pl.lit(":"), SOURCE_ID).alias("_id"),
        (version(file_number, 0, epoch) - pl.col(SOURCE_ROW).cast(pl.Int64)).alias("version"),
        pl.lit("external").alias("version_type"),
    )
    return pl.concat_str(pl.lit('{"index":'), action.struct.json_encode(), pl.lit("}\n"))


def _title_by_language() -> pl.Expr:
    """Return the opening brace and, for a language that has an analyzer, the title under its code."""
    title = pl.struct(t=TITLE).struct.json_encode().str.slice(len('{"t":'))
    fragment = pl.concat_str(pl.lit(f'{{"{TITLE_BY_LANGUAGE}":{{"'), pl.col(LANGUAGE), pl.lit('":'), title, pl.lit(","))
    analysed = pl.col(LANGUAGE).is_in(CODES) & pl.col(TITLE).is_not_null()
    return pl.when(analysed).then(fragment).otherwise(pl.lit("{"))


def _cuts(made: pl.Series, max_bytes: int) -> list[tuple[int, int]]:
    """Return (offset, length) of runs of lines that stay under `max_bytes`."""
    ends = made.str.len_bytes().cast(pl.Int64).cum_sum() + pl.int_range(1, made.len() + 1, eager=True)
    cuts: list[tuple[int, int]] = []
    start, sent = 0, 0
    while start < made.len():
        stop = max(int(ends.search_sorted(sent + max_bytes, side="right")), start + 1)
        cuts.append((start, stop - start))
        start, sent = stop, int(ends[stop - 1])
    return cuts
