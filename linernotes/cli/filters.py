"""The filters as options, the same for every command that takes them: a row each, checked and written in one place.

@filters.taken
def stats(filters: Filters, json: AsJson = False) -> None: ...
"""

import inspect
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated, Any

import typer

from indexer.normalise.genre import FAMILY
from linernotes.cli import choose
from mappings.cards import CARDS
from queries.filters import LONGEST, NONE, NOT

Filters = Mapping[str, list[str]]
"""Facet to the values that were typed, checked; without the facets of which none was."""

PERMISSIONS = ("allowed", "prohibited", "unknown")

HELP: Mapping[str, str] = {
    "dataset": f"Data set: {', '.join(CARDS)}.",
    "genre": "Genre family, such as rock; those of the facet.",
    "licence": "Licence, such as CC-BY-NC-SA-3.0.",
    "commercial_use": f"Commercial use: {', '.join(PERMISSIONS)}.",
    "language": "Language of the title, such as fr; und: undetermined.",
    "platform": "Platform, as the facet writes it.",
    "artist": "Artist, as the facet writes the name.",
    "year": "Year or years: 1994, 1990..1999, 1990.., ..1999.",
    "decade": "Decade: 1990s.",
    "duration": "Duration: 3:25, 3:00..4:00 (the end not included), 180..240, 10:00.., ..1:00.",
    "explicit": "Marked as explicit: true, false.",
    "genre_path": "The data set's own genre, as the facet writes it, with all below it.",
    "licence_family": "Licence without version, such as CC-BY-NC-SA.",
    "derivatives": f"Derivatives: {', '.join(PERMISSIONS)}.",
}
"""Facet to what its option says."""


def _among(kind: str, known: Iterable[str]) -> Callable[[str], str]:
    names = list(known)
    return lambda given: NONE if given == NONE else choose.one_of(kind, given.strip().lower(), names)


# What can be wrong is told before Elasticsearch is asked: a data set that isn't there would just find nothing.
CHECKED: Mapping[str, Callable[[str], str]] = {
    "dataset": _among("data set", CARDS),
    "genre": _among("genre", sorted(set(FAMILY.values()))),
    "commercial_use": _among("kind of commercial use", PERMISSIONS),
    "derivatives": _among("kind of derivatives", PERMISSIONS),
    "language": lambda given: given.strip().lower(),
}
"""Facet to how a value that a person types is read; others are taken as they are."""


def taken(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for each filter in place of its parameter `filters`, which gets what was typed."""
    own = inspect.signature(command).parameters.values()
    options = [_option(name) for name in HELP]
    parameters = [part for each in own for part in (options if each.name == "filters" else [each])]

    def called(**given: Any) -> None:
        typed = {name: given.pop(name) for name in HELP}
        command(filters=checked(typed), **given)

    named = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in parameters]
    called.__signature__ = inspect.Signature(named)  # type: ignore[attr-defined]  # what typer makes options of
    called.__annotations__ = {each.name: each.annotation for each in named}
    called.__doc__, called.__name__ = command.__doc__, command.__name__
    return called


def _option(name: str) -> inspect.Parameter:
    annotation = Annotated[list[str] | None, typer.Option(help=HELP[name])]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def checked(given: Mapping[str, list[str] | None]) -> Filters:
    """Return the filters that were given, as the queries read them; raises InputProblem for a name that isn't there.

    >>> checked({"genre": ["-Rock", "none"], "year": None})
    {'genre': ['-rock', 'none']}
    """
    return {name: [_read(name, value) for value in values] for name, values in given.items() if values}


def _read(name: str, value: str) -> str:
    sign = NOT if value.startswith(NOT) else ""
    reader = CHECKED.get(name)
    return sign + reader(value.removeprefix(NOT)) if reader and len(value) <= LONGEST else value


def written(filters: Filters) -> Iterator[str]:
    """Yield the filters as arguments of the command line.

    >>> list(written({"licence_family": ["CC-BY"], "genre": ["-rock"]}))
    ['--licence-family', 'CC-BY', '--genre=-rock']
    """
    for name, values in filters.items():
        option = "--" + name.replace("_", "-")
        for value in values:
            yield from (f"{option}={value}",) if value.startswith("-") else (option, value)


def command(name: str, filters: Filters, options: Iterable[str], typed: str, *leading: str) -> str:
    """Return a command line fit to be pasted into a shell; `leading` are arguments before the text.

    >>> command("search", {"year": ["..1999"]}, ["--size", "5"], "nina hagen")
    "linernotes search --year ..1999 --size 5 'nina hagen'"
    """
    words = [*leading, *([typed] if typed else [])]
    guard = ["--"] if any(word.startswith("-") for word in words) else []
    return shlex.join(["linernotes", name, *written(filters), *options, *guard, *words])
