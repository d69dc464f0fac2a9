"""Which way is cheaper: clone and apply the difference, or build afresh? Pure, and the figures are beside the rule."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from elasticsearch import Elasticsearch

from indexer.checks import Bounds, Gate
from indexer.cluster import audit_log, indices, lease, recovery
from indexer.cluster.audit_log import History
from indexer.cluster.current import Present, current
from indexer.cluster.diagnostics import ensure_swappable
from indexer.cluster.lease import Lease
from indexer.cluster.progress import Meter, peak_rss_mb
from indexer.cluster.retry import DEADLINE_S, RetryPolicy, retrying
from indexer.cluster.status import BUILDING, READY
from indexer.load.load import Loader, Options
from indexer.load.plan import Plan, identity, revision
from indexer.records import Totals
from indexer.update.apply import RefusedError
from indexer.update.build import Builder, counted
from indexer.update.compare import Compared, Difference, compare
from indexer.update.workdir import Spool, spooled
from mappings.index_names import Generation

DIFFERENCE, AFRESH = "difference", "afresh"
WAYS = (DIFFERENCE, AFRESH)

MOST = 0.5
"""Share of the release that may be touched: of 200,000 tracks, updates of 10, 40, 80 % took 33, 60, 107 % of the time
of a load (benchmarks/README.md). Less than where both are equal, as replaced documents weigh on a clone until merged.
"""


@dataclass(frozen=True)
class Way:
    """The way that is taken, and why, as a sentence."""

    name: str
    why: str


def choose(difference: Difference, must: str = "", wanted: str = "") -> Way:
    """Return the way: `must` says why nothing but afresh is sound, `wanted` is what the user asks for.

    >>> choose(Difference(5, 10, 5, 1_000)).name, choose(Difference(500, 0, 0, 100)).name
    ('difference', 'afresh')
    """
    if must:
        return Way(AFRESH, must)
    share = difference.touched / max(1, difference.documents)
    told = f"{difference.touched:,} of {difference.documents:,} tracks are touched ({100 * share:.1f} %)"
    if wanted:
        return Way(wanted, f"asked for; {told}")
    if share > MOST:
        return Way(AFRESH, f"{told}; above {100 * MOST:g} % a clone costs more than it saves")
    return Way(DIFFERENCE, f"{told}; up to {100 * MOST:g} % a clone is cheaper")


@dataclass(frozen=True)
class Orders:
    """Stop at the difference; which way; what the gates allow, or a reason to pass closed ones."""

    dry_run: bool = False
    way: str = ""
    bounds: Bounds = field(default_factory=Bounds)
    force: str = ""
    deadline_s: float = DEADLINE_S


def say_nothing(_difference: Difference, _way: Way) -> None:
    """Show a difference to nobody."""


@dataclass(frozen=True)
class Job:
    """One update of one data set; `show` is told the difference and the way before anything is done."""

    client: Elasticsearch
    prefix: str
    plan: Plan
    orders: Orders = field(default_factory=Orders)
    meter: Meter = field(default_factory=Meter)
    stop: threading.Event = field(default_factory=threading.Event)
    show: Callable[[Difference, Way], None] = say_nothing

    @property
    def dataset(self) -> str:
        """Return the id of the data set."""
        return self.plan.source.dataset

    def __post_init__(self) -> None:
        """Make the client retry."""
        policy = RetryPolicy(self.meter, self.stop, self.orders.deadline_s)
        object.__setattr__(self, "client", retrying(self.client, policy))

    def step(self, name: str) -> None:
        """Tell which step begins; an update that was asked to stop ends between two of them. Tests kill it here."""
        self.meter.state = name
        if self.stop.is_set():
            raise KeyboardInterrupt

    def tell(self, generation: Generation, event: str, text: str, **details: Any) -> None:
        """Add an event to the history."""
        History(self.client, self.prefix).write(generation, event, text, **details)

    def notes(self) -> dict[str, Any]:
        """Return what the ledger and `_meta` say of where documents are from, and what made them."""
        return identity(self.plan) | {"revision": revision(self.plan), "sample": False}


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
        recovery.create_system_indices(job.client, job.prefix)
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
        recovery.clear(job.client, found)
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
        job.tell(present.generation, audit_log.DIFFERENCE, text, **counted(difference), way=way.name, why=way.why)
        return done, compared

    def _has_all(self, present: Present) -> bool:
        """Tell whether the current generation is of these very files already, and made by this program."""
        return all(present.meta.get(key) == value for key, value in identity(self.job.plan).items())

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
            replicas=indices.number_of(job.client, present.generation, "replicas"),
            shards=max(indices.number_of(job.client, present.generation, "shards"), indices.shards_for(job.plan.rows)),
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
        wanted = identity(self.job.plan)
        if self._begun:
            return not all(bool(plan.get(key) == value) for plan in self._begun for key, value in wanted.items())
        return self._has_all(present) or all(bool(present.plan.get(key) == value) for key, value in wanted.items())


def _is_load(plan: Mapping[str, Any]) -> bool:
    return str(plan.get("what", "load")) == "load"
