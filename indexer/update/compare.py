"""What an update would do: counted exactly, with examples, before anything is done."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import orjson
import polars as pl
from elasticsearch import Elasticsearch

from indexer.cluster.current import CurrentGeneration
from indexer.documents.bulk_body import EVIDENCE, LINE
from indexer.documents.digest import ID, NO_RAW, PRINT, RAW, hashed_id, row_independent
from indexer.records import SOURCE_ROW, Totals
from indexer.update.changes import CHANGES, Changes
from indexer.update.read_current import OLD, matching, spool_index, spool_sketch
from indexer.update.read_release import NEW, ORDINAL, Release
from indexer.update.update import UpdateContext
from indexer.update.workdir import WorkDir
from mappings.errors import CheckFailedError
from mappings.index_names import Generation
from mappings.track import ARTISTS, FINGERPRINT, SEARCH_ONLY, SOURCE_ID, TITLE

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
    found = client.mget(index=current.index, ids=ids)
    return {entry["_id"]: entry["_source"] for entry in found["docs"] if entry.get("found")}


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


@dataclass(frozen=True)
class Compared:
    """The new release against the current generation: totals and difference; the spool has the records."""

    in_service: CurrentGeneration
    release: Release
    totals: Totals
    difference: Difference

    @property
    def epoch(self) -> int:
        """Return the epoch of the documents that have to be sent."""
        return self.in_service.epoch + 1


def compare(context: UpdateContext, in_service: CurrentGeneration, spool: WorkDir) -> Compared:
    """Return the difference, exactly counted; memory does not depend on the size of either side."""
    current = in_service.generation
    context.step("reading the current generation")
    sketched = spool_sketch(context.client, current, in_service.plan, spool)
    if not sketched:
        spool_index(context.client, current, spool)
    release = Release(context.plan, sketched and row_independent(context.plan.source) is not None)
    context.step("reading the new release")
    read = release.spool(spool, context.progress)
    context.step("comparing")
    joined = join(spool, by_row=release.by_row)
    found = Changes(release, spool, in_service.epoch + 1).run()
    totals = read + Totals(indexed=joined.new - read.indexed, duplicates=read.indexed - joined.new)
    difference = Difference(found.added, found.changed, joined.gone, joined.kept + found.same)
    if difference.documents != joined.new or totals.missing:
        what = f"{joined.new:,} ids, {difference.documents:,} in the difference, {totals.missing:,} records missing"
        hint = f"Load it: linernotes load {context.dataset} PATH..."
        raise CheckFailedError(f"The comparison does not add up: {what}.", hint)
    shown = details(context.client, current, spool)
    return Compared(in_service, release, totals, replace(difference, **shown))
