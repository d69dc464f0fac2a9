"""The filters as options, the same for every command that takes them.

@filters.taken
def stats(filters: Filters, json: AsJson = False) -> None: ...
"""

import inspect
import shlex
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any

import typer

from linernotes.arguments import HELP, Filters, checked


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
