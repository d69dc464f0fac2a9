"""The difference between the current generation and a new release: joined by id, confirmed by fingerprint, counted."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import orjson
import polars as pl
from elasticsearch import Elasticsearch

from indexer.cluster.status import CurrentGeneration
from indexer.documents.bulk_body import EVIDENCE, LINE
from indexer.documents.digest import ID, NO_RAW, PRINT, RAW, hashed_id
from indexer.load.plan import PlannedFile
from indexer.records import SOURCE_ROW, RawBatch, Totals
from indexer.update.read_current import matching, read_digests, read_index
from indexer.update.read_release import Release
from indexer.update.strategy import Difference, Example, UpdateContext
from indexer.update.workdir import BEFORE, CHANGES, NEW, OLD, ORDINAL, REMOVED, SUSPECT, UNCHANGED, WITHOUT_ID, WorkDir
from mappings.errors import CheckFailedError
from mappings.index_names import Generation
from mappings.track import ARTISTS, FINGERPRINT, SEARCH_ONLY, SOURCE_ID, TITLE

BATCH_ROWS = 20_000
"""Rows that are normalised at once: as for a chunk, 30 ms go before the first row (`readers.parquet_reader`)."""
CHUNKS = 40
"""Chunks of which the suspects are looked up at once: two million rows."""

EXAMPLES = 5
LOOKED_AT = 1_000
"""Changed tracks whose fields are compared; where there are more, that is said."""

TERMS = 250_000
"""Fingerprints that are looked for at once. They have no index, so each time the column is scanned."""

FIRST_REMOVED = "removed-first"
"""Ids of the first batch, which the examples are of: not to be looked for twice."""

_IS_REMOVED = f"params.removed.containsKey(Long.toString(doc['{FINGERPRINT}'].value))"
_NO_FIELD = {*EVIDENCE, FINGERPRINT, *SEARCH_ONLY}


@dataclass(frozen=True)
class Compared:
    """The new release against the current generation: totals and difference; the work directory has the records."""

    current: CurrentGeneration
    release: Release
    totals: Totals
    difference: Difference

    @property
    def epoch(self) -> int:
        """Return the epoch of the documents that have to be sent."""
        return self.current.epoch + 1


def compare(context: UpdateContext, current: CurrentGeneration, work: WorkDir) -> Compared:
    """Return the difference, exactly counted; memory does not depend on the size of either side."""
    client, generation = context.client, current.generation
    context.step("reading the current generation")
    has_digests = read_digests(client, generation, current.meta, current.plan, work)
    if not has_digests:
        read_index(client, generation, work)
    source = context.plan.source
    # An equal row may mean something else by another declaration.
    same_meaning = source.row_independent and current.meta.get("declaration", "") == source.definition
    release = Release(context.plan, has_digests and same_meaning)
    context.step("reading the new release")
    read = release.digest(work, context.progress)
    context.step("comparing")
    joined = join(work, by_row=release.by_row)
    confirmed = confirm(release, work, current.epoch + 1)
    totals = read + Totals(indexed=joined["new"] - read.indexed, duplicates=read.indexed - joined["new"])
    unchanged = joined[UNCHANGED] + confirmed["same"]
    difference = Difference(confirmed["added"], confirmed["changed"], joined[REMOVED], unchanged)
    if difference.documents != joined["new"] or totals.missing:
        what = f"{joined['new']:,} ids, {difference.documents:,} in the difference, {totals.missing:,} records missing"
        hint = f"Load it: linernotes load {context.dataset} PATH..."
        raise CheckFailedError(f"The comparison does not add up: {what}.", hint)
    return Compared(current, release, totals, replace(difference, **_details(client, generation, work)))


def join(work: WorkDir, *, by_row: bool) -> Counter[str]:
    """Sort records into unchanged, suspect and removed; return how many of each, and how many distinct `new` ids."""
    parts, counts = work.parted(NEW, OLD), Counter[str]()
    for new, old in zip(work.parts(NEW, parts), work.parts(OLD, parts), strict=True):
        counts.update(_join_part(work, new, old, by_row=by_row))
    work.clear(NEW)
    work.clear(OLD)
    return counts


def _join_part(work: WorkDir, new: pl.DataFrame, old: pl.DataFrame, *, by_row: bool) -> dict[str, int]:
    """Join one part; of several records with one id the first counts, on both sides."""
    old = old.unique(ID, keep="first", maintain_order=True)
    if new.is_empty():
        work.put(REMOVED, old.select(ID, PRINT))
        return {"new": 0, UNCHANGED: 0, REMOVED: old.height}
    new = new.unique(ID, keep="first", maintain_order=True)
    before = old.select(ID, pl.col(PRINT).alias(BEFORE), pl.col(RAW).alias("raw_before"))
    both = new.join(before, on=ID, how="left", maintain_order="left")
    # A record is as it was if its raw row is, where these are known, else if its fingerprint is.
    equal_rows = (pl.col(RAW) == pl.col("raw_before")) & (pl.col(RAW) != NO_RAW)
    same = (equal_rows if by_row else pl.col(PRINT) == pl.col(BEFORE)).fill_null(value=False)
    unchanged, removed = both.filter(same), old.join(new, on=ID, how="anti")
    work.put(UNCHANGED, unchanged.select(ORDINAL, SOURCE_ROW, ID, pl.col(BEFORE).alias(PRINT), RAW))
    work.put(SUSPECT, both.filter(~same).select(ORDINAL, SOURCE_ROW, ID, RAW, BEFORE))
    work.put(REMOVED, removed.select(ID, PRINT))
    return {"new": new.height, UNCHANGED: unchanged.height, REMOVED: removed.height}


def confirm(release: Release, work: WorkDir, epoch: int) -> Counter[str]:
    """Normalise suspects, and put those that differ among the changes; return how many are added, changed, the same."""
    counts = Counter[str]()
    waiting: list[tuple[PlannedFile, RawBatch, pl.DataFrame]] = []
    for entry, raw, suspects in _suspects(release, work):
        full = sum(batch.frame.height for _, batch, _ in waiting) > BATCH_ROWS
        # Without `by_row`, what becomes of a row may depend on others of its chunk.
        if waiting and (full or waiting[0][0] is not entry or not release.by_row):
            counts.update(_confirm(release, work, waiting, epoch))
            waiting = []
        waiting.append((entry, raw, suspects))
    if waiting:
        counts.update(_confirm(release, work, waiting, epoch))
    return counts


def _suspects(release: Release, work: WorkDir) -> Iterator[tuple[PlannedFile, RawBatch, pl.DataFrame]]:
    """Yield the chunks that have suspects, and these; with `by_row` only the suspects' rows."""
    chunks = list(release.chunks())
    for start in range(0, len(chunks), CHUNKS):
        some = chunks[start : start + CHUNKS]
        inside = pl.col(ORDINAL).is_between(some[0][0], some[-1][0])
        parts = [work.where(name, inside) for name in (SUSPECT, WITHOUT_ID)]
        suspects = pl.concat([part for part in parts if part is not None] or [pl.DataFrame()], how="diagonal")
        by_chunk = suspects.partition_by(ORDINAL, as_dict=True) if suspects.height else {}
        for ordinal, entry, chunk in some:
            if (own := by_chunk.get((ordinal,))) is not None:
                raw = entry.read(chunk)
                if release.by_row:
                    raw = RawBatch(raw.frame.join(own, on=SOURCE_ROW, how="semi", maintain_order="left"))
                yield entry, raw, own


def _confirm(
    release: Release, work: WorkDir, batches: Sequence[tuple[PlannedFile, RawBatch, pl.DataFrame]], epoch: int
) -> dict[str, int]:
    entry, raw, _ = batches[0]
    if len(batches) > 1:
        raw = RawBatch(pl.concat([batch.frame for _, batch, _ in batches]))
    suspects = pl.concat([part for _, _, part in batches], how="diagonal")
    batch = entry.tracks(raw)
    if release.by_row:
        work.reject(batch.rejections)
    suspects = suspects.filter(pl.col(ID).is_not_null()) if ID in suspects.columns else suspects.clear()
    if suspects.is_empty():
        return {}
    tracks = batch.tracks.join(suspects, on=SOURCE_ROW, how="semi", maintain_order="left")
    made = entry.lines(tracks, epoch)
    sent = tracks.select(SOURCE_ROW, SOURCE_ID, hashed_id(pl.col(SOURCE_ID))).with_columns(
        made[LINE], made[FINGERPRINT].alias(PRINT)
    )
    both = sent.join(suspects.drop(ID), on=SOURCE_ROW, how="inner", maintain_order="left")
    changes = both.filter(pl.col(BEFORE).is_null() | (pl.col(BEFORE) != pl.col(PRINT)))
    same = both.filter(pl.col(BEFORE) == pl.col(PRINT)).select(ORDINAL, SOURCE_ROW, ID, PRINT, RAW)
    work.put(CHANGES, changes)
    work.put(UNCHANGED, same)
    added = changes[BEFORE].null_count()
    return {"added": added, "changed": changes.height - added, "same": same.height}


def _details(client: Elasticsearch, current: Generation, work: WorkDir) -> dict[str, Any]:
    """Return `fields`, `looked_at` and `examples` of a difference."""
    added = _first_changes(work, pl.col(BEFORE).is_null(), EXAMPLES)
    changed = _first_changes(work, pl.col(BEFORE).is_not_null(), LOOKED_AT)
    before = _documents(client, current, list(changed))
    fields = {name: _changed_fields(before[name], now) for name, now in changed.items() if name in before}
    counts = Counter(name for names in fields.values() for name in names)
    removed = next(removed_ids(client, current, work), [])
    work.put(FIRST_REMOVED, pl.DataFrame({"_id": pl.Series(removed, dtype=pl.String)}))
    examples = {
        "added": [_example(name, document) for name, document in added.items()],
        "changed": [_example(name, changed[name], fields[name]) for name in list(fields)[:EXAMPLES]],
        "removed": [_example(*entry) for entry in _documents(client, current, removed[:EXAMPLES]).items()],
    }
    return {"fields": dict(counts.most_common()), "looked_at": len(fields), "examples": examples}


def _first_changes(work: WorkDir, condition: pl.Expr, most: int) -> dict[str, dict[str, Any]]:
    """Return the first documents that are to be sent of one kind, by id."""
    documents: dict[str, dict[str, Any]] = {}
    for frame in work.frames(CHANGES):
        for line in frame.filter(condition)[LINE].head(most - len(documents)):
            action, document = line.split("\n", 1)
            documents[orjson.loads(action)["index"]["_id"]] = orjson.loads(document)
        if len(documents) >= most:
            break
    return documents


def _documents(client: Elasticsearch, current: Generation, ids: list[str]) -> dict[str, Any]:
    documents = client.mget(index=current.index, ids=ids)["docs"] if ids else []
    return {entry["_id"]: entry["_source"] for entry in documents if entry.get("found")}


def _changed_fields(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return the fields that differ, those apart that are made of others for searching only.

    >>> _changed_fields({"title": "a", "source_row": 1}, {"title": "b", "year": 1999, "source_row": 2})
    ['title', 'year']
    """
    return sorted(name for name in (before.keys() | now.keys()) - _NO_FIELD if before.get(name) != now.get(name))


def _example(name: str, document: Mapping[str, Any], fields: Sequence[str] = ()) -> Example:
    return Example(name, document.get(TITLE), document.get(ARTISTS) or (), fields)


def removed_ids(client: Elasticsearch, current: Generation, work: WorkDir, skip: int = 0) -> Iterator[list[str]]:
    """Yield the `_id` of removed tracks, in batches of `TERMS`, leaving out the first `skip`.

    Their digests have hashes only: fingerprints lead to the documents. Raises CheckFailedError where one is missing.
    """
    for batch in islice(_batches(work.frames(REMOVED)), skip, None):
        yield _find(client, current, batch)


def _batches(frames: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    waiting = pl.DataFrame()
    for frame in frames:
        waiting = pl.concat([waiting, frame], how="diagonal")
        while waiting.height >= TERMS:
            yield waiting.head(TERMS)
            waiting = waiting.slice(TERMS)
    if waiting.height:
        yield waiting


def _find(client: Elasticsearch, current: Generation, removed: pl.DataFrame) -> list[str]:
    params = {"removed": dict.fromkeys(map(str, removed[PRINT]), 1)}
    query = {"bool": {"filter": [{"script": {"script": {"source": _IS_REMOVED, "params": params}}}]}}
    ids: list[str] = []
    for names in matching(client, current.index, query):
        own = pl.Series(SOURCE_ID, [name.removeprefix(f"{current.dataset}:") for name in names])
        is_removed = pl.DataFrame([own]).select(hashed_id(pl.col(SOURCE_ID)).is_in(removed[ID].implode())).to_series()
        ids += [name for name, listed in zip(names, is_removed, strict=True) if listed]
    if len(ids) != removed.height:
        raise CheckFailedError(
            f"{removed.height - len(ids):,} of the tracks to be removed are not in {current.index}.",
            "Build afresh: run the same with --way afresh.",
        )
    return ids
