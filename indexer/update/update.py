"""Update a data set to a new release: compare, then clone and apply the difference, or load it in full; publish."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from indexer.checks import Gate
from indexer.cluster import audit_log, declarations, generations, indices, lease
from indexer.cluster.lease import Lease
from indexer.cluster.progress import peak_rss_mb
from indexer.cluster.status import BUILDING, READY, CurrentGeneration, current_generation, ensure_swappable
from indexer.load.load import Options, load_dataset
from indexer.load.publish import compare_watched
from indexer.records import Totals
from indexer.update.apply import RefusedError, apply_difference
from indexer.update.compare import Compared, compare
from indexer.update.strategy import DIFFERENCE, FULL_LOAD, Difference, Strategy, UpdateContext, choose
from indexer.update.workdir import WorkDir, work_dir


@dataclass(frozen=True)
class Updated:
    """What an update did: the contract's JSON, and what is printed for people. `from_` is called `from` there."""

    dataset: str
    from_: str
    to: str | None
    difference: Difference
    strategy: Strategy
    totals: Totals
    gates: Sequence[Gate] = ()
    alias_moved: bool = False
    watched: Sequence[Any] = ()
    seconds: float = 0.0
    peak_rss_mb: float = 0.0


def update_dataset(context: UpdateContext) -> Updated:
    """Bring a data set to the state of a new release.

    Raises CheckFailedError (another is at work; nothing is loaded yet; a gate is closed: the alias did not move),
    UnreachableError.
    """
    started, client, dataset = time.monotonic(), context.client, context.dataset
    generations.create_system_indices(client, context.prefix)
    for entry in context.plan.files:
        context.progress.add_file(entry.file.name, entry.rows)
    with work_dir() as work:
        with lease.hold(client, context.prefix, dataset, lease.UPDATE) as lease_held:
            generations.repair(client, context.prefix, dataset)
            status = ensure_swappable(client, context.prefix, dataset)
            declarations.ensure_in_force(client, context.prefix, context.plan.source)
            generations.clear(client, status)
            views = [view for view in status.views if view.state in (BUILDING, READY)]
            half_loads = [view.plan for view in views if view.plan.get("what", lease.LOAD) == lease.LOAD]
            current = current_generation(status)
            done, compared = _decide(context, current, work)
            if compared and done.strategy.name == DIFFERENCE:
                done = _by_difference(context, lease_held, compared, done, work)
        if compared and done.strategy.name == FULL_LOAD:
            done = _by_full_load(context, current, half_loads, done)
    return replace(done, seconds=round(time.monotonic() - started, 3), peak_rss_mb=peak_rss_mb())


def _decide(context: UpdateContext, current: CurrentGeneration, work: WorkDir) -> tuple[Updated, Compared | None]:
    """Return difference and strategy; and what was compared, if anything is to be done."""
    name, options = current.generation.index, context.options
    compared = compare(context, current, work)
    difference = compared.difference
    strategy = choose(difference, current.needs_full_load(), options.strategy)
    done = Updated(context.dataset, name, None, difference, strategy, compared.totals)
    context.show(difference, strategy)
    if options.dry_run:
        return done, None
    if not difference.touched and not options.strategy and _is_same(context, current.meta):
        return replace(done, to=name, strategy=Strategy(DIFFERENCE, "nothing is to be done")), None
    counts = difference.counts
    text = f"{strategy.name}: " + ", ".join(f"{count:,} {what}" for what, count in counts.items())
    noted = {"way": strategy.name, "why": strategy.why}
    audit_log.write(context.client, current.generation, audit_log.DIFFERENCE, text, **counts, **noted)
    return done, compared


def _is_same(context: UpdateContext, plan: Mapping[str, Any]) -> bool:
    """Tell whether a plan, or `_meta`, is of these very files and this program."""
    return all(plan.get(key) == value for key, value in context.plan.identity().items())


def _by_difference(
    context: UpdateContext, lease_held: Lease, compared: Compared, done: Updated, work: WorkDir
) -> Updated:
    try:
        to, published = apply_difference(context, lease_held, compared, work)
    except RefusedError as refused:
        why = f"Elasticsearch refused a document of the difference: {refused}"
        return replace(done, strategy=Strategy(FULL_LOAD, why))
    watched = compare_watched(context.client, published, to)
    return replace(done, to=to.index, gates=published.gates, alias_moved=published.moved, watched=watched)


def _by_full_load(
    context: UpdateContext, current: CurrentGeneration, half_loads: Sequence[Mapping[str, Any]], done: Updated
) -> Updated:
    """Load the files into a new generation; the load takes the lease itself, and resumes after an interruption."""
    client, progress, options = context.client, context.progress, context.options
    progress.note(f"Building afresh: {done.strategy.why}.")
    progress.files.clear()
    progress.totals = Totals()
    # A load must not resume when what is there is half a load of other files, or complete already.
    resumable = all(_is_same(context, plan) for plan in half_loads)
    complete = _is_same(context, current.meta) or _is_same(context, current.plan)
    shards, replicas = (indices.number_of(client, current.generation, what) for what in ("shards", "replicas"))
    load_options = Options(
        fresh=not resumable if half_loads else complete,
        replicas=replicas,
        shards=max(shards, indices.shards_for(context.plan.rows)),
        thresholds=options.thresholds,
        force=options.force,
        deadline_s=options.deadline_s,
        touched=done.difference.touched,
    )
    loaded = load_dataset(client, context.prefix, context.plan, load_options, progress, context.stop)
    names = ("read", "indexed", "duplicates", "skipped", "rejected")
    return replace(
        done,
        to=loaded.generation,
        totals=Totals(**{name: getattr(loaded, name) for name in names}),
        gates=loaded.gates,
        alias_moved=loaded.alias_moved,
        watched=loaded.watched,
    )
