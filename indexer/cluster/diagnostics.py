"""Is anything wrong with a data set's indices, aliases and leases? How each thing that can be is told, and what to do.

Asked by `load`, `update`, `rollback` (what blocks a swap stops them before they begin), by `generations`, and by
`doctor`. Pure: it judges what `indexer.dataset_status` read.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from elasticsearch import Elasticsearch

from indexer.cluster.lease import LEASE_S, SILENT_S, Holder
from indexer.cluster.status import BUILDING, CURRENT, FAILED, READY, DatasetStatus, GenerationStatus, dataset_status
from mappings.errors import CheckFailedError
from mappings.index_names import alias

ON_TWO, MISSING = "alias_on_two", "alias_missing"

_BLOCKS = {"read_only": "read-only", "metadata": "closed to changes of its aliases"}
"""Index blocks that keep an alias from being moved."""
_WRITE_BLOCKS = {"write": "closed to writing", "read_only_allow_delete": "read-only since the disk was full"}


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
    elif not status.aliased and (kept := status.kept()):
        hint = f"Put it on the newest one: linernotes rollback {dataset} --to {kept[0].generation.number}"
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
            hint = f"Run the same load or update of {status.dataset} again, or: linernotes prune {status.dataset}"
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
