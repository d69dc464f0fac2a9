"""The answer of a search, for people."""

from collections.abc import Iterator

from rich.console import Console, RenderableType
from rich.text import Text

from linernotes.report import facets, hits, plain
from mappings.cards import PRESENCE_IS_NO_PROOF
from queries import SearchResult, Stage, Total
from queries.text import MAX_WORDS


def show(answer: SearchResult, console: Console, next_page: str | None) -> None:
    """Print hits, facets, and the command for the next page."""
    for part in _parts(answer, console.width, next_page):
        plain.show(part, console)


def _parts(answer: SearchResult, width: int, next_page: str | None) -> Iterator[RenderableType]:
    yield Text(_summary(answer), style="bold")
    yield from (Text(note) for note in _notes(answer))
    yield from hits.lines(answer.hits)
    if answer.facets and answer.total.value:
        yield facets.columns(answer.facets, width)
    if next_page:
        yield Text(f"\nNext page: {next_page}")
    yield Text(f"\n{PRESENCE_IS_NO_PROOF}", style="dim")


def _summary(answer: SearchResult) -> str:
    tracks = "1 track" if answer.total.value == 1 else f"{answer.total.value:,} tracks"
    about = "" if answer.total.exact else "about "
    return f"{about}{tracks}{_recordings(answer.recordings)} in {answer.took_ms} ms"


def _recordings(counted: Total | None) -> str:
    if counted is None:
        return ""
    return f" of {'' if counted.exact else 'about '}{counted.value:,} recording{'s' * (counted.value != 1)}"


def _notes(answer: SearchResult) -> Iterator[str]:
    if answer.stage is Stage.FUZZY:
        yield "Few exact matches; similar spellings are included, listed last."
    if answer.did_you_mean:
        yield f"Did you mean {' or '.join(f'{guess.text} ({guess.count:,})' for guess in answer.did_you_mean)}?"
    if answer.text_truncated:
        yield f"The text is long: only its first words are asked, {MAX_WORDS} at most."
