"""Generations: the physical indices behind the aliases. Created, finished, swapped in, listed."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from elasticsearch import ApiError, BadRequestError, Elasticsearch, NotFoundError

from indexer import ledger, rejected
from indexer.patience import patiently
from mappings import index as index_body
from mappings.names import Generation, alias, parse
from mappings.names import ledger as ledger_index
from mappings.names import rejected as rejected_index
from mappings.problems import CheckProblem

BUILDING_SETTINGS: dict[str, Any] = {
    # Measured in the design (2 cores): these three are what a load needs; others made less than 8 % of difference.
    "refresh_interval": "-1",
    "translog.durability": "async",
    "translog.flush_threshold_size": "1gb",
}
SERVING_SETTINGS: dict[str, Any] = {
    "refresh_interval": None,
    "translog.durability": None,
    "translog.flush_threshold_size": None,
}

_SMALL = {"number_of_shards": 1, "auto_expand_replicas": "0-1"}


def ensure_books(client: Elasticsearch, prefix: str) -> None:
    """Create the ledger and the index of rejected records where they are missing."""
    for name, mapping in ((ledger_index(prefix), ledger.MAPPING), (rejected_index(prefix), rejected.MAPPING)):
        _create(client, name, {"settings": _SMALL, "mappings": mapping})


def _create(client: Elasticsearch, name: str, body: dict[str, Any]) -> bool:
    """Create an index; return False when it is there already."""
    try:
        patiently(lambda: client.indices.create(index=name, **body))
    except BadRequestError as error:
        if error.error != "resource_already_exists_exception":
            raise
        return False
    return True


def write_alias(generation: Generation) -> str:
    """Return the alias that the loader writes through; it is there only while the generation is being built."""
    return f"{generation.index}-building"


def create(client: Elasticsearch, generation: Generation, *, shards: int, replicas: int, meta: dict[str, Any]) -> bool:
    """Create the index of a new generation, tuned for loading; return False when it is there already."""
    settings = BUILDING_SETTINGS | {"number_of_replicas": replicas}
    body = index_body.body(shards=shards, meta=meta, index_settings=settings)
    return _create(client, generation.index, body | {"aliases": {write_alias(generation): {}}})


def exists(client: Elasticsearch, generation: Generation) -> bool:
    """Tell whether the generation's index is there."""
    return bool(patiently(lambda: client.indices.exists(index=generation.index)))


def delete(client: Elasticsearch, generation: Generation) -> None:
    """Delete the generation's index."""
    patiently(lambda: client.indices.delete(index=generation.index, ignore_unavailable=True))


def numbers(client: Elasticsearch, prefix: str, dataset: str) -> list[int]:
    """Return the numbers of all generations of a data set, in order."""
    found = patiently(lambda: client.indices.get(index=f"{prefix}-{dataset}-g*", features=["aliases"]))
    generations = (parse(prefix, name) for name in found.body)
    return sorted(entry.number for entry in generations if entry and entry.dataset == dataset)


def current(client: Elasticsearch, prefix: str, dataset: str) -> list[Generation]:
    """Return what the data set's alias points to: one generation, or none."""
    name = alias(prefix, dataset)
    try:
        found = patiently(lambda: client.indices.get_alias(name=name))
    except ApiError as error:
        if error.status_code == 404:
            return []
        raise
    return sorted(entry for index in found.body if (entry := parse(prefix, index)))


def count(client: Elasticsearch, generation: Generation) -> int:
    """Refresh the index and return how many documents it has."""
    patiently(lambda: client.indices.refresh(index=generation.index))
    return int(patiently(lambda: client.count(index=generation.index))["count"])


@dataclass(frozen=True)
class Finish:
    """What turns a built index into one that serves: settings put back and read back, notes in `_meta`."""

    client: Elasticsearch
    generation: Generation

    def serve(self, meta: dict[str, Any]) -> None:
        """Put the settings for serving in place, and the notes; raises CheckProblem if they didn't take."""
        name = self.generation.index
        patiently(lambda: self.client.indices.put_settings(index=name, settings={"index": SERVING_SETTINGS}))
        patiently(lambda: self.client.indices.put_mapping(index=name, meta=meta))
        found = patiently(lambda: self.client.indices.get_settings(index=name, flat_settings=True))
        settings = found[name]["settings"]
        left = [key for key in SERVING_SETTINGS if f"index.{key}" in settings]
        if left:
            raise CheckProblem(
                f"Index {name} kept its settings for loading: {', '.join(left)}.", "Nothing was swapped."
            )

    def swap(self) -> bool:
        """Move the aliases to this generation in one call and read them back; return whether they moved."""
        prefix, dataset, name = self.generation.prefix, self.generation.dataset, self.generation.index
        before = current(self.client, prefix, dataset)
        names = [alias(prefix, dataset), alias(prefix)]
        removed = [entry.index for entry in before if entry.index != name]
        actions: list[dict[str, Any]] = [
            {"remove": {"index": old, "aliases": names, "must_exist": True}} for old in removed
        ]
        actions.append({"add": {"index": name, "aliases": names}})
        actions.append({"remove": {"index": name, "alias": write_alias(self.generation), "must_exist": False}})
        # Not found: the call went through and only its answer was lost, so that there is nothing left to remove.
        # Whatever it was, what is read back decides.
        with suppress(NotFoundError):
            patiently(lambda: self.client.indices.update_aliases(actions=actions))
        if current(self.client, prefix, dataset) != [self.generation]:
            raise CheckProblem(f"Alias {names[0]} does not point to {name} after the swap.", "Run the load again.")
        return before != [self.generation]
