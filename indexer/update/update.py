"""Which way is cheaper: clone and apply the difference, or build afresh? Pure, and the figures are beside the rule."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from elasticsearch import Elasticsearch

from indexer.checks import Gate, Thresholds
from indexer.cluster import audit_log, indices, lease, recovery
from indexer.cluster.audit_log import AuditLog
from indexer.cluster.current import CurrentGeneration, current
from indexer.cluster.diagnostics import ensure_swappable
from indexer.cluster.lease import Lease
from indexer.cluster.progress import Progress, peak_rss_mb
from indexer.cluster.retry import DEADLINE_S, RetryPolicy, retrying
from indexer.cluster.status import BUILDING, READY
from indexer.load.load import Loader, Options
from indexer.load.plan import Plan, identity, revision
from indexer.records import Totals
from indexer.update.apply import RefusedError
from indexer.update.build import Builder, counted
from indexer.update.compare import Compared, Difference, compare
from indexer.update.workdir import WorkDir, work_dir
from mappings.index_names import Generation

DIFFERENCE, FULL_LOAD = "difference", "afresh"
STRATEGIES = (DIFFERENCE, FULL_LOAD)

MOST = 0.5
"""Share of the release that may be touched: of 200,000 tracks, updates of 10, 40, 80 % took 33, 60, 107 % of the time
of a load (benchmarks/README.md). Less than where both are equal, as replaced documents weigh on a clone until merged.
"""


@dataclass(frozen=True)
class Strategy:
    """The way that is taken, and why, as a sentence."""

    name: str
    why: str


def choose(difference: Difference, must: str = "", wanted: str = "") -> Strategy:
    """Return the way: `must` says why nothing but afresh is sound, `wanted` is what the user asks for.

    >>> choose(Difference(5, 10, 5, 1_000)).name, choose(Difference(500, 0, 0, 100)).name
    ('difference', 'afresh')
    """
    if must:
        return Strategy(FULL_LOAD, must)
    share = difference.touched / max(1, difference.documents)
    told = f"{difference.touched:,} of {difference.documents:,} tracks are touched ({100 * share:.1f} %)"
    if wanted:
        return Strategy(wanted, f"asked for; {told}")
    if share > MOST:
        return Strategy(FULL_LOAD, f"{told}; above {100 * MOST:g} % a clone costs more than it saves")
    return Strategy(DIFFERENCE, f"{told}; up to {100 * MOST:g} % a clone is cheaper")


@dataclass(frozen=True)
class UpdateOptions:
    """Stop at the difference; which way; what the gates allow, or a reason to pass closed ones."""

    dry_run: bool = False
    way: str = ""
    thresholds: Thresholds = field(default_factory=Thresholds)
    force: str = ""
    deadline_s: float = DEADLINE_S


def say_nothing(_difference: Difference, _way: Strategy) -> None:
    """Show a difference to nobody."""


@dataclass(frozen=True)
class UpdateContext:
    """One update of one data set; `show` is told the difference and the way before anything is done."""

    client: Elasticsearch
    prefix: str
    plan: Plan
    options: UpdateOptions = field(default_factory=UpdateOptions)
    progress: Progress = field(default_factory=Progress)
    stop: threading.Event = field(default_factory=threading.Event)
    show: Callable[[Difference, Strategy], None] = say_nothing

    @property
    def dataset(self) -> str:
        """Return the id of the data set."""
        return self.plan.source.dataset

    def __post_init__(self) -> None:
        """Make the client retry."""
        policy = RetryPolicy(self.progress, self.stop, self.options.deadline_s)
        object.__setattr__(self, "client", retrying(self.client, policy))

    def step(self, name: str) -> None:
        """Tell which step begins; an update that was asked to stop ends between two of them. Tests kill it here."""
        self.progress.state = name
        if self.stop.is_set():
            raise KeyboardInterrupt

    def tell(self, generation: Generation, event: str, text: str, **details: Any) -> None:
        """Add an event to the history."""
        AuditLog(self.client, self.prefix).write(generation, event, text, **details)

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
    way: Strategy
    totals: Totals
    gates: Sequence[Gate] = ()
    alias_moved: bool = False
    watched: Sequence[Any] = ()
    seconds: float = 0.0
    peak_rss_mb: float = 0.0


@dataclass
class Updater:
    """Brings one data set to the state of a new release."""

    context: UpdateContext
    _begun: list[Mapping[str, Any]] = field(default_factory=list, repr=False)

    def run(self) -> Updated:
        """Update.

        Raises CheckFailedError (another is at work; nothing is loaded yet; a gate is closed: the alias did not move),
        UnreachableError.
        """
        context, started = self.context, time.monotonic()
        recovery.create_system_indices(context.client, context.prefix)
        for entry in context.plan.files:
            context.progress.add_file(entry.file.name, entry.rows)
        with work_dir() as spool:
            with lease.held(context.client, context.prefix, context.dataset, lease.UPDATE) as held:
                in_service = self._present()
                done, compared = self._decide(in_service, spool)
                if compared and done.way.name == DIFFERENCE:
                    done = self._by_difference(held, compared, done, spool)
            if compared and done.way.name == FULL_LOAD:
                done = self._afresh(in_service, done)
        return replace(done, seconds=round(time.monotonic() - started, 3), peak_rss_mb=peak_rss_mb())

    def _present(self) -> CurrentGeneration:
        """Return the current generation, after clearing away what dead updates left."""
        context = self.context
        found = ensure_swappable(context.client, context.prefix, context.dataset)
        recovery.clear(context.client, found)
        self._begun = [view.plan for view in found.views if view.state in (BUILDING, READY) and _is_load(view.plan)]
        return current(context.client, found)

    def _decide(self, in_service: CurrentGeneration, spool: WorkDir) -> tuple[Updated, Compared | None]:
        """Return the difference and the way; and what was compared, if anything is to be done."""
        context, name = self.context, in_service.generation.index
        compared = compare(context, in_service, spool)
        difference = compared.difference
        way = choose(difference, in_service.needs_full_load(), context.options.way)
        done = Updated(context.dataset, name, None, difference, way, compared.totals)
        context.show(difference, way)
        if context.options.dry_run:
            return done, None
        if not difference.touched and not context.options.way and self._has_all(in_service):
            return replace(done, to=name, way=Strategy(DIFFERENCE, "nothing is to be done")), None
        text = f"{way.name}: " + ", ".join(f"{count:,} {what}" for what, count in counted(difference).items())
        context.tell(
            in_service.generation, audit_log.DIFFERENCE, text, **counted(difference), way=way.name, why=way.why
        )
        return done, compared

    def _has_all(self, in_service: CurrentGeneration) -> bool:
        """Tell whether the current generation is of these very files already, and made by this program."""
        return all(in_service.meta.get(key) == value for key, value in identity(self.context.plan).items())

    def _by_difference(self, held: Lease, compared: Compared, done: Updated, spool: WorkDir) -> Updated:
        try:
            to, finished = Builder(self.context, held, compared, spool).run()
        except RefusedError as refused:
            return replace(
                done, way=Strategy(FULL_LOAD, f"Elasticsearch refused a document of the difference: {refused}")
            )
        return replace(done, to=to.index, gates=finished.gates, alias_moved=finished.moved, watched=finished.watched)

    def _afresh(self, in_service: CurrentGeneration, done: Updated) -> Updated:
        """Load the files into a new generation; the load takes the lease itself, and goes on after an interruption."""
        context = self.context
        context.progress.note(f"Building afresh: {done.way.why}.")
        context.progress.files.clear()
        context.progress.totals = Totals()
        options = Options(
            fresh=self._starts_over(in_service),
            replicas=indices.number_of(context.client, in_service.generation, "replicas"),
            shards=max(
                indices.number_of(context.client, in_service.generation, "shards"),
                indices.shards_for(context.plan.rows),
            ),
            thresholds=context.options.thresholds,
            force=context.options.force,
            deadline_s=context.options.deadline_s,
            touched=done.difference.touched,
        )
        loaded = Loader(context.client, context.prefix, context.plan, options, context.progress, context.stop).run()
        names = ("read", "indexed", "duplicates", "skipped", "rejected")
        return replace(
            done,
            to=loaded.generation,
            totals=Totals(**{name: getattr(loaded, name) for name in names}),
            gates=loaded.gates,
            alias_moved=loaded.alias_moved,
            watched=loaded.watched,
        )

    def _starts_over(self, in_service: CurrentGeneration) -> bool:
        """Tell whether the load must not go on: what is there is half a load of other files, or whole already."""
        wanted = identity(self.context.plan)
        if self._begun:
            return not all(bool(plan.get(key) == value) for plan in self._begun for key, value in wanted.items())
        return self._has_all(in_service) or all(
            bool(in_service.plan.get(key) == value) for key, value in wanted.items()
        )


def _is_load(plan: Mapping[str, Any]) -> bool:
    return str(plan.get("what", "load")) == "load"
