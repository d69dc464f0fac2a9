"""The way of the difference: clone the current generation, apply what is other, ask the gates, swap.

(nothing) --begin--> block --> clone --> unblock --> send, delete --> rejected, sketch --> gates, swap
             killed anywhere here: the next update lifts the block, deletes the clone, and starts over
"""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from indexer import generations, history, lease, ledger, provenance
from indexer.encode import EVIDENCE
from indexer.finish import Finished, Finisher, part_of
from indexer.gates import Candidate
from indexer.lease import Lease
from indexer.ledger import Ledger
from indexer.rejected import RejectedStore
from indexer.send import Sender
from indexer.update import clone, leftovers
from indexer.update.apply import Applier, RefusedError
from indexer.update.compare import Compared
from indexer.update.difference import FIRST_GONE, Difference, removed
from indexer.update.orders import Job
from indexer.update.present import next_number
from indexer.update.sampler import Sampler
from indexer.update.spool import Spool
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
            leftovers.BASE: base.index,
            "epoch": self.compared.epoch,
            "started": datetime.now(UTC).isoformat(),
        }
        books.begin(to, plan)
        self.job.tell(to, history.STARTED, f"{to.index}: update of {base.index} by its difference")
        try:
            self._build(base, to, plan)
        except RefusedError:
            (record,) = [entry for entry in books.loads(to.dataset) if entry.generation == to]
            leftovers.give_up(self.job.client, books, record)
            raise
        return to, self._finish(to, plan)

    def _build(self, base: Generation, to: Generation, plan: dict[str, Any]) -> None:
        job = self.job
        job.step("closing to writes")
        try:
            clone.block(job.client, base)
            job.step("cloning")
            clone.clone(job.client, base, to, {"state": ledger.BUILDING, **plan})
            job.step("opening again")
        finally:
            clone.unblock(job.client, base)
        job.step("applying")
        sender = Sender(job.client, generations.write_alias(to))
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
        generations.flush(job.client, to)
        candidate = Candidate(
            generation=to,
            totals=totals,
            documents=generations.count(job.client, to),
            kept=self._store(to).count(),
            planned=job.plan.rows,
            touched=difference.touched,
            synthetic=provenance.is_synthetic(job.plan),
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
