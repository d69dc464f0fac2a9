"""In how many documents is each field filled, now and in the current generation?

Elasticsearch counts the indexed fields exactly. Those that are only stored can't be counted; they are looked at in a
random sample, and may differ by as much as chance allows on top.
"""

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any

from elastic_transport import ObjectApiResponse
from elasticsearch import Elasticsearch

from indexer.checks.gate import Candidate, Gate, IndexStats, Thresholds, grows, not_applied
from indexer.cluster.retry import RetryableError, policy_of
from mappings.index_names import Generation
from mappings.track import FIELDS

SAMPLE = 1_000

STORED_ONLY = tuple(
    name
    for name, entry in FIELDS.items()
    if entry.mapping.get("index") is False and entry.mapping.get("doc_values") is False
)
COUNTED = tuple(name for name in FIELDS if name not in STORED_ONLY)

_CHANCE = 100 * 3 * sqrt(2 * 0.25 / SAMPLE)
"""Percentage points by which two samples of one and the same thing differ at most, but for 3 cases in 1,000."""


def look(client: Elasticsearch, generation: Generation) -> IndexStats:
    """Return what a generation has.

    Each field is a count of its own: Elasticsearch answers most from its segments' statistics. Over 605,538 documents
    all fields took 20 to 90 ms so, and 260 ms as one aggregation; the random sample takes 70 ms.
    """
    queries: list[dict[str, Any]] = [{"match_all": {}}, *({"exists": {"field": name}} for name in COUNTED)]
    header = {"index": generation.index, "request_cache": False}
    asked = [part for query in queries for part in (header, {"size": 0, "track_total_hits": True, "query": query})]
    answers = policy_of(client)(lambda: _all_answered(client.msearch(searches=asked)))
    documents, *filled = [int(answer["hits"]["total"]["value"]) for answer in answers]
    hits = _sampled(client, generation)
    return IndexStats(
        generation,
        documents=documents,
        filled=dict(zip(COUNTED, filled, strict=True)),
        sampled={name: _share([hit["_source"] for hit in hits], name) for name in STORED_ONLY},
        ids=tuple(hit["_id"] for hit in hits),
    )


def _all_answered(answer: ObjectApiResponse[Any]) -> list[dict[str, Any]]:
    """Return the answers to several searches; raises RetryableError when one failed, as any may at any time."""
    answers: list[dict[str, Any]] = list(answer["responses"])
    for one in answers:
        failed = one.get("error") or (one["_shards"]["failed"] and one["_shards"].get("failures"))
        if failed:
            raise RetryableError(f"a search of a check failed: {str(failed)[:200]}")
    return answers


def _sampled(client: Elasticsearch, generation: Generation) -> list[dict[str, Any]]:
    # The same each time, so that a gate that is asked twice says the same twice.
    random = {"random_score": {"seed": generation.number, "field": "_seq_no"}}
    response = client.search(
        index=generation.index, size=SAMPLE, query={"function_score": random}, source_includes=list(STORED_ONLY)
    )
    return list(response["hits"]["hits"])


def _share(documents: Sequence[Mapping[str, Any]], name: str) -> float:
    filled = sum(document.get(name) is not None for document in documents)
    return 100.0 * filled / len(documents) if documents else 0.0


def gone(client: Elasticsearch, generation: Generation, before: IndexStats | None) -> float:
    """Return how many per cent of the sampled tracks of the current generation the new one doesn't have."""
    if before is None or not before.ids:
        return 0.0
    response = client.search(
        index=generation.index, size=0, track_total_hits=True, query={"ids": {"values": list(before.ids)}}
    )
    return 100.0 * (1 - int(response["hits"]["total"]["value"]) / len(before.ids))


def rates(candidate: Candidate, before: IndexStats | None, now: IndexStats, thresholds: Thresholds) -> Gate:
    """Return the gate of the fill rates: no field lost more than `max_fall` percentage points."""
    allowed = f"a fall of at most {thresholds.max_fall:g} points"
    if before is None or not before.documents:
        return not_applied("fill rates", "there is no current generation", allowed)
    if grows(candidate, before, thresholds):
        return not_applied("fill rates", f"the current generation is a part ({candidate.part_before})", allowed)
    falls = {name: before.rate(name) - now.rate(name) for name in FIELDS}
    fallen = {name: fall for name, fall in falls.items() if fall > _allowed(name, thresholds)}
    if fallen:
        text = "; ".join(f"{name} from {before.rate(name):.1f} to {now.rate(name):.1f} %" for name in fallen)
        return Gate("fill rates", text, allowed, passed=False)
    most = max(falls, key=lambda name: falls[name])
    return Gate("fill rates", f"largest fall: {most}, {max(falls[most], 0.0):.1f} points", allowed, passed=True)


def _allowed(name: str, thresholds: Thresholds) -> float:
    return thresholds.max_fall + (_CHANCE if name in STORED_ONLY else 0.0)
