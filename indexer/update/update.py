"""Update a data set to a new release: compare, then clone and apply the difference, or load it in full; publish."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from indexer.checks import Candidate, Gate
from indexer.cluster import audit_log, indices, lease, ledger, recovery
from indexer.cluster.bulk import BulkSender
from indexer.cluster.current import CurrentGeneration, current, next_number
from indexer.cluster.diagnostics import ensure_swappable
from indexer.cluster.lease import Lease
from indexer.cluster.ledger import Ledger
from indexer.cluster.progress import peak_rss_mb
from indexer.cluster.rejects import RejectedStore
from indexer.cluster.status import BUILDING, READY
from indexer.documents.bulk_body import EVIDENCE
from indexer.documents.digest import row_independent
from indexer.load.load import Loader, Options
from indexer.load.plan import identity, is_synthetic
from indexer.load.publish import Finished, Finisher, partial_reason
from indexer.records import Totals
from indexer.update.apply import Applier, RefusedError
from indexer.update.compare import FIRST_GONE, Changes, Difference, details, join, removed
from indexer.update.context import DIFFERENCE, FULL_LOAD, Strategy, UpdateContext, choose
from indexer.update.read_current import spool_index, spool_sketch
from indexer.update.read_release import Release
from indexer.update.sampler import Sampler
from indexer.update.workdir import WorkDir, work_dir
from mappings.errors import CheckFailedError
from mappings.index_names import Generation
from mappings.index_names import rejected as rejected_index


@dataclass(frozen=True)
class Compared:
    """The new release against the current generation: totals and difference; the spool has the records."""

    in_service: CurrentGeneration
    release: Release
    totals: Totals
    difference: Difference

    @property
    def epoch(self) -> int:
        """Return the epoch of the documents that have to be sent."""
        return self.in_service.epoch + 1


def compare(context: UpdateContext, in_service: CurrentGeneration, spool: WorkDir) -> Compared:
    """Return the difference, exactly counted; memory does not depend on the size of either side."""
    current = in_service.generation
    context.step("reading the current generation")
    sketched = spool_sketch(context.client, current, in_service.plan, spool)
    if not sketched:
        spool_index(context.client, current, spool)
    release = Release(context.plan, sketched and row_independent(context.plan.source) is not None)
    context.step("reading the new release")
    read = release.spool(spool, context.progress)
    context.step("comparing")
    joined = join(spool, by_row=release.by_row)
    found = Changes(release, spool, in_service.epoch + 1).run()
    totals = read + Totals(indexed=joined.new - read.indexed, duplicates=read.indexed - joined.new)
    difference = Difference(found.added, found.changed, joined.gone, joined.kept + found.same)
    if difference.documents != joined.new or totals.missing:
        what = f"{joined.new:,} ids, {difference.documents:,} in the difference, {totals.missing:,} records missing"
        hint = f"Load it: linernotes load {context.dataset} PATH..."
        raise CheckFailedError(f"The comparison does not add up: {what}.", hint)
    shown = details(context.client, current, spool)
    return Compared(in_service, release, totals, replace(difference, **shown))


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
        status = ensure_swappable(context.client, context.prefix, context.dataset)
        recovery.clear(context.client, status)
        self._begun = [view.plan for view in status.views if view.state in (BUILDING, READY) and _is_load(view.plan)]
        return current(context.client, status)

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
