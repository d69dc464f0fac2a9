"""The cards of all data sets: the built-in ones, and those that were declared and lie beside the data."""

from elasticsearch import Elasticsearch

from mappings.cards import CARDS, Card
from mappings.index_names import declarations
from queries.errors import translated_errors
from queries.retry import call_with_retry

MOST = 10_000
"""Data sets whose cards are read: as many as Elasticsearch gives in one answer."""


def all_cards(client: Elasticsearch, prefix: str) -> dict[str, Card]:
    """Return data set id to card, the built-in ones first; raises UnreachableError."""
    with translated_errors():
        answer = call_with_retry(
            lambda: client.search(
                index=declarations(prefix),
                collapse={"field": "dataset"},
                sort=[{"number": {"order": "desc", "unmapped_type": "integer"}}],
                size=MOST,
                source_includes=["dataset", "removed", "card"],
                ignore_unavailable=True,
                allow_partial_search_results=False,
            )
        )
    latest = (hit["_source"] for hit in answer["hits"]["hits"])
    declared = {each["dataset"]: Card.read_from(each["card"]) for each in latest if not each["removed"]}
    return {**CARDS, **dict(sorted(declared.items()))}
