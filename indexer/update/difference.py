"""What an update would do: counted exactly, with examples, before anything is done."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import orjson
import polars as pl
from elasticsearch import Elasticsearch

from indexer.encode import EVIDENCE, LINE
from indexer.sketch import ID, PRINT, hashed_id
from indexer.update.changes import CHANGES
from indexer.update.join import BEFORE, GONE
from indexer.update.spool import Spool
from indexer.update.stored import matching
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


def details(client: Elasticsearch, current: Generation, spool: Spool) -> dict[str, Any]:
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


def removed(client: Elasticsearch, current: Generation, spool: Spool, skip: int = 0) -> Iterator[list[str]]:
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


def _first(spool: Spool, wanted: pl.Expr, most: int) -> dict[str, dict[str, Any]]:
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
