"""The cards of all data sets: the built-in ones, and those that were declared and lie beside the data."""

from contextlib import suppress

from elasticsearch import Elasticsearch

from mappings.cards import CARDS, LATEST_DECLARATIONS, Card, UnreadableCardError
from mappings.index_names import declarations
from queries.errors import translated_errors
from queries.retry import call_with_retry


def all_cards(client: Elasticsearch, prefix: str) -> dict[str, Card]:
    """Return data set id to card, the built-in ones first; raises UnreachableError.

    A data set that was declared before it was built in has its built-in card. A card that can't be read is left out:
    one must not keep anybody from the others.
    """
    with translated_errors():
        answer = call_with_retry(
            lambda: client.search(
                index=declarations(prefix),
                source_includes=["dataset", "removed", "card"],
                **LATEST_DECLARATIONS,
                allow_partial_search_results=False,
            )
        )
    declared: dict[str, Card] = {}
    for latest in (hit["_source"] for hit in answer["hits"]["hits"]):
        with suppress(UnreadableCardError):
            if not latest["removed"] and latest["dataset"] not in CARDS:
                declared[latest["dataset"]] = Card.read_from(latest["card"])
    return {**CARDS, **dict(sorted(declared.items()))}
