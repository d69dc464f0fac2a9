"""Gates that query the index: fill rates, mapping, golden queries."""

from collections.abc import Iterator, Mapping, Sequence
from math import sqrt
from typing import Any

from elastic_transport import ObjectApiResponse
from elasticsearch import Elasticsearch

from indexer.checks.gate import Candidate, Gate, IndexStats, Thresholds, grows, not_applied
from indexer.cluster.retry import RetryableError, policy_of
from mappings.analysis import similarity
from mappings.cards import CARDS, GoldenQuery
from mappings.index import analysis
from mappings.index_names import Generation
from mappings.track import ARTISTS, FIELDS, TITLE, mapping

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

    Elasticsearch counts the indexed fields exactly, each in a search of its own, answered mostly from its segments'
    statistics: faster than one aggregation. Fields that are only stored are looked at in a random sample, and may
    differ by as much as chance allows on top.
    """
    queries: list[dict[str, Any]] = [{"match_all": {}}, *({"exists": {"field": name}} for name in COUNTED)]
    header = {"index": generation.index, "request_cache": False}
    requests = [part for query in queries for part in (header, {"size": 0, "track_total_hits": True, "query": query})]
    answers = policy_of(client)(lambda: _all_answered(client.msearch(searches=requests)))
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
    # The same sample each time, so that a gate gives the same answer twice.
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


_LEFT_OUT = {("keyword", "norms", "false"), ("text", "norms", "true"), ("object", "type", "object")}
"""Type, option and value that Elasticsearch doesn't show, as they are its defaults."""


def fields(client: Elasticsearch, generation: Generation) -> Gate:
    """Return the gate of the mapping."""
    name = generation.index
    response = client.indices.get(index=name, features=["mappings", "settings"])[name]
    wrong = differences(mapping(), response["mappings"])
    wrong += differences({"analysis": analysis(), "similarity": similarity()}, response["settings"]["index"])
    declared = len(mapping()["properties"])
    seen = f"{declared} fields as declared" if not wrong else f"other than declared: {', '.join(wrong[:5])}"
    return Gate("mapping", seen, "the field table's", not wrong)


def differences(declared: Mapping[str, Any], actual: Mapping[str, Any]) -> list[str]:
    """Return the paths where the index is not as declared; what Elasticsearch adds elsewhere is its own.

    >>> differences({"properties": {"a": {"type": "long"}}}, {"properties": {"a": {"type": "text"}, "b": {}}})
    ['properties.a.type', 'properties.b']
    """
    expected, seen = dict(_flat(declared)), dict(_flat(actual))
    wrong = [path for path, value in expected.items() if seen.get(path) != value]
    fields = set(actual.get("properties", {})) - set(declared.get("properties", {}))
    return wrong + [f"properties.{name}" for name in sorted(fields)]


def _flat(tree: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Yield each leaf as text: Elasticsearch keeps settings as text."""
    for name, value in tree.items():
        if not isinstance(value, Mapping) and (tree.get("type"), name, _text(value)) in _LEFT_OUT:
            continue
        here = f"{path}.{name}" if path else name
        if isinstance(value, Mapping):
            yield from _flat(value, here)
        else:
            yield here, _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return "\n".join(map(_text, value))
    return str(value)


NEARLY_ALL = 0.9
"""A load that read fewer of the published rows is a part of the data set, and need not have any one track."""

_GOLDEN = "golden queries"


def golden(client: Elasticsearch, candidate: Candidate) -> Gate:
    """Return the gate of the card's golden queries."""
    card = CARDS.get(candidate.generation.dataset)
    if card is None or not card.golden:
        return not_applied(_GOLDEN, "its card has none", "all found")
    allowed = f"all {len(card.golden)} found"
    if candidate.synthetic:
        return not_applied(_GOLDEN, "the rows are synthetic", allowed)
    if candidate.totals.read < NEARLY_ALL * card.rows:
        return not_applied(_GOLDEN, f"{candidate.totals.read:,} of {card.rows:,} rows are a part", allowed)
    missing = [query for query in card.golden if not _is_there(client, candidate, query)]
    names = "; ".join(f"{query.artist}, {query.title}" for query in missing)
    seen = f"not found: {names}" if missing else f"{len(card.golden)} found"
    return Gate(_GOLDEN, seen, allowed, not missing)


def _is_there(client: Elasticsearch, candidate: Candidate, golden: GoldenQuery) -> bool:
    index, query = candidate.generation.index, _golden_query(golden)
    response = client.search(index=index, query=query, size=0, terminate_after=1)
    return bool(response["hits"]["total"]["value"])


def _golden_query(golden: GoldenQuery) -> dict[str, Any]:
    named = {ARTISTS: golden.artist, TITLE: golden.title}
    return {"bool": {"filter": [{"match": {name: {"query": it, "operator": "and"}}} for name, it in named.items()]}}
