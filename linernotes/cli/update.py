"""`linernotes update`, `reindex`, `watch`: keep a data set current, and learn what that changed."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console

from indexer.checks import GateError, Thresholds
from indexer.cluster.progress import Progress
from indexer.cluster.retry import RetryPolicy
from indexer.cluster.watchlist import Watchlist
from indexer.load.plan import make
from indexer.maintenance.reindex import Reindexer
from indexer.sources import SOURCES
from indexer.update.compare import Difference
from indexer.update.context import STRATEGIES, Strategy, UpdateContext, UpdateOptions
from indexer.update.update import Updater
from linernotes import arguments
from linernotes.cli.context import print_json, stopping
from linernotes.cli.load import REJECTED, Dataset, Force, MaxChange, MaxRejected, Paths, reason, resumable, show_closed
from linernotes.cli.operating import connected
from linernotes.output import generations, load, terminal

DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the difference and stop.")]
WayOption = Annotated[str, typer.Option("--way", help=f"{' or '.join(STRATEGIES)}. [default: the cheaper one]")]
Artist = Annotated[str, typer.Argument(help="Artist's name, written in any way.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]

watch = typer.Typer(
    help="Artists to keep an eye on: after an update, which of them gained or lost tracks.", no_args_is_help=True
)


def update(
    dataset: Dataset,
    paths: Paths,
    dry_run: DryRun = False,
    max_change: MaxChange = Thresholds.max_change,
    max_rejected: MaxRejected = Thresholds.max_rejected,
    force: Force = None,
    way: WayOption = "",
    json: AsJson = False,
) -> int:
    """Bring a data set to the state of a new release.

    Shows first what is added, changed and removed. Then a clone of the current generation gets the difference, or all
    is built afresh, whichever is cheaper. Searchers see the new state all at once, after the gates have passed.
    """
    name = arguments.dataset(dataset)
    wanted = arguments.one_of("way", way, STRATEGIES) if way else ""
    thresholds = Thresholds(max_change=max_change, max_rejected=max_rejected)
    orders = UpdateOptions(dry_run, wanted, thresholds, reason(force))
    progress, console = Progress(), terminal.console()

    def show(difference: Difference, chosen: Strategy) -> None:
        if not json:
            generations.show_difference(difference, chosen, console)

    try:
        with (
            resumable(),
            connected() as (client, prefix),
            load.shown(progress, Console(stderr=True)),
            stopping() as stop,
        ):
            source = SOURCES[name]
            plan = make(source, source.files(paths), None)
            done = Updater(UpdateContext(client, prefix, plan, orders, progress, stop, show)).run()
    except GateError as problem:
        show_closed(problem, as_json=json)
        raise
    if json:
        print_json(generations.update_row(done))
    else:
        generations.show_updated(done, console)
    return REJECTED if done.totals.rejected and not dry_run else 0


def reindex(
    dataset: Dataset, max_change: MaxChange = Thresholds.max_change, force: Force = None, json: AsJson = False
) -> None:
    """Rebuild a data set under the present fields and analysis, from Elasticsearch alone.

    No source file is needed. Where documents would have other contents now, too, that is said: update does it then.
    """
    name, progress = arguments.dataset(dataset), Progress()
    try:
        with (
            stopping() as stop,
            connected(RetryPolicy(progress, stop)) as (client, prefix),
            load.shown(progress, Console(stderr=True)),
        ):
            done = Reindexer(client, prefix, Thresholds(max_change=max_change), reason(force)).run(name)
    except GateError as problem:
        show_closed(problem, as_json=json)
        raise
    if json:
        print_json(generations.reindexed(done))
    else:
        generations.show_reindexed(done, terminal.console())


@watch.command("add")
def watch_add(artist: Artist, json: AsJson = False) -> None:
    """Watch an artist, in all data sets."""
    with connected() as (client, prefix):
        entry = Watchlist(client, prefix).add(artist)
    if json:
        print_json(asdict(entry))
    else:
        generations.show_names([entry], terminal.console())


@watch.command("list")
def watch_list(json: AsJson = False) -> None:
    """List the watched artists."""
    with connected() as (client, prefix):
        names = Watchlist(client, prefix).names()
    if json:
        print_json({"watched": [asdict(entry) for entry in names]})
    else:
        generations.show_names(names, terminal.console())


@watch.command("remove")
def watch_remove(artist: Artist, json: AsJson = False) -> None:
    """Watch an artist no longer."""
    with connected() as (client, prefix):
        entry = Watchlist(client, prefix).remove(artist)
    if json:
        print_json(asdict(entry))
    else:
        terminal.show(f"{terminal.visible(entry.name)} is watched no longer.", terminal.console())
