"""What is there of a data set? Indices, aliases, the ledger and the leases, read together and reconciled in one place.

Each alone can be out of date after a crash. The alias decides what is current, the index whether a generation is
there at all, the ledger what became of it, and the leases whether somebody is at work on it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from elasticsearch import Elasticsearch

from indexer.cluster import ledger
from indexer.cluster.lease import Holder, holders
from indexer.cluster.ledger import Ledger, LoadRecord
from mappings.index_names import Generation, alias, parse

BUILDING, READY, CURRENT, KEPT, FAILED = "building", "ready", "current", "kept", "failed"
STATES = (BUILDING, READY, CURRENT, KEPT, FAILED)

_STATE_OF: Mapping[str, str] = {
    ledger.BUILDING: BUILDING,
    ledger.READY: READY,
    ledger.CURRENT: KEPT,  # it was once, and is no longer: the alias is elsewhere
    ledger.FAILED: FAILED,
    ledger.ABANDONED: FAILED,
    ledger.PRUNED: FAILED,
}


@dataclass(frozen=True)
class IndexState:
    """An index as it is: its aliases, `_meta`, settings, and what it holds (None where it is closed)."""

    aliases: frozenset[str] = frozenset()
    meta: Mapping[str, Any] | None = None
    blocks: frozenset[str] = frozenset()
    closed: bool = False
    documents: int | None = None
    size_bytes: int | None = None


@dataclass(frozen=True)
class GenerationStatus:
    """One generation: its state, and who has a lease on it. `at` is when the ledger last heard of it."""

    generation: Generation
    state: str
    seen: IndexState
    record: LoadRecord | None
    holders: tuple[Holder, ...] = ()

    @property
    def at_work(self) -> tuple[str, ...]:
        """Return who is at work on it while it is built, those who may be dead included."""
        building = self.state in (BUILDING, READY)
        return tuple(holder.process for holder in self.holders if building and not holder.is_dead())

    @property
    def meta(self) -> Mapping[str, Any]:
        """Return the index's notes."""
        return self.seen.meta or {}

    @property
    def at(self) -> str:
        """Return when it was finished, or else when the ledger last heard of it."""
        return str(self.meta.get("finished") or (self.record.at if self.record else ""))

    @property
    def plan(self) -> Mapping[str, Any]:
        """Return what the ledger notes of it."""
        return self.record.plan if self.record else {}


@dataclass(frozen=True)
class DatasetStatus:
    """All of one data set: its generations by number, aliases, an index in an alias's place, and who has its lease."""

    prefix: str
    dataset: str
    views: tuple[GenerationStatus, ...]
    aliased: tuple[Generation, ...]
    overall: tuple[Generation, ...]
    in_place_of_alias: tuple[str, ...]
    holder: Holder | None

    @property
    def current(self) -> Generation | None:
        """Return the generation that searchers see, if there is just one."""
        return self.aliased[0] if len(self.aliased) == 1 else None

    def view(self, generation: Generation) -> GenerationStatus | None:
        """Return one generation."""
        return next((view for view in self.views if view.generation == generation), None)

    def kept(self) -> list[GenerationStatus]:
        """Return what can be gone back to, the newest first."""
        return [view for view in reversed(self.views) if view.state == KEPT]


def datasets(client: Elasticsearch, prefix: str) -> list[str]:
    """Return the data sets of which there is any generation, in the indices or in the ledger."""
    response = client.indices.resolve_index(name=f"{prefix}-*-g*", expand_wildcards="all")
    named = {entry.dataset for index in response["indices"] if (entry := parse(prefix, index["name"]))}
    return sorted(named | {record.generation.dataset for record in _records(client, prefix) if _is_open(record)})


def dataset_status(client: Elasticsearch, prefix: str, dataset: str) -> DatasetStatus:
    """Return what there is of a data set."""
    seen = _seen(client, prefix, dataset)
    names = {entry: index for index in seen if (entry := parse(prefix, index)) and entry.dataset == dataset}
    records = {record.generation: record for record in _records(client, prefix, dataset)}
    wanted = sorted(names.keys() | {entry for entry, record in records.items() if _is_open(record)})
    own, over = alias(prefix, dataset), alias(prefix)
    aliased = tuple(entry for entry in wanted if entry in names and own in seen[entry.index].aliases)
    leased = holders(client, prefix, dataset)
    views = []
    for entry in wanted:
        index, record = seen.get(entry.index, IndexState()), records.get(entry)
        state = CURRENT if entry in aliased else state_of(record.state if record else None, index.meta)
        at_work = tuple(holder for holder in leased if holder.generation == entry.index)
        views.append(GenerationStatus(entry, state, index, record, at_work))
    return DatasetStatus(
        prefix=prefix,
        dataset=dataset,
        views=tuple(views),
        aliased=aliased,
        overall=tuple(entry for entry in wanted if entry in names and over in seen[entry.index].aliases),
        in_place_of_alias=tuple(name for name in (own, over) if name in seen),
        holder=next((holder for holder in leased if not holder.generation), None),
    )


def _is_open(record: LoadRecord) -> bool:
    """Tell whether a generation without an index still has something to be said of it, or to be cleared away."""
    return record.state not in (ledger.PRUNED, ledger.ABANDONED)


def _records(client: Elasticsearch, prefix: str, dataset: str | None = None) -> list[LoadRecord]:
    return Ledger(client, prefix).loads(dataset)


def state_of(recorded: str | None, meta: Mapping[str, Any] | None) -> str:
    """Return the state of a generation that no alias points to; one that the ledger doesn't know is told by its notes.

    >>> state_of("current", {}), state_of(None, {"state": "current"}), state_of(None, {"state": "building"})
    ('kept', 'kept', 'failed')
    """
    if recorded is not None:
        return _STATE_OF[recorded]
    return KEPT if (meta or {}).get("state") == ledger.CURRENT else FAILED


def _seen(client: Elasticsearch, prefix: str, dataset: str) -> dict[str, IndexState]:
    """Return the indices of a data set, and those that have the name of an alias."""
    own, over = alias(prefix, dataset), alias(prefix)
    pattern = f"{own}-g*"
    names = [pattern, own, over]
    resolved = client.options(ignore_status=404).indices.resolve_index(name=f"{pattern},{own}*", expand_wildcards="all")
    ours = {entry["name"]: entry for entry in resolved.body.get("indices", [])}
    response = client.indices.get(
        index=names,
        expand_wildcards="all",
        ignore_unavailable=True,
        features=["aliases", "settings", "mappings"],
        filter_path="*.aliases,*.settings.index.blocks,*.settings.index.uuid,*.mappings._meta",
    )
    stats = client.indices.stats(
        index=pattern, metric=["docs", "store"], expand_wildcards="open", forbid_closed_indices=False
    )["indices"]
    wanted = {name: body for name, body in response.body.items() if name in (own, over) or parse(prefix, name)}
    return {name: _one(body, ours.get(name, {}), stats.get(name)) for name, body in wanted.items()}


def _one(body: Mapping[str, Any], resolved: Mapping[str, Any], stats: Mapping[str, Any] | None) -> IndexState:
    blocks = body.get("settings", {}).get("index", {}).get("blocks", {})
    closed = "closed" in resolved.get("attributes", ())
    own = stats["primaries"] if stats and not closed else None
    return IndexState(
        aliases=frozenset(body.get("aliases", {})),
        meta=body.get("mappings", {}).get("_meta", {}),
        blocks=frozenset(name for name, value in blocks.items() if str(value) == "true"),
        closed=closed,
        documents=own["docs"]["count"] if own else None,
        size_bytes=own["store"]["size_in_bytes"] if own else None,
    )
