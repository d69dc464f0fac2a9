"""The physical indices of generations, created, cloned, counted and deleted; and the aliases that move between them."""

import math
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from elasticsearch import ApiError, BadRequestError, Elasticsearch, NotFoundError

from indexer.cluster.retry import complete
from mappings import index as index_body
from mappings.errors import CheckFailedError
from mappings.index_names import Generation, alias, parse

BUILDING_SETTINGS: dict[str, Any] = {
    # What the ledger calls done must survive a crash, so the translog is synchronised with each request, as is
    # Elasticsearch's default.
    "refresh_interval": "-1",
    "translog.flush_threshold_size": "1gb",
}
SERVING_SETTINGS: dict[str, Any] = {
    "refresh_interval": None,
    "translog.flush_threshold_size": None,
}

SMALL = {"number_of_shards": 1, "auto_expand_replicas": "0-1"}
"""Settings of the indices beside the data."""

TRACK_BYTES, SHARD_BYTES, SHARD_TRACKS = 500, 50_000_000_000, 200_000_000

SEGMENT_BYTES = 5 * 1024**3
"""Elasticsearch's default `index.merge.policy.max_merged_segment`."""


def create_index(client: Elasticsearch, name: str, body: dict[str, Any]) -> bool:
    """Create an index; return False when it is there already."""
    try:
        client.indices.create(index=name, **body)
    except BadRequestError as error:
        if error.error != "resource_already_exists_exception":
            raise
        return False
    return True


def write_alias(generation: Generation) -> str:
    """Return the alias that the loader writes through; it is there only while the generation is being built."""
    return f"{generation.index}-building"


def shards_for(tracks: int) -> int:
    """Return how many shards so many tracks need: none above 50 GB or 200 million documents, as Elastic advises.

    A track takes 500 bytes: 11 GB for the 22 million of all data sets (benchmarks/README.md). Source of the bounds:
    Elasticsearch Reference 8.19, "Size your shards".

    >>> shards_for(12_300_000), shards_for(2_000_000_000)
    (1, 20)
    """
    by_size, by_number = math.ceil(tracks * TRACK_BYTES / SHARD_BYTES), math.ceil(tracks / SHARD_TRACKS)
    return max(1, by_size, by_number)


def create(client: Elasticsearch, generation: Generation, *, shards: int, replicas: int, meta: dict[str, Any]) -> bool:
    """Create the index of a new generation, tuned for loading; return False when it is there already."""
    settings = BUILDING_SETTINGS | {"number_of_replicas": replicas}
    body = index_body.body(shards=shards, meta=meta, index_settings=settings)
    body |= {"aliases": {write_alias(generation): {}}, "wait_for_active_shards": _copies(client, replicas)}
    return create_index(client, generation.index, body)


def _copies(client: Elasticsearch, replicas: int) -> str:
    """Return how many copies to wait for, as far as there are nodes: later than a node's death is too late."""
    nodes = client.cluster.health()["number_of_data_nodes"] if replicas else 1
    return str(min(replicas + 1, max(nodes, 1)))


def number_of(client: Elasticsearch, generation: Generation, what: str) -> int:
    """Return how many "shards" or "replicas" a generation's index has; what follows it gets as many."""
    response = client.indices.get_settings(index=generation.index, flat_settings=True)
    return int(response[generation.index]["settings"][f"index.number_of_{what}"])


def exists(client: Elasticsearch, generation: Generation) -> bool:
    """Tell whether the generation's index is there."""
    return bool(client.indices.exists(index=generation.index))


def delete(client: Elasticsearch, generation: Generation) -> None:
    """Delete the generation's index."""
    client.indices.delete(index=generation.index, ignore_unavailable=True)


def numbers(client: Elasticsearch, prefix: str, dataset: str) -> list[int]:
    """Return the numbers of all generations of a data set, in order."""
    response = client.indices.get(index=f"{prefix}-{dataset}-g*", features=["aliases"])
    generations = (parse(prefix, name) for name in response.body)
    return sorted(entry.number for entry in generations if entry and entry.dataset == dataset)


def current(client: Elasticsearch, prefix: str, dataset: str) -> list[Generation]:
    """Return what the data set's alias points to: one generation, or none."""
    name = alias(prefix, dataset)
    try:
        response = client.indices.get_alias(name=name)
    except ApiError as error:
        if error.status_code == 404:
            return []
        raise
    return sorted(entry for index in response.body if (entry := parse(prefix, index)))


def flush(client: Elasticsearch, generation: Generation) -> None:
    """Have all that is in the index written to disk as segments: what is checked next is there after a crash, too."""
    client.indices.flush(index=generation.index, wait_if_ongoing=True)


def count(client: Elasticsearch, generation: Generation) -> int:
    """Refresh the index and return how many documents it has."""
    client.indices.refresh(index=generation.index)
    return int(complete(client, lambda: client.count(index=generation.index))["count"])


def serve(client: Elasticsearch, generation: Generation) -> None:
    """Put the settings for serving in place and read them back; raises CheckFailedError if they didn't take."""
    name = generation.index
    client.indices.put_settings(index=name, settings={"index": SERVING_SETTINGS})
    response = client.indices.get_settings(index=name, flat_settings=True)
    left = [key for key in SERVING_SETTINGS if f"index.{key}" in response[name]["settings"]]
    if left:
        raise CheckFailedError(
            f"Index {name} kept its settings for loading: {', '.join(left)}.", "Nothing was swapped."
        )


def merge(client: Elasticsearch, generation: Generation) -> None:
    """Have the index merged into few segments; Elasticsearch goes on with that by itself, and searches go on.

    A search looks each of its terms up in every segment, and a load leaves dozens (benchmarks/README.md, "Searching").
    None gets larger than Elasticsearch's own limit: a larger one would keep the documents that updates replace.
    """
    stats = client.indices.stats(index=generation.index, metric="store")
    primaries = stats["_all"]["primaries"]["store"]["size_in_bytes"]
    shards = max(1, int(stats["_shards"]["successful"]))
    segments = math.ceil(primaries / shards / SEGMENT_BYTES) or 1
    client.indices.forcemerge(index=generation.index, max_num_segments=segments, wait_for_completion=False)


def meta(client: Elasticsearch, generation: Generation) -> dict[str, Any]:
    """Return the notes in the index's `_meta`."""
    response = client.indices.get_mapping(index=generation.index)[generation.index]["mappings"]
    return dict(response.get("_meta", {}))


def note(client: Elasticsearch, generation: Generation, **notes: Any) -> None:
    """Add notes to the index's `_meta`, which is only ever replaced as a whole."""
    every = meta(client, generation) | notes
    client.indices.put_mapping(index=generation.index, meta=every)


_BLOCK = "index.blocks.write"
HEALTHY = "60s"


def block(client: Elasticsearch, generation: Generation) -> None:
    """Close a generation to writing: Elasticsearch answers when all that was under way is in."""
    client.indices.add_block(index=generation.index, block="write")


def unblock(client: Elasticsearch, generation: Generation) -> None:
    """Open it again; one that is gone needs nothing."""
    try:
        client.indices.put_settings(index=generation.index, settings={_BLOCK: None})
    except NotFoundError:
        return


def clone(client: Elasticsearch, of: Generation, to: Generation, notes: dict[str, Any]) -> None:
    """Clone a generation that is closed to writing, open the clone for loading, and note what it is."""
    settings = BUILDING_SETTINGS | {
        _BLOCK: None,
        "number_of_replicas": number_of(client, of, "replicas"),
    }
    body = {"settings": {f"index.{name.removeprefix('index.')}": value for name, value in settings.items()}}
    aliases: dict[str, Any] = {write_alias(to): {}}
    if not exists(client, to):
        client.indices.clone(
            index=of.index, target=to.index, settings=body["settings"], aliases=aliases, wait_for_active_shards=1
        )
    health = client.cluster.health(index=to.index, wait_for_status="yellow", timeout=HEALTHY)
    if health["timed_out"]:
        raise CheckFailedError(f"The clone {to.index} did not become ready in {HEALTHY}.", "Nothing was swapped.")
    unblock(client, to)  # the setting above stays behind, empty
    # The notes of the original came with it: they are replaced as a whole.
    client.indices.put_mapping(index=to.index, meta=notes)


def swap(client: Elasticsearch, to: Generation, expected: Sequence[Generation]) -> list[Generation]:
    """Move both aliases to a generation, read them back, and search; return what they were on before.

    `expected` is what the caller saw them on when it took the lock: a process that was still for so long that another
    one moved them must not move them back. Sent twice it changes nothing. Raises CheckFailedError when the alias is
    elsewhere before or afterwards, or when a search through it isn't answered by this generation alone; in this case
    the aliases are back where they were.
    """
    before = current(client, to.prefix, to.dataset)
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
    if current(client, to.prefix, to.dataset) != [to]:
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
    actions.append({"remove": {"index": to.index, "alias": write_alias(to), "must_exist": False}})
    return actions


def probe_alias(client: Elasticsearch, generation: Generation) -> None:
    """Search through the alias; raises CheckFailedError unless this generation alone answers, with all documents."""
    name = alias(generation.prefix, generation.dataset)
    by_index = {"by": {"terms": {"field": "_index", "size": 10}}}
    response = client.search(index=name, size=0, track_total_hits=True, aggs=by_index)
    documents = int(client.count(index=generation.index)["count"])
    seen = {bucket["key"]: bucket["doc_count"] for bucket in response["aggregations"]["by"]["buckets"]}
    if response["_shards"]["failed"] or seen != ({generation.index: documents} if documents else {}):
        answered = ", ".join(f"{count:,} by {index}" for index, count in seen.items()) or "nobody"
        raise CheckFailedError(
            f"A search through {name} was answered by {answered}, not by {generation.index}'s {documents:,} documents.",
            "The aliases are as they were.",
        )
