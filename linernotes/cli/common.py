"""What commands share: options, filters, a searcher, JSON for programs, and being stopped."""

import csv
import inspect
import re
import shlex
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Annotated, Any

import orjson
import typer

from linernotes import arguments, cards, settings
from linernotes.arguments import COMPLETED, HELP, Filters, checked, undecided_datasets
from linernotes.elastic import connect
from mappings.cards import CARDS
from mappings.errors import UnreachableError
from queries import Searcher
from queries.client import all_cards

GRACE_S = 1.5


def completion(known: Iterable[str] | Callable[[], Iterable[str]]) -> Callable[[str], list[str]]:
    """Return what completes a value of a list: the last one behind a comma, and behind the - that excludes it."""

    def complete(incomplete: str) -> list[str]:
        before, comma, last = incomplete.rpartition(",")
        names = known() if callable(known) else known
        return [f"{before}{comma}{'-' * last.startswith('-')}{value}" for value in names]

    return complete


COMPLETION_S = 1.0


def complete_datasets() -> list[str]:
    """Return the ids of all data sets, those that are declared too where Elasticsearch answers at once."""
    with suppress(Exception):  # whatever is wrong, it is no time to say so: somebody pressed the tab key
        config = settings.from_environment()
        with connect(config, timeout_s=COMPLETION_S) as client:
            cards.set_known(all_cards(client, config.prefix))
    return list(cards.known())


def _dataset(absent: str) -> Any:
    known = f"One of {', '.join(CARDS)}, or a declared one{absent}."
    return typer.Argument(metavar="DATASET", help=known, autocompletion=completion(complete_datasets))


def dataset_of(given: str) -> str:
    """Return the id of a data set; Elasticsearch is asked for one that isn't built in. Raises InputError."""
    if arguments.may_be_declared(given):
        look_up_cards([given])
    return arguments.dataset(given)


def look_up_cards(datasets: Iterable[str]) -> None:
    """Read which data sets are declared, for the rest of this command, as it names some that may be.

    Raises UnreachableError where that can't be read: whether the names are wrong isn't known then.
    """
    try:
        with open_searcher() as searcher:
            cards.set_known(searcher.cards())
    except UnreachableError as error:
        names = ", ".join(map(repr, datasets))
        message = f"No built-in data set is called {names}, and declared ones can't be looked up: {error.message}"
        raise UnreachableError(message, error.hint) from error


Dataset = Annotated[str, _dataset("")]
MaybeDataset = Annotated[str | None, _dataset("; all of them if left out")]
Text = Annotated[list[str] | None, typer.Argument(metavar="TEXT", help="Words to search for; without any: all tracks.")]
Artist = Annotated[list[str], typer.Argument(metavar="NAME", help="The artist's name, in any spelling.")]
After = Annotated[str | None, typer.Option(help="Continue after this cursor, from the page before.", metavar="CURSOR")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the file if it exists.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
AsJsonLines = Annotated[bool, typer.Option("--json", help="Print a line of JSON for each row, then one for the sums.")]


def number(meaning: str, minimum: int | None = None, maximum: int | None = None, *, default: bool | str = True) -> Any:
    """Return an option for a number; `default` is what the help says of its default, where that isn't the value."""
    return typer.Option(metavar="N", min=minimum, max=maximum, help=meaning, show_default=default)


def limit(rows: str, minimum: int | None = None) -> Any:
    """Return the option for a number of rows."""
    return typer.Option("--limit", "--size", metavar="N", min=minimum, help=f"{rows} at most.")


@contextmanager
def open_searcher() -> Iterator[Searcher]:
    """Give a searcher for the Elasticsearch of the settings."""
    config = settings.from_environment()
    with connect(config) as client:
        yield Searcher(client, config.prefix)


def print_json(answer: Mapping[str, Any]) -> None:
    """Print one answer for programs, on standard output."""
    typer.echo(orjson.dumps(answer))


@contextmanager
def stopping() -> Iterator[threading.Event]:
    """Give an event that Ctrl-C and SIGTERM set, so that what is in flight can be finished.

    What is not finished after `GRACE_S`, or at the second signal, is interrupted.
    """
    stop = threading.Event()

    def handle(_number: int, _frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        signal.setitimer(signal.ITIMER_REAL, GRACE_S)

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)}
    try:
        yield stop
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


NAMES = frozenset({"artist", "genre_path", "platform"})
"""Filters by names as they were published, which may contain commas."""

_QUOTED = re.compile(r'"(?:[^"]|"")*"(?:,"(?:[^"]|"")*")+')


def split_values(name: str, given: Iterable[str]) -> list[str]:
    """Return the values of a list, whose option may be repeated and may hold several, with commas, as in a CSV.

    A name may contain commas: it is only divided where it is two or more quoted values.

    >>> split_values("genre", ["rock, jazz", "-pop"]), split_values("artist", ["Tyler, The Creator"])
    (['rock', 'jazz', '-pop'], ['Tyler, The Creator'])
    >>> split_values("artist", ['"Tyler, The Creator","Adele"'])
    ['Tyler, The Creator', 'Adele']
    """
    return [value for text in given for value in _split(name, text)]


def _split(name: str, text: str) -> list[str]:
    if "," not in text or (name in NAMES and not _QUOTED.fullmatch(text)):
        return [text]
    try:
        row = next(csv.reader([text], skipinitialspace=True))
    except csv.Error:  # a line break, for one: no value has that
        return [text]
    return [value.strip() for value in row if value.strip()]


def takes_filters(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for each filter in place of its parameter `filters`, which gets what was typed.

    @takes_filters
    def stats(filters: Filters, json: AsJson = False) -> None: ...
    """
    own = inspect.signature(command).parameters.values()
    options = [_option(name) for name in HELP]
    parameters = [part for each in own for part in (options if each.name == "filters" else [each])]

    def called(**given: Any) -> None:
        typed = {name: split_values(name, given.pop(name) or ()) for name in HELP}
        if undecided := undecided_datasets(typed):
            look_up_cards(undecided)
        command(filters=checked(typed), **given)

    named = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in parameters]
    called.__signature__ = inspect.Signature(named)  # type: ignore[attr-defined]  # what typer makes options of
    called.__annotations__ = {each.name: each.annotation for each in named}
    called.__doc__, called.__name__ = command.__doc__, command.__name__
    return called


def _option(name: str) -> inspect.Parameter:
    known = complete_datasets if name == "dataset" else COMPLETED.get(name, ())
    option = typer.Option(help=HELP[name], metavar="VALUE", autocompletion=completion(known))
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[list[str] | None, option]
    )


def command_line(name: str, filters: Filters, options: Iterable[str], typed: str, *leading: str) -> str:
    """Return a command line fit to be pasted into a shell; `leading` are arguments before the text.

    >>> command_line("search", {"year": ["..1999"], "genre": ["-rock"]}, ["--limit", "5"], "nina hagen")
    "linernotes search --year ..1999 --genre=-rock --limit 5 'nina hagen'"
    """
    words = [*leading, *([typed] if typed else [])]
    guard = ["--"] if any(word.startswith("-") for word in words) else []
    return shlex.join(["linernotes", name, *_written(filters), *options, *guard, *words])


def _written(filters: Filters) -> Iterator[str]:
    for name, given in filters.items():
        option = "--" + name.replace("_", "-")
        for value in given:
            text = value if _split(name, value) == [value] else _quoted(name, value)
            yield from (f"{option}={text}",) if text.startswith("-") else (option, text)


def _quoted(name: str, value: str) -> str:
    """Return a value that isn't divided at its commas.

    >>> [_split(name, _quoted(name, '"a","b"')) for name in ("artist", "licence")]
    [['"a","b"'], ['"a","b"']]
    """
    doubled = value.replace('"', '""')
    return f'"{doubled}"' + (',""' if name in NAMES else "")
