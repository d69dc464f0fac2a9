"""A clone of the current generation: hard links, so that it costs neither time nor space. Searches go on meanwhile.

Elasticsearch clones only what nobody writes to. So the current generation has a write block while it is cloned; whoever
dies in between leaves it behind, and the next update or prune lifts it.
"""

from typing import Any

from elasticsearch import Elasticsearch, NotFoundError

from indexer import generations
from mappings.errors import CheckFailedError
from mappings.index_names import Generation

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
    settings = generations.BUILDING_SETTINGS | {
        _BLOCK: None,
        "number_of_replicas": generations.number_of(client, of, "replicas"),
    }
    body = {"settings": {f"index.{name.removeprefix('index.')}": value for name, value in settings.items()}}
    aliases: dict[str, Any] = {generations.write_alias(to): {}}
    if not generations.exists(client, to):
        client.indices.clone(
            index=of.index, target=to.index, settings=body["settings"], aliases=aliases, wait_for_active_shards=1
        )
    health = client.cluster.health(index=to.index, wait_for_status="yellow", timeout=HEALTHY)
    if health["timed_out"]:
        raise CheckFailedError(f"The clone {to.index} did not become ready in {HEALTHY}.", "Nothing was swapped.")
    unblock(client, to)  # what the clone was told above stays behind as an empty setting
    # The notes of the original came with it: they are replaced as a whole.
    client.indices.put_mapping(index=to.index, meta=notes)
