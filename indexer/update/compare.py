"""From two releases to their difference: both are read into a spool, joined, and what is suspected is normalised."""

from dataclasses import dataclass, replace

from indexer.rowwise import rowwise
from indexer.totals import Totals
from indexer.update.changes import Changes
from indexer.update.difference import Difference, details
from indexer.update.join import join
from indexer.update.orders import Job
from indexer.update.present import Present
from indexer.update.release import Release
from indexer.update.spool import Spool
from indexer.update.stored import spool_index, spool_sketch
from mappings.errors import CheckFailedError


@dataclass(frozen=True)
class Compared:
    """The new release against the current generation: totals and difference; the spool has the records."""

    present: Present
    release: Release
    totals: Totals
    difference: Difference

    @property
    def epoch(self) -> int:
        """Return the epoch of the documents that have to be sent."""
        return self.present.epoch + 1


def compare(job: Job, present: Present, spool: Spool) -> Compared:
    """Return the difference, exactly counted; memory does not depend on the size of either side."""
    current = present.generation
    job.step("reading the current generation")
    sketched = spool_sketch(job.client, current, present.plan, spool)
    if not sketched:
        spool_index(job.client, current, spool)
    release = Release(job.plan, sketched and rowwise(job.plan.source) is not None)
    job.step("reading the new release")
    read = release.spool(spool, job.meter)
    job.step("comparing")
    joined = join(spool, by_row=release.by_row)
    found = Changes(release, spool, present.epoch + 1).run()
    totals = read + Totals(indexed=joined.new - read.indexed, duplicates=read.indexed - joined.new)
    difference = Difference(found.added, found.changed, joined.gone, joined.kept + found.same)
    if difference.documents != joined.new or totals.missing:
        what = f"{joined.new:,} ids, {difference.documents:,} in the difference, {totals.missing:,} records missing"
        hint = f"Load it: linernotes load {job.dataset} PATH..."
        raise CheckFailedError(f"The comparison does not add up: {what}.", hint)
    shown = details(job.client, current, spool)
    return Compared(present, release, totals, replace(difference, **shown))
