"""Is found what must be in this data set?"""

from typing import Any

from elasticsearch import Elasticsearch

from indexer.checks.gate import Candidate, Gate, not_applied
from mappings.cards import CARDS, GoldenQuery
from mappings.track import ARTISTS, TITLE

NEARLY_ALL = 0.9
"""A load that read fewer of the published rows is a part of the data set, and need not have any one track."""

_NAME = "golden queries"


def gate(client: Elasticsearch, candidate: Candidate) -> Gate:
    """Return the gate of the card's golden queries."""
    card = CARDS.get(candidate.generation.dataset)
    if card is None or not card.golden:
        return not_applied(_NAME, "its card has none", "all found")
    allowed = f"all {len(card.golden)} found"
    if candidate.synthetic:
        return not_applied(_NAME, "the rows are synthetic", allowed)
    if candidate.totals.read < NEARLY_ALL * card.rows:
        return not_applied(_NAME, f"{candidate.totals.read:,} of {card.rows:,} rows are a part", allowed)
    missing = [golden for golden in card.golden if not _found(client, candidate, golden)]
    names = "; ".join(f"{golden.artist}, {golden.title}" for golden in missing)
    seen = f"not found: {names}" if missing else f"{len(card.golden)} found"
    return Gate(_NAME, seen, allowed, not missing)


def _found(client: Elasticsearch, candidate: Candidate, golden: GoldenQuery) -> bool:
    index, query = candidate.generation.index, _query(golden)
    response = client.search(index=index, query=query, size=0, terminate_after=1)
    return bool(response["hits"]["total"]["value"])


def _query(golden: GoldenQuery) -> dict[str, Any]:
    named = {ARTISTS: golden.artist, TITLE: golden.title}
    return {"bool": {"filter": [{"match": {name: {"query": it, "operator": "and"}}} for name, it in named.items()]}}
