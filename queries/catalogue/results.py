"""The result of one row, and of a whole catalogue: typed, and as the JSON of the contract."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mappings.track import ALBUM, ARTISTS, DATASET, REVISION, SOURCE_FILE, SOURCE_ROW, TITLE, URL, YEAR
from queries.catalogue.row import CatalogueRow
from queries.catalogue.verdict import CatalogueMatch, Verdict

MAX_LISTED = 50
"""Matches that are listed for a row; how many there are is counted in any case."""

_EVIDENCE = (ALBUM, YEAR, REVISION, SOURCE_FILE, SOURCE_ROW)


@dataclass(frozen=True)
class RowResult:
    """What is known of one row.

    `matches` are the surest, `tracks` counts all of them by data set. `exact` is False if there were more candidates
    than could be read. `duplicate_of` is an earlier row with the same artist, title, album and
    identifiers.
    """

    row: CatalogueRow
    verdict: Verdict
    reason: str
    matches: tuple[CatalogueMatch, ...] = ()
    tracks: Mapping[str, int] = field(default_factory=dict)
    best: Mapping[str, Verdict] = field(default_factory=dict)
    exact: bool = True
    duplicate_of: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the row as the contract has it, with what a report needs to be verified."""
        row = self.row.as_json()
        return {
            "row": self.row.number,
            "artist": self.row.artist,
            "title": self.row.title,
            "verdict": self.verdict.value,
            "matches": [_match(each) for each in self.matches],
            "reason": self.reason,
            "matches_total": sum(self.tracks.values()),
            "exact": self.exact,
            "duplicate_of": self.duplicate_of,
            **{name: value for name, value in row.items() if name not in ("row", "artist", "title", "unreadable")},
        }


def _match(match: CatalogueMatch) -> dict[str, Any]:
    track = match.track
    return {
        "id": match.id,
        "dataset": track[DATASET],
        "title": track.get(TITLE),
        "artists": track.get(ARTISTS) or [],
        "match": str(match.match),
        "url": track.get(URL),
        "verdict": match.verdict.value,
        "reason": match.reason,
        **{name: track.get(name) for name in _EVIDENCE},
    }


def of_matches(row: CatalogueRow, matches: Iterable[CatalogueMatch], *, exact: bool) -> RowResult:
    """Return the answer that a row's matches come to."""
    ordered = sorted(matches, key=lambda match: match.order)
    tracks: dict[str, int] = {}
    best: dict[str, Verdict] = {}
    for match in ordered:
        dataset = match.track[DATASET]
        tracks[dataset] = tracks.get(dataset, 0) + 1
        best.setdefault(dataset, match.verdict)
    if not ordered:
        reason = f"no track has {_what(row)}"
        return RowResult(row, Verdict.NOT_FOUND, reason if exact else f"{reason} among the nearest", exact=exact)
    first = ordered[0]
    return RowResult(row, first.verdict, first.reason, tuple(ordered[:MAX_LISTED]), tracks, best, exact)


def _what(row: CatalogueRow) -> str:
    names = ["this artist and title"] if row.parsed.named else []
    ids = ["one of these ids" if len(row.identifiers) > 1 else "this id"] if row.identifiers else []
    return ", or ".join([*ids, *names])


@dataclass
class Tally:
    """Sums over the rows of a catalogue, as they are answered.

    Coverage is found and likely among the rows that can be read, each song once: a row that repeats an earlier one
    is answered and counted in the first sums, but neither raises nor lowers coverage.
    """

    datasets: Iterable[str]
    rows: int = 0
    verdicts: dict[Verdict, int] = field(default_factory=lambda: dict.fromkeys(Verdict, 0))
    duplicates: int = 0
    inexact: int = 0
    songs: dict[Verdict, int] = field(default_factory=lambda: dict.fromkeys(Verdict, 0))
    by_dataset: dict[str, dict[str, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin with each data set that is loaded, so that those without a match are listed too."""
        for dataset in self.datasets:
            self._of(dataset)

    def add(self, result: RowResult) -> None:
        """Count a row."""
        self.rows += 1
        self.verdicts[result.verdict] += 1
        self.inexact += not result.exact
        if result.duplicate_of is not None:
            self.duplicates += 1
            return
        self.songs[result.verdict] += 1
        for dataset, verdict in result.best.items():
            counts = self._of(dataset)
            counts["found" if verdict is Verdict.FOUND else "likely"] += 1
            counts["tracks"] += result.tracks[dataset]

    def as_json(self) -> dict[str, Any]:
        """Return the summary as the contract has it."""
        found, likely = self.songs[Verdict.FOUND], self.songs[Verdict.LIKELY]
        readable = found + likely + self.songs[Verdict.NOT_FOUND]
        return {
            "rows": self.rows,
            "found": self.verdicts[Verdict.FOUND],
            "likely": self.verdicts[Verdict.LIKELY],
            "not_found": self.verdicts[Verdict.NOT_FOUND],
            "unreadable": self.verdicts[Verdict.UNREADABLE],
            "coverage_percent": _percent(found + likely, readable),
            "by_dataset": {
                dataset: counts | {"coverage_percent": _percent(counts["found"] + counts["likely"], readable)}
                for dataset, counts in sorted(self.by_dataset.items())
            },
            "found_percent": _percent(found, readable),
            "duplicates": self.duplicates,
            "songs": readable,
            "exact": self.inexact == 0,
        }

    def _of(self, dataset: str) -> dict[str, int]:
        return self.by_dataset.setdefault(dataset, {"found": 0, "likely": 0, "tracks": 0})


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 0.0
