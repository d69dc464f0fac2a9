"""The way of the difference: clone the current generation, apply what is other, ask the gates, swap.

(nothing) --begin--> block --> clone --> unblock --> send, delete --> rejected, sketch --> gates, swap
             killed anywhere here: the next update lifts the block, deletes the clone, and starts over
"""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from indexer.checks import Candidate
from indexer.cluster import audit_log, indices, lease, ledger, recovery
from indexer.cluster.bulk import Sender
from indexer.cluster.current import next_number
from indexer.cluster.lease import Lease
from indexer.cluster.ledger import Ledger
from indexer.cluster.rejects import RejectedStore
from indexer.documents.bulk_body import EVIDENCE
from indexer.load.plan import is_synthetic
from indexer.load.publish import Finished, Finisher, part_of
from indexer.update.apply import Applier, RefusedError
from indexer.update.compare import FIRST_GONE, Compared, Difference, removed
from indexer.update.sampler import Sampler
from indexer.update.update import Job
from indexer.update.workdir import Spool
from mappings.index_names import Generation
from mappings.index_names import rejected as rejected_index


@dataclass(frozen=True)
class Builder:
    """Builds one generation out of the current one; the caller holds the data set's lease."""

    job: Job
    held: Lease
    compared: Compared
    spool: Spool

    def run(self) -> tuple[Generation, Finished]:
        """Return the new generation, in service.

        Raises GateError (the alias did not move), RefusedError (only a load can tell what takes the place of a
        document that Elasticsearch refused; nothing is left of the clone).
        """
        base = self.compared.present.generation
        to = next_number(self.job.client, base)
        books = Ledger(self.job.client, self.job.prefix)
        plan = self.job.notes() | {
            "what": lease.UPDATE,
            recovery.BASE: base.index,
            "epoch": self.compared.epoch,
            "started": datetime.now(UTC).isoformat(),
        }
        books.begin(to, plan)
        self.job.tell(to, audit_log.STARTED, f"{to.index}: update of {base.index} by its difference")
        try:
            self._build(base, to, plan)
        except RefusedError:
            (record,) = [entry for entry in books.loads(to.dataset) if entry.generation == to]
            recovery.give_up(self.job.client, books, record)
            raise
        return to, self._finish(to, plan)

    def _build(self, base: Generation, to: Generation, plan: dict[str, Any]) -> None:
        job = self.job
        job.step("closing to writes")
        try:
            indices.block(job.client, base)
            job.step("cloning")
            indices.clone(job.client, base, to, {"state": ledger.BUILDING, **plan})
            job.step("opening again")
        finally:
            indices.unblock(job.client, base)
        job.step("applying")
        sender = Sender(job.client, indices.write_alias(to))
        applier = Applier(job.client, to, self.spool, sender, self._store(to))
        applier.send()
        job.step("deleting")
        for frame in self.spool.frames(FIRST_GONE):
            applier.delete(frame["_id"].to_list())
        for batch in removed(job.client, base, self.spool, skip=1):
            applier.delete(batch)
        job.step("writing down")
        applier.keep_rejected()
        applier.keep_sketch()

    def _finish(self, to: Generation, plan: dict[str, Any]) -> Finished:
        job, totals, difference = self.job, self.compared.totals, self.compared.difference
        job.step("checking")
        indices.flush(job.client, to)
        candidate = Candidate(
            generation=to,
            totals=totals,
            documents=indices.count(job.client, to),
            kept=self._store(to).count(),
            planned=job.plan.rows,
            touched=difference.touched,
            synthetic=is_synthetic(job.plan),
            part_before=part_of(self.compared.present.meta),
            ignored=EVIDENCE,
        )
        sampler = Sampler(self.compared.release, self.spool, job.orders.bounds.sample, to.index)
        finisher = Finisher(job.client, self.held, job.orders.bounds, job.orders.force)
        counts = {"totals": asdict(totals), "changed": {}, "difference": counted(difference)}
        return finisher.run(candidate, sampler, plan | counts)

    def _store(self, generation: Generation) -> RejectedStore:
        sender = Sender(self.job.client, rejected_index(self.job.prefix), require_alias=False)
        return RejectedStore(sender, generation)


def counted(difference: Difference) -> dict[str, int]:
    """Return the four counts of a difference."""
    return {name: getattr(difference, name) for name in ("added", "changed", "removed", "unchanged")}
