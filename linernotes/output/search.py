"""Results of `search` and `facet`: hits with the reason they matched, facets with bars."""

from collections.abc import Iterator, Mapping, Sequence

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from linernotes.output import terminal
from linernotes.output.tables import bar, counted
from linernotes.output.terminal import visible
from mappings.cards import PRESENCE_IS_NO_PROOF, is_synthetic
from queries import Bucket, FacetCount, FacetValues, Hit, Match, SearchResult, Stage
from queries.model import Recording
from queries.text import MAX_WORDS

TRUNCATED = f"The text is long: only its first {MAX_WORDS} words are used."
FUZZY = "Few exact matches; similar spellings are included, listed last."

_MATCHED = "bold yellow"
_QUIET = "dim"
_STYLES: Mapping[str, str] = {Match.EXACT: "bold green", Match.FOLDED: "green", Match.FUZZY: "red"}
_OTHER_STYLE = "cyan"
_IDS = 3
"""Ids in a line: they are for finding a track again, and stand whole in the JSON."""


def hit_lines(hits: tuple[Hit, ...]) -> Iterator[Text]:
    """Yield the lines of a page of hits, two or three for each."""
    for number, hit in enumerate(hits, 1):
        yield _heading(number, hit)
        yield Text("    ").append(_facts(hit), style=_QUIET)
        if hit.recording:
            yield from _tracks(hit.recording)
        elif url := hit.track.get("url"):
            yield Text("    ").append(visible(url), style=_QUIET)


def _heading(number: int, hit: Hit) -> Text:
    line = Text(f"{number:>2}. ")
    artists = [_marked(hit, "artists", name) for name in hit.track.get("artists") or ()]
    line.append_text(Text(", ").join(artists) if artists else Text("unknown artist", style=_QUIET))
    line.append(" – ").append_text(_marked(hit, "title", hit.track.get("title") or "untitled"))
    if hit.match:
        line.append("  ").append(f"[{hit.match}]", style=_STYLES.get(hit.match, _OTHER_STYLE))
    return line


def _tracks(recording: Recording) -> Iterator[Text]:
    """Yield a line for each data set that a recording is in, with the ids of its first tracks there."""
    for dataset in recording.datasets:
        ids = [track.source_id for track in recording.tracks if track.dataset == dataset]
        unlisted = recording.by_dataset[dataset] - len(ids[:_IDS])
        more = f" and {unlisted:,} more" if unlisted else ""
        yield Text("    ").append(f"{dataset}: {visible(', '.join(ids[:_IDS]))}{more}", style=_QUIET)


def _marked(hit: Hit, field: str, name: str) -> Text:
    """Return a name with its matched parts marked; places are counted before anything is replaced in it."""
    text, end = Text(), 0
    for start, stop in hit.highlights.get(field, {}).get(name, ()):
        text.append(visible(name[end:start])).append(visible(name[start:stop]), style=_MATCHED)
        end = stop
    return text.append(visible(name[end:]))


def _where(hit: Hit) -> str | None:
    """Return the data set, or in how many tracks and data sets the recording is."""
    if not hit.recording:
        return hit.track.get("dataset")
    return f"{counted(hit.recording.count, 'track')} in {counted(len(hit.recording.datasets), 'data set')}"


def _facts(hit: Hit) -> str:
    """Return what else is known of a track in one line: album, year, genres, licence, language, data set."""
    track = hit.track
    language = track.get("language")
    facts = (
        track.get("album"),
        track.get("year"),
        ", ".join(track.get("genre") or ()),
        track.get("licence"),
        language if language != "und" else None,
        _where(hit),
        "synthetic row" if is_synthetic(track.get("revision")) else None,
    )
    return " · ".join(visible(fact) for fact in facts if fact)


_SHOWN = 8
"""Values listed of a facet, and those that were asked for; `--json` has them all."""

_IN_ORDER = ("year", "decade", "duration")
"""Facets in the order of time, which are few enough to list them whole."""

_BAR = 5
_VALUE_WIDTH = 24
_COLUMN = 38
"""Cells of a facet: two stand side by side on a terminal of 80."""

_PLAIN, _SELECTED, _EXCLUDED = (" ", ""), ("✓", "bold yellow"), ("✗", "red")
"""Mark and style of a value that the request doesn't name, wants, or excludes."""


def _columns(facets: Mapping[str, FacetCount], width: int) -> RenderableType:
    """Return all facets side by side, as many as fit."""
    tables = [_table(name, facet, bars=width >= _COLUMN) for name, facet in facets.items()]
    return Columns(tables, width=_COLUMN, padding=(0, 2)) if width >= 2 * _COLUMN + 2 else Group(*tables)


def value_label(name: str, value: object) -> str:
    """Return a value of a facet as it is printed.

    >>> value_label("decade", 1980), value_label("commercial_use", True), value_label("genre", "rock")
    ('1980s', 'true', 'rock')
    """
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value}s" if name == "decade" else visible(value)


def _listed(name: str, values: Sequence[Bucket]) -> Table:
    """Return all values of a page, one under the other."""
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0))
    table.add_column(overflow="fold")
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True, width=_BAR)
    most = max((bucket.count for bucket in values), default=0)
    for bucket in values:
        table.add_row(*_row(name, bucket, most))
    return table


def _table(name: str, facet: FacetCount, *, bars: bool) -> Table:
    title = Text(name.replace("_", " "), style="bold")
    table = Table(title=title, title_justify="left", box=None, show_header=False, padding=(0, 1, 0, 0))
    table.add_column(max_width=_VALUE_WIDTH, overflow="ellipsis", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    if bars:
        table.add_column(no_wrap=True, width=_BAR)
    rows = _decades(facet.buckets) if name == "year" else facet.buckets
    listed = (
        rows if name in _IN_ORDER else tuple(b for n, b in enumerate(rows) if n < _SHOWN or b.selected or b.excluded)
    )
    most = max((bucket.count for bucket in listed), default=0)
    for bucket in listed:
        table.add_row(*_row(name, bucket, most)[: len(table.columns)])
    for row in _rest(facet, sum(bucket.count for bucket in rows) - sum(bucket.count for bucket in listed)):
        table.add_row(*row)
    return table


def _row(name: str, bucket: Bucket, most: int) -> tuple[Text, Text, Text]:
    mark, style = _EXCLUDED if bucket.excluded else _SELECTED if bucket.selected else _PLAIN
    label = Text(f"{mark} {value_label(name, bucket.value)}", style=style)
    return label, Text(f"{bucket.count:,}", style=style), Text(bar(bucket.count, most, _BAR), style="cyan")


def _rest(facet: FacetCount, hidden: int) -> Iterator[tuple[Text, Text]]:
    """Yield what the listed values leave out."""
    if others := hidden + facet.other:
        about = "" if facet.exact else "about "
        yield Text(f"  … of {about}{facet.distinct:,} values", style="dim"), Text(f"{others:,}", style="dim")
    if facet.missing:
        yield Text("  (none)", style="dim"), Text(f"{facet.missing:,}", style="dim")


def _decades(years: tuple[Bucket, ...]) -> tuple[Bucket, ...]:
    """Return the years by decade: a track has one year at most, so their counts add up."""
    decades: dict[int, list[Bucket]] = {}
    for bucket in years:
        decades.setdefault(int(bucket.value) // 10 * 10, []).append(bucket)
    return tuple(
        Bucket(
            f"{decade}s",
            sum(year.count for year in within),
            any(year.selected for year in within),
            all(year.excluded for year in within),
        )
        for decade, within in decades.items()
    )


def show_search(answer: SearchResult, console: Console, next_page: str | None) -> None:
    """Print hits, facets, and the command for the next page."""
    for part in _parts(answer, console.width, next_page):
        terminal.show(part, console)


def _parts(answer: SearchResult, width: int, next_page: str | None) -> Iterator[RenderableType]:
    yield Text(_summary(answer), style="bold")
    yield from (Text(note) for note in _notes(answer))
    yield from hit_lines(answer.hits)
    if answer.facets and answer.total.value:
        yield _columns(answer.facets, width)
    if next_page:
        yield Text(f"\nNext page: {next_page}")
    yield Text(f"\n{PRESENCE_IS_NO_PROOF}", style="dim")


def _summary(answer: SearchResult) -> str:
    recordings = f" of {counted(answer.recordings, 'recording')}" if answer.recordings else ""
    return f"{counted(answer.total, 'track')}{recordings} in {answer.took_ms} ms"


def _notes(answer: SearchResult) -> Iterator[str]:
    if answer.stage is Stage.FUZZY:
        yield FUZZY
    if answer.did_you_mean:
        yield f"Did you mean {' or '.join(f'{guess.text} ({guess.count:,})' for guess in answer.did_you_mean)}?"
    if answer.text_truncated:
        yield TRUNCATED


def show_values(answer: FacetValues, console: Console, next_page: str | None) -> None:
    """Print a page of values, and the command for the next one."""
    for part in _values_parts(answer, next_page):
        terminal.show(part, console)


def _values_parts(answer: FacetValues, next_page: str | None) -> Iterator[RenderableType]:
    yield Text(_values_summary(answer), style="bold")
    if answer.values:
        yield _listed(answer.facet, answer.values)
    if next_page:
        yield Text(f"\nNext page: {next_page}")


def _values_summary(answer: FacetValues) -> str:
    number = "" if answer.distinct is None else f"{counted(answer.distinct, 'value')}; "
    missing = f", {answer.missing:,} without one" if answer.missing else ""
    facet = answer.facet.replace("_", " ")
    return f"{facet}: {number}{counted(answer.total, 'track')}{missing}; {answer.took_ms} ms"
