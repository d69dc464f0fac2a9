"""Hits for people: who, what, why it matched, where it stands and under which licence."""

from collections.abc import Iterator, Mapping

from rich.text import Text

from linernotes.report.plain import visible
from mappings.cards import is_synthetic
from queries import Hit, Match
from queries.search.results import Recording

_MATCHED = "bold yellow"
_QUIET = "dim"
_WAYS: Mapping[str, str] = {Match.EXACT: "bold green", Match.FOLDED: "green", Match.FUZZY: "red"}
_OTHER_WAY = "cyan"
_IDS = 3
"""Ids in a line: they are for finding a track again, and stand whole in the JSON."""


def lines(hits: tuple[Hit, ...]) -> Iterator[Text]:
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
        line.append("  ").append(f"[{hit.match}]", style=_WAYS.get(hit.match, _OTHER_WAY))
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
    tracks, datasets = hit.recording.count, len(hit.recording.datasets)
    return f"{tracks:,} track{'s' * (tracks > 1)} in {datasets} data set{'s' * (datasets > 1)}"


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
