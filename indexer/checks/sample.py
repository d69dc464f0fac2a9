"""Do documents equal what their source files say? Some records are read, normalised and encoded once more.

The sample is spread over the source files' chunks, drawn by the generation's name: the same each time, and another
for each generation. A record whose id came earlier in the files is not the one that is indexed, and one that
Elasticsearch refused is among the rejected: neither counts, and more are drawn instead.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from elasticsearch import Elasticsearch

from indexer.checks.gate import Candidate, Gate, not_applied
from indexer.documents.bulk_body import row_of
from mappings.index_names import Generation, rejected
from mappings.track import SOURCE_FILE, SOURCE_ROW

SPREAD = 4
"""Chunks that the sample is drawn from at least, where there are so many."""
MAX_CHUNKS = 40
EXTRA = 1.2
FETCHED = 1_000
"""Documents that are compared at once."""

SHOWN = 3


@dataclass(frozen=True)
class Expected:
    """A document as it should be. `version` is that of its place in the files, None where that may differ."""

    id: str
    version: int | None
    source: Mapping[str, Any]


Sampler = Callable[[], Iterator[list[Expected]]]
"""Yields documents as they should be, in batches, for as long as more are needed."""


def expected(line: str) -> Expected:
    """Return a document as it should be, from the action and the document that are sent."""
    action, document = (orjson.loads(part) for part in line.split("\n", 1))
    return Expected(action["index"]["_id"], action["index"]["version"], document)


def gate(
    client: Elasticsearch, candidate: Candidate, source: Sampler, number: int, ignored: Sequence[str] = ()
) -> Gate:
    """Return the gate of the sample: at least `number` documents, or all, equal their source but for `ignored`."""
    needed = min(number, candidate.documents)
    allowed = f"all of at least {needed:,} equal"
    if not candidate.documents:
        return not_applied("sample", "there is no document", allowed)
    equal: set[str] = set()
    wrong: list[str] = []
    for batch in source():
        new = [entry for entry in batch if entry.id not in equal]
        _compare(client, candidate.generation, new, ignored, equal, wrong)
        if len(equal) >= needed or len(wrong) >= SHOWN:
            break
    differ = f"{len(equal):,} compared, {len(wrong)} differ: {'; '.join(wrong[:SHOWN])}"
    return Gate("sample", differ if wrong else f"{len(equal):,} equal", allowed, not wrong and len(equal) >= needed)


def _compare(
    client: Elasticsearch,
    generation: Generation,
    batch: list[Expected],
    ignored: Sequence[str],
    equal: set[str],
    wrong: list[str],
) -> None:
    """Add the ids of documents that equal their source to `equal`, and what is wrong with others to `wrong`."""
    documents = _by_id(client, generation.index, [entry.id for entry in batch])
    lost: list[Expected] = []
    for entry in batch:
        document = documents.get(entry.id)
        if document is None or _is_of_later(entry, document):
            lost.append(entry)  # rightly, if it was refused
        elif _is_of_earlier(entry, document):
            continue
        elif problem := _difference(entry, document, ignored):
            wrong.append(f"{entry.id} {problem}")
        else:
            equal.add(entry.id)
    refused = _by_id(client, rejected(generation.prefix), [_rejected_id(generation, entry) for entry in lost])
    wrong += [f"{entry.id} is missing" for entry in lost if _rejected_id(generation, entry) not in refused]


def _is_of_later(entry: Expected, document: Mapping[str, Any]) -> bool:
    """Tell whether a document is of a later record with the same id, which wins only where this one was refused."""
    return entry.version is not None and bool(document["_version"] < entry.version)


def _is_of_earlier(entry: Expected, document: Mapping[str, Any]) -> bool:
    """Tell whether a document is of an earlier record with the same id: its version and its evidence both say so."""
    place = (SOURCE_FILE, SOURCE_ROW)
    if entry.version is None or all(document["_source"].get(name) == entry.source[name] for name in place):
        return False
    _, row = row_of(document["_version"])
    return bool(document["_version"] > entry.version and document["_source"].get(SOURCE_ROW) == row)


def _by_id(client: Elasticsearch, index: str, ids: list[str]) -> dict[str, dict[str, Any]]:
    if not ids:
        return {}
    response = client.mget(index=index, ids=ids)
    return {document["_id"]: document for document in response["docs"] if document.get("found")}


def _rejected_id(generation: Generation, entry: Expected) -> str:
    return f"{generation.index}/{entry.source[SOURCE_FILE]}/{entry.source[SOURCE_ROW]}"


def _difference(entry: Expected, document: Mapping[str, Any], ignored: Sequence[str]) -> str:
    """Return how a document differs from its source, as a part of a sentence."""
    expected, seen = dict(entry.source), dict(document["_source"])
    for name in ignored:
        expected.pop(name, None)
        seen.pop(name, None)
    names = sorted(name for name in expected.keys() | seen.keys() if expected.get(name) != seen.get(name))
    return f"has another {', '.join(names)}" if names else ""
