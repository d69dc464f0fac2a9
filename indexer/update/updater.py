"""One update: the difference, shown; then one of two ways; the result."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from indexer import generations, history, lease, provenance
from indexer.gates import Gate
from indexer.inspect import ensure_swappable
from indexer.lease import Lease
from indexer.load import Loader, Options
from indexer.meter import peak_rss_mb
from indexer.survey import BUILDING, READY
from indexer.totals import Totals
from indexer.update import leftovers
from indexer.update.apply import RefusedError
from indexer.update.build import Builder, counted
from indexer.update.compare import Compared, compare
from indexer.update.difference import Difference
from indexer.update.orders import Job
from indexer.update.present import Present, current
from indexer.update.spool import Spool, spooled
from indexer.update.way import AFRESH, DIFFERENCE, Way, choose


@dataclass(frozen=True)
class Updated:
    """What an update did: the contract's JSON, and what is printed for people. `from_` is called `from` there."""

    dataset: str
    from_: str
    to: str | None
    difference: Difference
    way: Way
    totals: Totals
    gates: Sequence[Gate] = ()
    alias_moved: bool = False
    watched: Sequence[Any] = ()
    seconds: float = 0.0
    peak_rss_mb: float = 0.0


@dataclass
class Updater:
    """Brings one data set to the state of a new release."""

    job: Job
    _begun: list[Mapping[str, Any]] = field(default_factory=list, repr=False)

    def run(self) -> Updated:
        """Update.

        Raises CheckFailedError (another is at work; nothing is loaded yet; a gate is closed: the alias did not move),
        UnreachableError.
        """
        job, started = self.job, time.monotonic()
        generations.ensure_books(job.client, job.prefix)
        for entry in job.plan.files:
            job.meter.add_file(entry.file.name, entry.rows)
        with spooled() as spool:
            with lease.held(job.client, job.prefix, job.dataset, lease.UPDATE) as held:
                present = self._present()
                done, compared = self._decide(present, spool)
                if compared and done.way.name == DIFFERENCE:
                    done = self._by_difference(held, compared, done, spool)
            if compared and done.way.name == AFRESH:
                done = self._afresh(present, done)
        return replace(done, seconds=round(time.monotonic() - started, 3), peak_rss_mb=peak_rss_mb())

    def _present(self) -> Present:
        """Return the current generation, after clearing away what dead updates left."""
        job = self.job
        found = ensure_swappable(job.client, job.prefix, job.dataset)
        leftovers.clear(job.client, found)
        self._begun = [view.plan for view in found.views if view.state in (BUILDING, READY) and _is_load(view.plan)]
        return current(job.client, found)

    def _decide(self, present: Present, spool: Spool) -> tuple[Updated, Compared | None]:
        """Return the difference and the way; and what was compared, if anything is to be done."""
        job, name = self.job, present.generation.index
        compared = compare(job, present, spool)
        difference = compared.difference
        way = choose(difference, present.must_be_afresh(), job.orders.way)
        done = Updated(job.dataset, name, None, difference, way, compared.totals)
        job.show(difference, way)
        if job.orders.dry_run:
            return done, None
        if not difference.touched and not job.orders.way and self._has_all(present):
            return replace(done, to=name, way=Way(DIFFERENCE, "nothing is to be done")), None
        text = f"{way.name}: " + ", ".join(f"{count:,} {what}" for what, count in counted(difference).items())
        job.tell(present.generation, history.DIFFERENCE, text, **counted(difference), way=way.name, why=way.why)
        return done, compared

    def _has_all(self, present: Present) -> bool:
        """Tell whether the current generation is of these very files already, and made by this program."""
        return all(present.meta.get(key) == value for key, value in provenance.identity(self.job.plan).items())

    def _by_difference(self, held: Lease, compared: Compared, done: Updated, spool: Spool) -> Updated:
        try:
            to, finished = Builder(self.job, held, compared, spool).run()
        except RefusedError as refused:
            return replace(done, way=Way(AFRESH, f"Elasticsearch refused a document of the difference: {refused}"))
        return replace(done, to=to.index, gates=finished.gates, alias_moved=finished.moved, watched=finished.watched)

    def _afresh(self, present: Present, done: Updated) -> Updated:
        """Load the files into a new generation; the load takes the lease itself, and goes on after an interruption."""
        job = self.job
        job.meter.note(f"Building afresh: {done.way.why}.")
        job.meter.files.clear()
        job.meter.totals = Totals()
        options = Options(
            fresh=self._starts_over(present),
            replicas=generations.number_of(job.client, present.generation, "replicas"),
            shards=max(
                generations.number_of(job.client, present.generation, "shards"), generations.shards_for(job.plan.rows)
            ),
            bounds=job.orders.bounds,
            force=job.orders.force,
            deadline_s=job.orders.deadline_s,
            touched=done.difference.touched,
        )
        loaded = Loader(job.client, job.prefix, job.plan, options, job.meter, job.stop).run()
        names = ("read", "indexed", "duplicates", "skipped", "rejected")
        return replace(
            done,
            to=loaded.generation,
            totals=Totals(**{name: getattr(loaded, name) for name in names}),
            gates=loaded.gates,
            alias_moved=loaded.alias_moved,
            watched=loaded.watched,
        )

    def _starts_over(self, present: Present) -> bool:
        """Tell whether the load must not go on: what is there is half a load of other files, or whole already."""
        identity = provenance.identity(self.job.plan)
        if self._begun:
            return not all(bool(plan.get(key) == value) for plan in self._begun for key, value in identity.items())
        return self._has_all(present) or all(bool(present.plan.get(key) == value) for key, value in identity.items())


def _is_load(plan: Mapping[str, Any]) -> bool:
    return str(plan.get("what", "load")) == "load"
