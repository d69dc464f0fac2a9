"""All values of one facet, for people."""

from collections.abc import Iterator

from rich.console import Console, RenderableType
from rich.text import Text

from linernotes.report import facets, plain
from queries import FacetValues


def show(answer: FacetValues, console: Console, next_page: str | None) -> None:
    """Print a page of values, and the command for the next one."""
    for part in _parts(answer, next_page):
        plain.show(part, console)


def _parts(answer: FacetValues, next_page: str | None) -> Iterator[RenderableType]:
    yield Text(_summary(answer), style="bold")
    if answer.values:
        yield facets.listed(answer.values)
    if next_page:
        yield Text(f"\nNext page: {next_page}")


def _summary(answer: FacetValues) -> str:
    number = "" if answer.distinct is None else f"{answer.distinct:,} value{'' if answer.distinct == 1 else 's'}; "
    missing = f", {answer.missing:,} without one" if answer.missing else ""
    tracks = "1 track" if answer.total.value == 1 else f"{answer.total.value:,} tracks"
    return f"{answer.facet.replace('_', ' ')}: {number}{tracks}{missing}; {answer.took_ms} ms"
