"""The way of the difference: clone the current generation, apply what is other, ask the gates, swap.

(nothing) --begin--> block --> clone --> unblock --> send, delete --> rejected, sketch --> gates, swap
             killed anywhere here: the next update lifts the block, deletes the clone, and starts over
"""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from indexer.checks import Candidate
from indexer.cluster import audit_log, indices, lease, ledger, recovery
from indexer.cluster.bulk import BulkSender
from indexer.cluster.current import next_number
from indexer.cluster.lease import Lease
from indexer.cluster.ledger import Ledger
from indexer.cluster.rejects import RejectedStore
from indexer.documents.bulk_body import EVIDENCE
from indexer.load.plan import is_synthetic
from indexer.load.publish import Finished, Finisher, partial_reason
from indexer.update.apply import Applier, RefusedError
from indexer.update.compare import FIRST_GONE, Compared, Difference, removed
from indexer.update.sampler import Sampler
from indexer.update.update import UpdateContext
from indexer.update.workdir import WorkDir
from mappings.index_names import Generation
from mappings.index_names import rejected as rejected_index


@dataclass(frozen=True)
class Builder:
    """Builds one generation out of the current one; the caller holds the data set's lease."""

    context: UpdateContext
    held: Lease
    compared: Compared
    spool: WorkDir

    def run(self) -> tuple[Generation, Finished]:
        """Return the new generation, in service.

        Raises GateError (the alias did not move), RefusedError (only a load can tell what takes the place of a
        document that Elasticsearch refused; nothing is left of the clone).
        """
        base = self.compared.in_service.generation
        to = next_number(self.context.client, base)
        load_ledger = Ledger(self.context.client, self.context.prefix)
        plan = self.context.notes() | {
            "what": lease.UPDATE,
            recovery.BASE: base.index,
            "epoch": self.compared.epoch,
            "started": datetime.now(UTC).isoformat(),
        }
        load_ledger.begin(to, plan)
        self.context.tell(to, audit_log.STARTED, f"{to.index}: update of {base.index} by its difference")
        try:
            self._build(base, to, plan)
        except RefusedError:
            (record,) = [entry for entry in load_ledger.loads(to.dataset) if entry.generation == to]
            recovery.give_up(self.context.client, load_ledger, record)
            raise
        return to, self._finish(to, plan)

    def _build(self, base: Generation, to: Generation, plan: dict[str, Any]) -> None:
        context = self.context
        context.step("closing to writes")
        try:
            indices.block(context.client, base)
            context.step("cloning")
            indices.clone(context.client, base, to, {"state": ledger.BUILDING, **plan})
            context.step("opening again")
        finally:
            indices.unblock(context.client, base)
        context.step("applying")
        sender = BulkSender(context.client, indices.write_alias(to))
        applier = Applier(context.client, to, self.spool, sender, self._store(to))
        applier.send()
        context.step("deleting")
        for frame in self.spool.frames(FIRST_GONE):
            applier.delete(frame["_id"].to_list())
        for batch in removed(context.client, base, self.spool, skip=1):
            applier.delete(batch)
        context.step("writing down")
        applier.keep_rejected()
        applier.keep_sketch()

    def _finish(self, to: Generation, plan: dict[str, Any]) -> Finished:
        context, totals, difference = self.context, self.compared.totals, self.compared.difference
        context.step("checking")
        indices.flush(context.client, to)
        candidate = Candidate(
            generation=to,
            totals=totals,
            documents=indices.count(context.client, to),
            kept=self._store(to).count(),
            planned=context.plan.rows,
            touched=difference.touched,
            synthetic=is_synthetic(context.plan),
            part_before=partial_reason(self.compared.in_service.meta),
            ignored=EVIDENCE,
        )
        sampler = Sampler(self.compared.release, self.spool, context.options.thresholds.sample, to.index)
        finisher = Finisher(context.client, self.held, context.options.thresholds, context.options.force)
        counts = {"totals": asdict(totals), "changed": {}, "difference": counted(difference)}
        return finisher.run(candidate, sampler, plan | counts)

    def _store(self, generation: Generation) -> RejectedStore:
        sender = BulkSender(self.context.client, rejected_index(self.context.prefix), require_alias=False)
        return RejectedStore(sender, generation)


def counted(difference: Difference) -> dict[str, int]:
    """Return the four counts of a difference."""
    return {name: getattr(difference, name) for name in ("added", "changed", "removed", "unchanged")}
