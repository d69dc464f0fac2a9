"""What is there of a data set, and what is wrong with it? Indices, aliases, ledger and leases, reconciled in one place.

Each alone can be out of date after a crash. The alias decides what is current, the index whether a generation is
there at all, the ledger what became of it, and the leases whether somebody is at work on it. `load`, `update` and
`rollback` end before they begin where a finding blocks the swap; `generations` and `doctor` show all findings.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from elasticsearch import Elasticsearch

from indexer.cluster import ledger
from indexer.cluster.lease import LEASE_S, SILENT_S, Holder, holders
from indexer.cluster.ledger import Ledger, LoadRecord
from indexer.documents.bulk_body import EPOCH
from indexer.normalise.track import normalisation
from mappings.errors import CheckFailedError
from mappings.index import mapping_hash
from mappings.index_names import Generation, alias, parse

BUILDING, READY, CURRENT, KEPT, FAILED = "building", "ready", "current", "kept", "failed"

ON_TWO, MISSING = "alias_on_two", "alias_missing"

_BLOCKS = {"read_only": "read-only", "metadata": "closed to changes of its aliases"}
"""Index blocks that keep an alias from being moved."""
_WRITE_BLOCKS = {"write": "closed to writing", "read_only_allow_delete": "read-only since the disk was full"}

EPOCHS = 2**63 // EPOCH - 1
"""Releases that can be applied one upon another: 8,191."""

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

    def previous(self) -> list[GenerationStatus]:
        """Return what can be gone back to, the newest first."""
        return [view for view in reversed(self.views) if view.state == KEPT]


def datasets(client: Elasticsearch, prefix: str) -> list[str]:
    """Return the data sets of which there is any generation, in the indices or in the ledger."""
    response = client.indices.resolve_index(name=f"{prefix}-*-g*", expand_wildcards="all")
    named = {entry.dataset for index in response["indices"] if (entry := parse(prefix, index["name"]))}
    return sorted(named | {record.generation.dataset for record in _records(client, prefix) if _is_open(record)})


def dataset_status(client: Elasticsearch, prefix: str, dataset: str) -> DatasetStatus:
    """Return what there is of a data set."""
    seen = _index_states(client, prefix, dataset)
    names = {entry: index for index in seen if (entry := parse(prefix, index)) and entry.dataset == dataset}
    records = {record.generation: record for record in _records(client, prefix, dataset)}
    known = sorted(names.keys() | {entry for entry, record in records.items() if _is_open(record)})
    own, over = alias(prefix, dataset), alias(prefix)
    aliased = tuple(entry for entry in known if entry in names and own in seen[entry.index].aliases)
    leased = holders(client, prefix, dataset)
    views = []
    for entry in known:
        index, record = seen.get(entry.index, IndexState()), records.get(entry)
        state = CURRENT if entry in aliased else state_of(record.state if record else None, index.meta)
        at_work = tuple(holder for holder in leased if holder.generation == entry.index)
        views.append(GenerationStatus(entry, state, index, record, at_work))
    return DatasetStatus(
        prefix=prefix,
        dataset=dataset,
        views=tuple(views),
        aliased=aliased,
        overall=tuple(entry for entry in known if entry in names and over in seen[entry.index].aliases),
        in_place_of_alias=tuple(name for name in (own, over) if name in seen),
        holder=next((holder for holder in leased if not holder.generation), None),
    )


def _is_open(record: LoadRecord) -> bool:
    """Tell whether a generation without an index still has something to be said of it, or to be cleared away."""
    return record.state not in (ledger.PRUNED, ledger.ABANDONED)


def _records(client: Elasticsearch, prefix: str, dataset: str | None = None) -> list[LoadRecord]:
    return Ledger(client, prefix).loads(dataset)


def state_of(recorded: str | None, meta: Mapping[str, Any] | None) -> str:
    """Return the state of a generation that no alias points to; one unknown to the ledger is judged by its notes.

    >>> state_of("current", {}), state_of(None, {"state": "current"}), state_of(None, {"state": "building"})
    ('kept', 'kept', 'failed')
    """
    if recorded is not None:
        return _STATE_OF[recorded]
    return KEPT if (meta or {}).get("state") == ledger.CURRENT else FAILED


def _index_states(client: Elasticsearch, prefix: str, dataset: str) -> dict[str, IndexState]:
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
    bodies = {name: body for name, body in response.body.items() if name in (own, over) or parse(prefix, name)}
    return {name: _one(body, ours.get(name, {}), stats.get(name)) for name, body in bodies.items()}


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


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: a sentence, what to do, and whether it keeps the alias from being moved."""

    kind: str
    sentence: str
    hint: str
    blocks_swap: bool = False

    def __str__(self) -> str:
        """Return both."""
        return f"{self.sentence} {self.hint}"


def inspect(status: DatasetStatus) -> list[Finding]:
    """Return what is wrong, the gravest first."""
    checks = (_names, _indices, _aliases, _leases, _builders, _orphans)
    findings = [finding for check in checks for finding in check(status)]
    return sorted(findings, key=lambda finding: not finding.blocks_swap)


def ensure_swappable(client: Elasticsearch, prefix: str, dataset: str) -> DatasetStatus:
    """Return what is there; raises CheckFailedError for the first thing that keeps the alias from being moved."""
    status = dataset_status(client, prefix, dataset)
    for finding in inspect(status):
        if finding.blocks_swap:
            raise CheckFailedError(finding.sentence, finding.hint)
    return status


def ensure_not(status: DatasetStatus, *kinds: str) -> None:
    """Raise CheckFailedError where one of these kinds of things is wrong."""
    for finding in inspect(status):
        if finding.kind in kinds:
            raise CheckFailedError(finding.sentence, finding.hint)


@dataclass(frozen=True)
class CurrentGeneration:
    """The current generation: its notes, and what the ledger says of it."""

    generation: Generation
    meta: Mapping[str, Any]
    plan: Mapping[str, Any]

    @property
    def epoch(self) -> int:
        """Return how many releases were applied to it."""
        return int(self.meta.get("epoch", 0))

    def other_normalisation(self) -> str:
        """Return that another normalisation made it, as a sentence; empty if it was today's."""
        if self.meta.get("normalisation") == normalisation():
            return ""
        return f"The normalisation of this program changed since {self.generation.index} was made"

    def needs_full_load(self) -> str:
        """Return why an update by the difference is not possible; empty if it is."""
        if why := self.other_normalisation():
            return why
        if self.meta.get("mapping") != mapping_hash():
            return f"The mapping of this program changed since {self.generation.index} was made"
        return f"{EPOCHS:,} updates were applied one upon another" if self.epoch + 1 >= EPOCHS else ""


def current_generation(status: DatasetStatus) -> CurrentGeneration:
    """Return the current generation; raises CheckFailedError where there is none, or more than one."""
    dataset = status.dataset
    ensure_not(status, ON_TWO, MISSING)
    view = status.view(status.current) if status.current else None
    if view is None:
        raise CheckFailedError(f"Nothing of {dataset} is loaded yet.", f"Load it: linernotes load {dataset} PATH...")
    return CurrentGeneration(view.generation, view.meta, view.plan)


def _names(status: DatasetStatus) -> Iterator[Finding]:
    for name in status.in_place_of_alias:
        yield Finding(
            "name_taken",
            f"An index is called {name}, which is the alias's own name.",
            f"Clone it to another name if it is needed, then delete it: DELETE /{name}",
            blocks_swap=True,
        )


def _indices(status: DatasetStatus) -> Iterator[Finding]:
    for view in status.views:
        name, current = view.generation.index, view.state == CURRENT
        if view.seen.closed:
            yield Finding("closed", f"Index {name} is closed.", f"Open it: POST /{name}/_open", current)
        for block in sorted(view.seen.blocks & (_BLOCKS.keys() | _WRITE_BLOCKS.keys())):
            what = (_BLOCKS | _WRITE_BLOCKS)[block]
            hint = f'Lift the block: PUT /{name}/_settings {{"index.blocks.{block}": null}}'
            yield Finding("read_only", f"Index {name} is {what}.", hint, current and block in _BLOCKS)


def _aliases(status: DatasetStatus) -> Iterator[Finding]:
    dataset, own, over = status.dataset, alias(status.prefix, status.dataset), alias(status.prefix)
    if len(status.aliased) > 1:
        names = " and ".join(entry.index for entry in status.aliased)
        hint = f"Choose one: linernotes rollback {dataset} --to {status.aliased[-1].number}"
        yield Finding(ON_TWO, f"Alias {own} is on {len(status.aliased)} generations at once: {names}.", hint)
    elif not status.aliased and (earlier := status.previous()):
        hint = f"Put it on the newest one: linernotes rollback {dataset} --to {earlier[0].generation.number}"
        yield Finding(MISSING, f"Alias {own} is missing, so that nobody finds what is loaded.", hint)
    elif status.aliased != status.overall:
        names = " and ".join(entry.index for entry in status.overall) or "none of its generations"
        hint = (
            f"Put both on one: linernotes rollback {dataset} --to {status.aliased[0].number if status.aliased else 'N'}"
        )
        yield Finding("aliases_differ", f"Alias {over} is on {names}, but {own} is not.", hint)


def _leases(status: DatasetStatus) -> Iterator[Finding]:
    if status.holder and status.holder.is_dead():
        hint = "Nothing is to be done: whoever needs the lock next takes it over."
        what = f"{status.dataset} is locked by {status.holder}, which {_end(status.holder)}."
        yield Finding("lock_of_the_dead", what, hint)
    building = [holder for view in status.views if view.at_work for holder in view.holders]
    for holder in [status.holder, *building] if status.holder else building:
        if holder.silent_s > SILENT_S and not holder.is_dead():
            hint = (
                f"If it was ended, nothing is to be done: {LEASE_S:.0f} s after its last sign of life the next load, "
                "update or prune takes over."
            )
            what = f"{holder.generation or status.dataset} is held by {holder}, which {_end(holder)}."
            yield Finding("holder_silent", what, hint)


def _end(holder: Holder) -> str:
    """Return what is known of a holder's end, as the rest of a sentence."""
    return "is gone" if holder.is_gone else f"has given no sign of life for {holder.silent_s:,.0f} s"


def _builders(status: DatasetStatus) -> Iterator[Finding]:
    for view in status.views:
        locked = status.holder and not status.holder.is_dead()
        if view.state in (BUILDING, READY) and not view.at_work and not locked:
            what = "half built" if view.state == BUILDING else "built, but not in service"
            who = " and ".join(f"{holder}, {_end(holder)}" for holder in view.holders) or "nobody is at work on it"
            work = view.record.what if view.record else "load or update"
            hint = f"Run the same {work} of {status.dataset} again, or: linernotes prune {status.dataset}"
            yield Finding("builder_dead", f"{view.generation.index} is {what}, and {who}.", hint)


def _orphans(status: DatasetStatus) -> Iterator[Finding]:
    for view in status.views:
        if view.record is None:
            hint = _orphan_hint(view)
            yield Finding("orphan", f"Index {view.generation.index} is unknown to the ledger.", hint)


def _orphan_hint(view: GenerationStatus) -> str:
    dataset = view.generation.dataset
    return {
        CURRENT: f"It can be searched; load {dataset} again to have its sums written down.",
        FAILED: f"Nothing says what it is: linernotes prune {dataset} deletes it.",
    }.get(view.state, f"It can be gone back to: linernotes rollback {dataset} --to {view.generation.number}")
