"""The last steps before encoding, the same for all data sets: evidence, search fields, one record for each id."""

import polars as pl

from indexer.documents.bulk_body import MAX_ID_BYTES
from indexer.records import Chunk, RawBatch, Rejection, Totals, TrackBatch
from mappings.spelling.columns import search_fields
from mappings.track import DATASET, SOURCE_FILE, SOURCE_ID, SOURCE_ROW


def cut(raw: RawBatch, chunk: Chunk) -> RawBatch:
    """Return only the records that the plan wants of a chunk; all, but where `--limit` ends in it."""
    if raw.frame.height + len(raw.rejections) + raw.skipped == chunk.rows:
        return raw
    end = chunk.first_row + chunk.rows
    rejections = tuple(entry for entry in raw.rejections if entry.row < end)
    frame = raw.frame.filter(pl.col(SOURCE_ROW) < end)
    return RawBatch(frame, rejections, chunk.rows - frame.height - len(rejections))


def ready(batch: TrackBatch, file: str) -> TrackBatch:
    """Return the batch as it is encoded: first record of each id, ids that Elasticsearch takes, search fields."""
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


def known(batch: TrackBatch) -> Totals:
    """Return the counts that are known before anything is sent."""
    return Totals(read=batch.read, duplicates=batch.duplicates, skipped=batch.skipped, rejected=len(batch.rejections))


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
