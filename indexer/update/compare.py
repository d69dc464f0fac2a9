"""The difference between the current generation and a new release: joined by id, confirmed by fingerprint, counted."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import orjson
import polars as pl
from elasticsearch import Elasticsearch

from indexer.cluster.ledger import ChunkId
from indexer.documents.bulk_body import EVIDENCE, LINE, lines
from indexer.documents.digest import ID, NO_RAW, PRINT, RAW, hashed_id
from indexer.documents.finalize import ready
from indexer.records import SOURCE_ROW, RawBatch
from indexer.update.read_current import OLD, matching
from indexer.update.read_release import NEW, ORDINAL, WITHOUT_ID, Release
from indexer.update.workdir import WorkDir
from mappings.errors import CheckFailedError
from mappings.index_names import Generation
from mappings.track import ARTISTS, FINGERPRINT, SEARCH_ONLY, SOURCE_ID, TITLE

CHANGES = "changes"

BATCH_ROWS = 20_000
"""Rows that are normalised at once: as for a chunk, 30 ms go before the first row (`readers.parquet_reader`)."""
CHUNKS = 40
"""Chunks of which the suspected rows are looked up at once: two million rows."""


@dataclass
class Found:
    """How many tracks were added and changed, how many are the same in spite of another row, how many rejected."""

    added: int = 0
    changed: int = 0
    same: int = 0
    rejected: int = 0


@dataclass
class Changes:
    """Confirms suspected records and spools the documents that have to be sent, with version numbers of `epoch`."""

    release: Release
    spool: WorkDir
    epoch: int
    found: Found = field(default_factory=Found)
    _waiting: list[tuple[pl.DataFrame, pl.DataFrame]] = field(default_factory=list, repr=False)

    def run(self) -> Found:
        """Read all chunks that have such records."""
        file = 0
        for key, raw, wanted in self._suspected():
            if key.file != file or sum(frame.height for frame, _ in self._waiting) > BATCH_ROWS:
                self._flush(file)
            file = key.file
            self._take(key, raw, wanted)
        self._flush(file)
        return self.found

    def _suspected(self) -> Iterator[tuple[ChunkId, RawBatch, pl.DataFrame]]:
        chunks = list(self.release.chunks())
        for start in range(0, len(chunks), CHUNKS):
            some = chunks[start : start + CHUNKS]
            inside = pl.col(ORDINAL).is_between(some[0][0], some[-1][0])
            parts = [self.spool.where(name, inside) for name in (SUSPECT, WITHOUT_ID)]
            found = pl.concat([part for part in parts if part is not None] or [pl.DataFrame()], how="diagonal")
            by_chunk = found.partition_by(ORDINAL, as_dict=True) if found.height else {}
            for ordinal, key, chunk in some:
                if (wanted := by_chunk.get((ordinal,))) is not None:
                    yield key, self.release.read(key, chunk), wanted

    def _take(self, key: ChunkId, raw: RawBatch, wanted: pl.DataFrame) -> None:
        if self.release.by_row:
            self._waiting.append((raw.frame.join(wanted, on=SOURCE_ROW, how="semi", maintain_order="left"), wanted))
        else:  # what becomes of a row may depend on others of its chunk
            self._confirm(key.file, raw, wanted)

    def _flush(self, file: int) -> None:
        if self._waiting:
            raws, wanted = zip(*self._waiting, strict=True)
            self._waiting = []
            self._confirm(file, RawBatch(pl.concat(raws)), pl.concat(wanted, how="diagonal"))

    def _confirm(self, file: int, raw: RawBatch, wanted: pl.DataFrame) -> None:
        """Normalise, and spool those whose fingerprint is another than before."""
        entry = self.release.plan.files[file]
        batch = ready(self.release.plan.source.normalise(raw, entry.file), entry.file.name)
        if self.release.by_row:
            self.spool.reject(batch.rejections)
            self.found.rejected += len(batch.rejections)
        suspected = wanted.filter(pl.col(ID).is_not_null()) if ID in wanted.columns else wanted.clear()
        if suspected.is_empty():
            return
        tracks = batch.tracks.join(suspected, on=SOURCE_ROW, how="semi", maintain_order="left")
        made = lines(tracks, file, self.epoch)
        sent = tracks.select(SOURCE_ROW, SOURCE_ID, hashed_id(pl.col(SOURCE_ID))).with_columns(
            made[LINE], made[FINGERPRINT].alias(PRINT)
        )
        both = sent.join(suspected.drop(ID), on=SOURCE_ROW, how="inner", maintain_order="left")
        other = both.filter(pl.col(BEFORE).is_null() | (pl.col(BEFORE) != pl.col(PRINT)))
        self.spool.put(CHANGES, other)
        self.spool.put(
            KEPT,
            both.filter(pl.col(BEFORE) == pl.col(PRINT)).select(ORDINAL, SOURCE_ROW, ID, PRINT, RAW),
        )
        added = other[BEFORE].null_count()
        self.found.added += added
        self.found.changed += other.height - added
        self.found.same += both.height - other.height


__all__ = ["CHANGES", "Changes", "Found"]


EXAMPLES = 5
LOOKED_AT = 1_000
"""Changed tracks whose fields are compared; where there are more, that is said."""

TERMS = 250_000
"""Fingerprints that are looked for at once. They have no index, so each time the whole column is gone through."""

_IS_GONE = f"params.gone.containsKey(Long.toString(doc['{FINGERPRINT}'].value))"

FIRST_GONE = "gone-first"
"""Ids of the first batch, which the examples are of: not to be looked for twice."""

_NO_FIELD = {*EVIDENCE, FINGERPRINT, *SEARCH_ONLY}


@dataclass(frozen=True)
class Example:
    """A track of the difference; `fields` are those that changed."""

    id: str
    title: str | None
    artists: Sequence[str]
    fields: Sequence[str] = ()


@dataclass(frozen=True)
class Difference:
    """How many tracks the new release adds, changes, removes, and leaves as they are.

    `fields` counts which fields changed in `looked_at` of the changed tracks.
    """

    added: int
    changed: int
    removed: int
    unchanged: int
    fields: Mapping[str, int] = field(default_factory=dict)
    looked_at: int = 0
    examples: Mapping[str, Sequence[Example]] = field(default_factory=dict)

    @property
    def touched(self) -> int:
        """Return how many tracks are not as they were."""
        return self.added + self.changed + self.removed

    @property
    def documents(self) -> int:
        """Return how many tracks there will be."""
        return self.added + self.changed + self.unchanged


def details(client: Elasticsearch, current: Generation, spool: WorkDir) -> dict[str, Any]:
    """Return `fields`, `looked_at` and `examples` of a difference."""
    added = _first(spool, pl.col(BEFORE).is_null(), EXAMPLES)
    changed = _first(spool, pl.col(BEFORE).is_not_null(), LOOKED_AT)
    before = _documents(client, current, list(changed))
    fields = {name: _changed(before[name], now) for name, now in changed.items() if name in before}
    counted = Counter(name for names in fields.values() for name in names)
    gone = next(removed(client, current, spool), [])
    spool.put(FIRST_GONE, pl.DataFrame({"_id": pl.Series(gone, dtype=pl.String)}))
    examples = {
        "added": [_example(name, document) for name, document in added.items()],
        "changed": [_example(name, changed[name], fields[name]) for name in list(fields)[:EXAMPLES]],
        "removed": [_example(*entry) for entry in _documents(client, current, gone[:EXAMPLES]).items()],
    }
    return {"fields": dict(counted.most_common()), "looked_at": len(fields), "examples": examples}


def removed(client: Elasticsearch, current: Generation, spool: WorkDir, skip: int = 0) -> Iterator[list[str]]:
    """Yield the `_id` of the tracks that are gone, in batches of `TERMS`, leaving out the first `skip`.

    The sketch knows them by hashes only: their fingerprints find them. Raises CheckFailedError where one is not found.
    """
    for batch in islice(_batches(spool.frames(GONE)), skip, None):
        yield _found(client, current, batch)


def _batches(frames: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    waiting: list[pl.DataFrame] = []
    for frame in frames:
        waiting.append(frame)
        while sum(part.height for part in waiting) >= TERMS:
            whole = pl.concat(waiting)
            yield whole.head(TERMS)
            waiting = [whole.slice(TERMS)]
    if any(part.height for part in waiting):
        yield pl.concat(waiting)


def _found(client: Elasticsearch, current: Generation, gone: pl.DataFrame) -> list[str]:
    params = {"gone": dict.fromkeys(map(str, gone[PRINT]), 1)}
    query = {"bool": {"filter": [{"script": {"script": {"source": _IS_GONE, "params": params}}}]}}
    found: list[str] = []
    for names in matching(client, current.index, query):
        ids = pl.Series(SOURCE_ID, [name.removeprefix(f"{current.dataset}:") for name in names])
        ours = pl.DataFrame([ids]).select(hashed_id(pl.col(SOURCE_ID)).is_in(gone[ID].implode())).to_series()
        found += [name for name, is_ours in zip(names, ours, strict=True) if is_ours]
    if len(found) != gone.height:
        raise CheckFailedError(
            f"{gone.height - len(found):,} of the tracks to be removed are not in {current.index}.",
            "Build afresh: run the same with --way afresh.",
        )
    return found


def _first(spool: WorkDir, wanted: pl.Expr, most: int) -> dict[str, dict[str, Any]]:
    """Return the first documents that are to be sent of one kind."""
    found: dict[str, dict[str, Any]] = {}
    for frame in spool.frames(CHANGES):
        for line in frame.filter(wanted)[LINE].head(most - len(found)):
            action, document = line.split("\n", 1)
            found[orjson.loads(action)["index"]["_id"]] = orjson.loads(document)
        if len(found) >= most:
            break
    return found


def _documents(client: Elasticsearch, current: Generation, ids: list[str]) -> dict[str, Any]:
    if not ids:
        return {}
    response = client.mget(index=current.index, ids=ids)
    return {entry["_id"]: entry["_source"] for entry in response["docs"] if entry.get("found")}


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return the fields that differ, those apart that are made of others for searching only.

    >>> _changed({"title": "a", "source_row": 1}, {"title": "b", "year": 1999, "source_row": 2})
    ['title', 'year']
    """
    return sorted(name for name in (before.keys() | now.keys()) - _NO_FIELD if before.get(name) != now.get(name))


def _example(name: str, document: Mapping[str, Any], fields: Sequence[str] = ()) -> Example:
    return Example(name, document.get(TITLE), document.get(ARTISTS) or (), fields)


KEPT, SUSPECT, GONE = "kept", "suspect", "gone"
BEFORE = "print_before"


@dataclass(frozen=True)
class Joined:
    """How many distinct ids each side has, and how many of them are surely equal, suspected, gone."""

    new: int = 0
    old: int = 0
    kept: int = 0
    suspect: int = 0
    gone: int = 0

    def __add__(self, other: "Joined") -> "Joined":
        """Return the sums."""
        return Joined(
            self.new + other.new,
            self.old + other.old,
            self.kept + other.kept,
            self.suspect + other.suspect,
            self.gone + other.gone,
        )


def join(spool: WorkDir, *, by_row: bool) -> Joined:
    """Spool what is kept, suspected and gone."""
    count, total = spool.parted(NEW, OLD), Joined()
    for new, old in zip(spool.parts(NEW, count), spool.parts(OLD, count), strict=True):
        total += _part(spool, new, old, by_row=by_row)
    spool.clear(NEW)
    spool.clear(OLD)
    return total


def _part(spool: WorkDir, new: pl.DataFrame, old: pl.DataFrame, *, by_row: bool) -> Joined:
    """Join one part; of several records with one id the first counts, on both sides."""
    if new.is_empty():
        spool.put(GONE, old.unique(ID).select(ID, PRINT))
        return Joined(old=old[ID].n_unique(), gone=old[ID].n_unique())
    new = new.unique(ID, keep="first", maintain_order=True)
    old = old.unique(ID, keep="first", maintain_order=True)
    before = old.select(ID, pl.col(PRINT).alias(BEFORE), pl.col(RAW).alias("raw_before"))
    both = new.join(before, on=ID, how="left", maintain_order="left")
    kept = both.filter(same(by_row=by_row).fill_null(value=False))
    suspect = both.filter(~same(by_row=by_row).fill_null(value=False))
    gone = old.join(new, on=ID, how="anti")
    spool.put(KEPT, kept.select(ORDINAL, SOURCE_ROW, ID, pl.col(BEFORE).alias(PRINT), RAW))
    spool.put(SUSPECT, suspect.select(ORDINAL, SOURCE_ROW, ID, RAW, BEFORE))
    spool.put(GONE, gone.select(ID, PRINT))
    return Joined(new.height, old.height, kept.height, suspect.height, gone.height)


def same(*, by_row: bool) -> pl.Expr:
    """Return what tells that a record is as it was: its raw row where these are known, else its fingerprint."""
    if by_row:
        return (pl.col(RAW) == pl.col("raw_before")) & (pl.col(RAW) != NO_RAW)
    return pl.col(PRINT) == pl.col(BEFORE)
