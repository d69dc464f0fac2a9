"""Verdicts: what a candidate is worth, in the order from surest to least sure; the result of a row, and of all rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from mappings.track import ALBUM, ARTISTS, DATASET, REVISION, SOURCE_FILE, SOURCE_ROW, TITLE, URL, VIDEO_IDS, YEAR
from queries.catalogue.compare import Agreement, Candidate, MatchKind, Track, compare_artists, compare_titles
from queries.catalogue.identifiers import DATASETS, Identifier, Kind, address_of, is_address_of
from queries.catalogue.row import CatalogueRow, ParsedRow
from queries.model import Match
from queries.search.name_forms import forms_of, same


class Verdict(StrEnum):
    """Of a row, from surest; of a match only the first two."""

    FOUND = "found"
    LIKELY = "likely"
    NOT_FOUND = "not found"
    UNREADABLE = "unreadable"


_SURE = frozenset((MatchKind.EXACT, MatchKind.RELEASE, MatchKind.FIRST_ARTIST))
_SURE_OF_ARTISTS = _SURE | {MatchKind.WORD_ORDER}
"""Vile Kurt is Kurt Vile; a title in another order may be another song."""

_ASIDES: Mapping[MatchKind, str] = {
    MatchKind.RELEASE: "but for a guest or the release in the title",
    MatchKind.VERSION: "but another version",
    MatchKind.SHORTER: "but for what stands in brackets or behind a dash",
    MatchKind.FIRST_ARTIST: "one of several artists",
    MatchKind.SHARED_CREDIT: "who is credited together with others",
    MatchKind.GUEST: "who is named as contributor",
    MatchKind.OTHER_GUEST: "but with another guest",
    MatchKind.WORD_ORDER: "words in another order",
    MatchKind.ARTICLE: "but for an article in the title",
    MatchKind.PHONETIC: "written by its sound",
}

_SAME = "same artist and title"

_FORMS: Mapping[Match, str] = {
    Match.FOLDED: "but for accents or punctuation",
    Match.JOINED: "but for joints between words",
    Match.SYMBOLS: "symbols read as letters",
    Match.TRANSLITERATED: "in Latin letters",
}

_OTHER_NAMES = "though artist or title differ"
_OTHER_ALBUM, _OTHER_RELEASE, _SAME_ALBUM = "but on another album", "but of another album and year", "on the same album"

_THIS_ID, _THESE_IDS, _THESE_NAMES = "this id", "one of these ids", "this artist and title"


def _not_found(names: Sequence[str]) -> str:
    return f"no track has {', or '.join(names)}"


CLAUSES = (
    *(_SAME, *_FORMS.values(), *_ASIDES.values(), _OTHER_NAMES, _OTHER_ALBUM, _OTHER_RELEASE, _SAME_ALBUM),
    *(_not_found(ids) for ids in ((_THIS_ID,), (_THESE_IDS,), (_THESE_NAMES,))),
    *(_not_found((ids, _THESE_NAMES)) for ids in (_THIS_ID, _THESE_IDS)),
)
"""What reasons are made of, one clause after the other, but for those with a number or an identifier's kind."""

BY_ID = "id"
"""Label of a match that an identifier made."""

_RANK: Mapping[str, int] = {match: rank for rank, match in enumerate((BY_ID, *Match))}

_GENERIC = frozenset(
    "intro outro untitled interlude prelude skit track overture reprise introduction live".split()  # noqa: SIM905
)
"""Titles that an artist gives to several songs: the album has to tell which."""

_MAX_SLIPS_OF_BOTH, _SHORTEST_OF_BOTH = 3, 4
"""Slips in artist and title together, and letters of the shorter one, where both are misspelt."""

MAX_LISTED = 50
"""Matches that are listed for a row; how many there are is counted in any case."""

_EVIDENCE = (ALBUM, YEAR, REVISION, SOURCE_FILE, SOURCE_ROW)


@dataclass(frozen=True, slots=True)
class CatalogueMatch:
    """One track that a row stands for, how sure that is, and why."""

    id: str
    verdict: Verdict
    match: str
    reason: str
    track: Track

    @property
    def order(self) -> tuple[int, int, str, str]:
        """Return what matches are ordered by: surest first, then data set and id."""
        return (self.verdict is not Verdict.FOUND, _RANK[self.match], str(self.track[DATASET]), self.id)

    def as_json(self) -> dict[str, Any]:
        """Return the match as the contract has it, with the evidence."""
        return {
            "id": self.id,
            "dataset": self.track[DATASET],
            "title": self.track.get(TITLE),
            "artists": self.track.get(ARTISTS) or [],
            "match": str(self.match),
            "url": self.track.get(URL),
            "verdict": self.verdict.value,
            "reason": self.reason,
            **{name: self.track.get(name) for name in _EVIDENCE},
        }


def classify(row: CatalogueRow, parsed: ParsedRow, candidate: Candidate) -> CatalogueMatch | None:
    """Return what a candidate is to a row, None if it is another track."""
    named = _by_names(row, parsed, candidate) if parsed.named else None
    if known := next((each for each in row.identifiers if _has_id(candidate, each)), None):
        clauses = [f"by {known.kind}", *([_OTHER_NAMES] if parsed.named and not named else [])]
        return CatalogueMatch(candidate.id, Verdict.FOUND, BY_ID, ", ".join(clauses), candidate.track)
    return named


def _has_id(candidate: Candidate, identifier: Identifier) -> bool:
    track, value = candidate.track, identifier.value
    match identifier.kind:
        case Kind.YOUTUBE:
            return value in (track.get(VIDEO_IDS) or ())
        case Kind.ADDRESS:
            return value == address_of(track.get(URL) or "")
        case Kind.FMA_ADDRESS:
            is_fma = track[DATASET] == DATASETS[Kind.FMA]
            names = track.get(ALBUM) or "", track.get(TITLE) or ""
            return is_fma and any(is_address_of(value, artist, *names) for artist in track.get(ARTISTS) or ())
        case kind:
            return candidate.id == f"{DATASETS[kind]}:{value}"


def _by_names(row: CatalogueRow, parsed: ParsedRow, candidate: Candidate) -> CatalogueMatch | None:
    artist = compare_artists(parsed.artist, candidate)
    title = compare_titles(parsed.title, candidate.title) if artist else None
    if artist is None or title is None:
        return None
    verdict, aside = _verdict(row, parsed, title, artist, candidate)
    if verdict is None:
        return None
    label = max((artist.label, title.label), key=_RANK.__getitem__)
    reason = ", ".join([*_clauses(label, title, artist), *aside])
    return CatalogueMatch(candidate.id, verdict, label, reason, candidate.track)


def _verdict(
    row: CatalogueRow, parsed: ParsedRow, title: Agreement, artist: Agreement, candidate: Candidate
) -> tuple[Verdict | None, list[str]]:
    """Return the verdict, and what album and year add to its reason."""
    doubts = [each for each, sure in ((title, _SURE), (artist, _SURE_OF_ARTISTS)) if each.kind not in sure]
    has_albums = bool(parsed.album and candidate.album)
    album = same(parsed.album, candidate.album) is not None if has_albums else None
    if not doubts:
        if album is False and forms_of(parsed.title.core).folded in _GENERIC:
            return Verdict.LIKELY, [_OTHER_ALBUM]
        if album is False and artist.kind is MatchKind.FIRST_ARTIST and _years_apart(row, candidate):
            return Verdict.LIKELY, [_OTHER_RELEASE]
        return Verdict.FOUND, []
    if len(doubts) > 1:
        return (Verdict.LIKELY if _may_both_be_doubtful(parsed, doubts) and album is not False else None), []
    if doubts[0].slips and album and not _years_apart(row, candidate):
        return Verdict.FOUND, [_SAME_ALBUM]
    return Verdict.LIKELY, []


def _may_both_be_doubtful(parsed: ParsedRow, doubts: list[Agreement]) -> bool:
    """Tell whether both names may be written by their sound, or both be misspelt: long ones, by few letters."""
    kinds = {each.kind for each in doubts}
    lengths = [len(forms_of(name).folded) for name in (parsed.artist.full, parsed.title.core)]
    few = sum(each.slips for each in doubts) <= _MAX_SLIPS_OF_BOTH and min(lengths) >= _SHORTEST_OF_BOTH
    return kinds == {MatchKind.PHONETIC} or (kinds == {MatchKind.MISSPELT} and few)


def _years_apart(row: CatalogueRow, candidate: Candidate) -> bool:
    year = candidate.track.get(YEAR)
    return bool(row.year and year and abs(row.year - int(year)) > 1)


_TITLE_ONLY = frozenset(
    (
        MatchKind.RELEASE,
        MatchKind.VERSION,
        MatchKind.SHORTER,
        MatchKind.OTHER_GUEST,
        MatchKind.WORD_ORDER,
        MatchKind.ARTICLE,
    )
)


def _clauses(label: Match, title: Agreement, artist: Agreement) -> list[str]:
    if label is Match.FUZZY:
        misspelt = [(artist.slips, "artist's name"), (title.slips, "title")]
        letters = {slips: f"{slips} letters" for slips, _ in misspelt} | {1: "one letter"}
        same = ["same but for " + " and ".join(f"{letters[slips]} in the {name}" for slips, name in misspelt if slips)]
    else:
        is_exact = label is Match.EXACT or (title.kind in _TITLE_ONLY and label is Match.FOLDED)
        same = [_SAME] if is_exact else [_SAME, _FORMS[label]]
    asides = [_ASIDES[each.kind] for each in (title, artist) if each.kind in _ASIDES]
    return list(dict.fromkeys([*same, *asides]))


@dataclass(frozen=True)
class RowResult:
    """What is known of one row.

    `matches` are the surest, `tracks` counts all of them by data set. `exact` is False if there were more candidates
    than could be read. `duplicate_of` is an earlier row with the same artist, title, album and identifiers.
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
            "matches": [match.as_json() for match in self.matches],
            "reason": self.reason,
            "matches_total": sum(self.tracks.values()),
            "exact": self.exact,
            "duplicate_of": self.duplicate_of,
            **{name: value for name, value in row.items() if name not in ("row", "artist", "title", "unreadable")},
        }


def row_result(row: CatalogueRow, matches: Iterable[CatalogueMatch], *, exact: bool) -> RowResult:
    """Return the result that a row's matches come to."""
    ordered = sorted(matches, key=lambda match: match.order)
    if not ordered:
        ids = [_THESE_IDS if len(row.identifiers) > 1 else _THIS_ID] if row.identifiers else []
        names = [_THESE_NAMES] if row.parsed.named else []
        among = "" if exact else " among the nearest"
        return RowResult(row, Verdict.NOT_FOUND, _not_found([*ids, *names]) + among, exact=exact)
    tracks: dict[str, int] = {}
    best: dict[str, Verdict] = {}
    for match in ordered:
        dataset = match.track[DATASET]
        tracks[dataset] = tracks.get(dataset, 0) + 1
        best.setdefault(dataset, match.verdict)
    return RowResult(row, ordered[0].verdict, ordered[0].reason, tuple(ordered[:MAX_LISTED]), tracks, best, exact)


@dataclass
class Tally:
    """Sums over the rows of a catalogue.

    Coverage is found and likely among the rows that can be read, each song once: a row that repeats an earlier one
    is counted in the first sums, but neither raises nor lowers coverage. Data sets without a match are listed, too.
    """

    datasets: Iterable[str]
    rows: int = 0
    verdicts: dict[Verdict, int] = field(default_factory=lambda: dict.fromkeys(Verdict, 0))
    duplicates: int = 0
    inexact: int = 0
    songs: dict[Verdict, int] = field(default_factory=lambda: dict.fromkeys(Verdict, 0))
    by_dataset: dict[str, dict[str, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin with each data set that is loaded."""
        self.by_dataset |= {dataset: {"found": 0, "likely": 0, "tracks": 0} for dataset in self.datasets}

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
            counts = self.by_dataset.setdefault(dataset, {"found": 0, "likely": 0, "tracks": 0})
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


def _percent(part: int, total: int) -> float:
    return round(100 * part / total, 1) if total else 0.0
