"""`linernotes load`, `update`, `reindex`, `watch`: get data sets in, keep them current, and learn what changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer
from elasticsearch import Elasticsearch

from indexer.checks import GateError, Thresholds
from indexer.cluster.declarations import get_source
from indexer.cluster.progress import Progress
from indexer.cluster.retry import RetryPolicy, retrying
from indexer.cluster.watchlist import Watchlist
from indexer.load.load import InterruptedLoadError, LoadResult, Options, load_dataset
from indexer.load.plan import make
from indexer.maintenance.reindex import reindex_dataset
from indexer.update.strategy import Difference, Strategy, UpdateContext, UpdateOptions
from indexer.update.update import update_dataset
from linernotes import settings
from linernotes.cli.common import Artist, AsJson, Dataset, dataset_of, number, print_json, stopping
from linernotes.elastic import connect
from linernotes.output import load as output
from linernotes.output import terminal
from linernotes.output.load import show_progress
from mappings.errors import InputError

REJECTED, INTERRUPTED = 4, 130

Paths = Annotated[
    list[Path],
    typer.Argument(
        metavar="PATH", help="Source files as published, packed or not; folders; quoted patterns; - for standard input."
    ),
]
Limit = Annotated[int | None, number("Load only the first N records.", 1)]
Fresh = Annotated[bool, typer.Option("--fresh", help="Start over instead of resuming an earlier load.")]
Replicas = Annotated[int, number("Copies of each shard; 1 or more to survive the loss of a node.", 0)]
Shards = Annotated[int, number("Shards of the new index.", 0, 1024, default="by its size")]
Workers = Annotated[int, number("Concurrent requests at most.", 0, default="twice the cores")]
Prepare = Annotated[int, number("Threads that read and normalise.", 1, 64)]
Merge = Annotated[bool, typer.Option(help="Merge the index afterwards, in the background, for faster searches.")]
MaxChange = Annotated[float, typer.Option(metavar="PERCENT", min=0, help="Largest change in the number of tracks.")]
MaxRejected = Annotated[float, typer.Option(metavar="PERCENT", min=0, help="Largest share of rejected records.")]
Force = Annotated[str | None, typer.Option(metavar="REASON", help="Override failed checks; the reason is recorded.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the difference, and stop.")]
StrategyName = Annotated[
    Literal["difference", "afresh"] | None,
    typer.Option("--way", show_default="the faster one", help="Apply the difference, or load all afresh."),
]

watch = typer.Typer(help="Watch artists: which gained or lost tracks in an update?", no_args_is_help=True)


@contextmanager
def open_client(policy: RetryPolicy | None = None) -> Iterator[tuple[Elasticsearch, str]]:
    """Give a client that retries, and the prefix, once Elasticsearch has answered: else each request would wait."""
    config = settings.from_environment()
    with connect(config) as client:
        client.info()
        yield retrying(client, policy), config.prefix


def load(
    dataset: Dataset,
    paths: Paths,
    limit: Limit = None,
    fresh: Fresh = False,
    replicas: Replicas = 0,
    shards: Shards = 0,
    workers: Workers = 0,
    prepare: Prepare = 1,
    merge: Merge = True,
    max_change: MaxChange = Thresholds.max_change,
    max_rejected: MaxRejected = Thresholds.max_rejected,
    force: Force = None,
    json: AsJson = False,
) -> int:
    """Load a data set; no record is lost silently.

    Each record ends up in the index, or in the list of rejected records. An interrupted load is resumed by running the
    same command again. Searches see the new records all at once, after checks have passed: the sums add up, not many
    more or fewer tracks than before, no field lost, a sample equal to its source. Of records with the same id, only the
    first is indexed.
    """
    options = Options(
        fresh=fresh,
        replicas=replicas,
        shards=shards,
        workers=workers,
        prepare=prepare,
        merge=merge,
        thresholds=Thresholds(max_change=max_change, max_rejected=max_rejected),
        force=_reason(force),
    )
    with _failed_checks_shown(as_json=json):
        result = run_load(dataset_of(dataset), paths, limit, options)
    if json:
        print_json(asdict(result))
    else:
        output.show_loaded(result, terminal.console())
    return REJECTED if result.rejected else 0


def run_load(dataset: str, paths: list[Path], limit: int | None, options: Options) -> LoadResult:
    """Load files into the Elasticsearch of the settings, with progress on standard error."""
    config, progress = settings.from_environment(), Progress()
    client = connect(config)
    client.info()
    with _resumable(), show_progress(progress), stopping() as stop:
        source = get_source(client, config.prefix, dataset)
        plan = make(source, source.files(paths), limit)
        return load_dataset(client, config.prefix, plan, options, progress, stop)


def update(
    dataset: Dataset,
    paths: Paths,
    dry_run: DryRun = False,
    max_change: MaxChange = Thresholds.max_change,
    max_rejected: MaxRejected = Thresholds.max_rejected,
    force: Force = None,
    way: StrategyName = None,
    json: AsJson = False,
) -> int:
    """Update a data set to a new release.

    First shows what is added, changed and removed. Then the difference is applied to a clone of the current generation,
    or all is loaded afresh, whichever is faster. Searches see the new state all at once, after checks have passed.
    """
    name = dataset_of(dataset)
    thresholds = Thresholds(max_change=max_change, max_rejected=max_rejected)
    options = UpdateOptions(dry_run, way or "", thresholds, _reason(force))
    progress, console = Progress(), terminal.console()

    def show(difference: Difference, chosen: Strategy) -> None:
        if not json:
            output.show_difference(difference, chosen, console)

    with (
        _failed_checks_shown(as_json=json),
        _resumable(),
        open_client() as (client, prefix),
        show_progress(progress),
        stopping() as stop,
    ):
        source = get_source(client, prefix, name)
        plan = make(source, source.files(paths), None)
        done = update_dataset(UpdateContext(client, prefix, plan, options, progress, stop, show))
    if json:
        print_json(output.update_row(done))
    else:
        output.show_updated(done, console)
    return REJECTED if done.totals.rejected and not dry_run else 0


def reindex(
    dataset: Dataset, max_change: MaxChange = Thresholds.max_change, force: Force = None, json: AsJson = False
) -> None:
    """Rebuild a data set's index without its source files.

    It gets the present fields and analysis from what is in Elasticsearch. If documents would have other contents today,
    it says so: only an update changes these.
    """
    name, progress = dataset_of(dataset), Progress()
    with (
        _failed_checks_shown(as_json=json),
        stopping() as stop,
        open_client(RetryPolicy(progress, stop)) as (client, prefix),
        show_progress(progress),
    ):
        done = reindex_dataset(client, prefix, name, Thresholds(max_change=max_change), _reason(force))
    if json:
        print_json(output.reindex_row(done))
    else:
        output.show_reindexed(done, terminal.console())


def _reason(force: str | None) -> str:
    """Return why failed checks are overridden, empty for not at all; raises InputError for an empty reason."""
    if force is not None and not force.strip():
        raise InputError("--force needs a reason.", 'Write it like --force "the 2026 release is smaller".')
    return (force or "").strip()


@contextmanager
def _resumable() -> Iterator[None]:
    """Say of a load that was interrupted that it can be resumed, and end the command."""
    try:
        yield
    except InterruptedLoadError as end:
        typer.echo(f"Interrupted. Run the same command again to resume the load of {end}.", err=True)
        raise typer.Exit(INTERRUPTED) from end


@contextmanager
def _failed_checks_shown(*, as_json: bool) -> Iterator[None]:
    """Print the checks of a generation that failed some, on standard output."""
    try:
        yield
    except GateError as problem:
        if as_json:
            generation, rows = problem.generation, [asdict(gate) for gate in problem.gates]
            print_json(
                {"dataset": generation.dataset, "generation": generation.index, "gates": rows, "alias_moved": False}
            )
        else:
            terminal.show(output.gates_table(problem.gates, swapped=False), terminal.console())
        raise


@watch.command("add")
def watch_add(name: Artist, json: AsJson = False) -> None:
    """Watch an artist, in all data sets."""
    with open_client() as (client, prefix):
        entry = Watchlist(client, prefix).add(" ".join(name))
    if json:
        print_json(asdict(entry))
    else:
        output.show_names([entry], terminal.console())


@watch.command("list")
def watch_list(json: AsJson = False) -> None:
    """List the watched artists."""
    with open_client() as (client, prefix):
        names = Watchlist(client, prefix).names()
    if json:
        print_json({"watched": [asdict(entry) for entry in names]})
    else:
        output.show_names(names, terminal.console())


@watch.command("remove")
def watch_remove(name: Artist, json: AsJson = False) -> None:
    """Stop watching an artist."""
    with open_client() as (client, prefix):
        entry = Watchlist(client, prefix).remove(" ".join(name))
    if json:
        print_json(asdict(entry))
    else:
        terminal.show(f"{terminal.visible(entry.name)} is no longer watched.", terminal.console())
