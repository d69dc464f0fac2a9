"""The moment in which searchers get another generation: one call, read back, and tried through the alias itself."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from elasticsearch import Elasticsearch, NotFoundError

from indexer.cluster import indices
from mappings.errors import CheckFailedError
from mappings.index_names import Generation, alias


def swap(client: Elasticsearch, to: Generation, expected: Sequence[Generation]) -> list[Generation]:
    """Move both aliases to a generation, read them back, and search; return what they were on before.

    `expected` is what the caller saw them on when it took the lock: a process that was still for so long that another
    one moved them must not move them back. Sent twice it changes nothing. Raises CheckFailedError when the alias is
    elsewhere before or afterwards, or when a search through it isn't answered by this generation alone; in this case
    the aliases are back where they were.
    """
    before = indices.current(client, to.prefix, to.dataset)
    if before not in ([*expected], [to]):
        raise CheckFailedError(f"Another process moved the alias of {to.dataset} meanwhile.", "Run this again.")
    _move(client, to, before)
    try:
        probe_alias(client, to)
    except CheckFailedError:
        if not before:
            _take_off(client, to)
        elif before != [to]:
            _move(client, before[-1], [to])
        raise
    return before


def _take_off(client: Elasticsearch, generation: Generation) -> None:
    names = [alias(generation.prefix, generation.dataset), alias(generation.prefix)]
    remove = {"remove": {"index": generation.index, "aliases": names, "must_exist": False}}
    client.indices.update_aliases(actions=[remove])


def _move(client: Elasticsearch, to: Generation, before: Iterable[Generation]) -> None:
    names = [alias(to.prefix, to.dataset), alias(to.prefix)]
    # Not found: either the call went through and only its answer was lost, so that there is nothing left to remove, or
    # somebody else moved the alias. Whatever it was, what is read back decides.
    with suppress(NotFoundError):
        client.indices.update_aliases(actions=_actions(to, before))
    if indices.current(client, to.prefix, to.dataset) != [to]:
        raise CheckFailedError(f"Alias {names[0]} is not on {to.index} alone after the swap.", "Run this again.")
    response = client.indices.get_alias(index=to.index)[to.index]["aliases"]
    if names[1] not in response:
        raise CheckFailedError(f"Alias {names[1]} is not on {to.index} after the swap.", "Run this again.")


def _actions(to: Generation, before: Iterable[Generation]) -> list[dict[str, Any]]:
    """Return the one call's actions: whoever searches sees all of them done, or none."""
    own, over = alias(to.prefix, to.dataset), alias(to.prefix)
    actions: list[dict[str, Any]] = []
    for old in (entry for entry in before if entry != to):
        actions.append({"remove": {"index": old.index, "alias": own, "must_exist": True}})
        actions.append({"remove": {"index": old.index, "alias": over, "must_exist": False}})
    actions.append({"add": {"index": to.index, "aliases": [own, over]}})
    actions.append({"remove": {"index": to.index, "alias": indices.write_alias(to), "must_exist": False}})
    return actions


def probe_alias(client: Elasticsearch, generation: Generation) -> None:
    """Search through the alias; raises CheckFailedError unless this generation alone answers, with all documents."""
    name = alias(generation.prefix, generation.dataset)
    by_index = {"by": {"terms": {"field": "_index", "size": 10}}}
    response = client.search(index=name, size=0, track_total_hits=True, aggs=by_index)
    documents = int(client.count(index=generation.index)["count"])
    seen = {bucket["key"]: bucket["doc_count"] for bucket in response["aggregations"]["by"]["buckets"]}
    if response["_shards"]["failed"] or seen != ({generation.index: documents} if documents else {}):
        told = ", ".join(f"{count:,} by {index}" for index, count in seen.items()) or "nobody"
        raise CheckFailedError(
            f"A search through {name} was answered by {told}, not by {generation.index}'s {documents:,} documents.",
            "The aliases are as they were.",
        )
