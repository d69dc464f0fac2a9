"""What a candidate is worth: names compared, in the order from surest to least sure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from mappings.track import ALBUM, ARTISTS, DATASET, TITLE, URL, VIDEO_IDS, YEAR
from queries.catalogue import compare, identifiers
from queries.catalogue.compare import Agreement, Candidate, MatchKind, Track
from queries.catalogue.identifiers import Kind
from queries.catalogue.name_forms import forms_of, same
from queries.catalogue.row import CatalogueRow, ParsedRow
from queries.types import Match


class Verdict(StrEnum):
    """Of a row, from surest; of a match only the first two."""

    FOUND = "found"
    LIKELY = "likely"
    NOT_FOUND = "not found"
    UNREADABLE = "unreadable"


_SURE = frozenset((MatchKind.EXACT, MatchKind.RELEASE, MatchKind.FIRST_ARTIST))
_SURE_OF_ARTISTS = _SURE | {MatchKind.WORD_ORDER}
"""Vile Kurt is Kurt Vile; a title in another order may be another song."""

_SAID: Mapping[MatchKind, str] = {
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

_HOW: Mapping[Match, str] = {
    Match.EXACT: "same artist and title",
    Match.FOLDED: "same artist and title, but for accents or punctuation",
    Match.JOINED: "same artist and title, but for joints between words",
    Match.SYMBOLS: "same artist and title, symbols read as letters",
    Match.TRANSLITERATED: "same artist and title, in Latin letters",
}

BY_ID = "id"
"""Label of a match that an identifier made."""

_RANK: Mapping[str, int] = {match: rank for rank, match in enumerate((BY_ID, *Match))}

_GENERIC = frozenset(
    "intro outro untitled interlude prelude skit track overture reprise introduction live".split()  # noqa: SIM905
)
"""Titles that an artist gives to several songs: the album has to tell which."""


_MAX_SLIPS_OF_BOTH, _SHORTEST_OF_BOTH = 3, 4
"""Slips in artist and title together, and letters of the shorter one, where both are misspelt."""


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


def classify(row: CatalogueRow, parsed: ParsedRow, candidate: Candidate) -> CatalogueMatch | None:
    """Return what a candidate is to a row, None if it is another track."""
    named = _by_names(row, parsed, candidate) if parsed.named else None
    if by := _by_id(row, candidate):
        aside = ", though artist or title differ" if parsed.named and not named else ""
        return CatalogueMatch(candidate.id, Verdict.FOUND, BY_ID, f"by {by}{aside}", candidate.track)
    return named


def _by_id(row: CatalogueRow, candidate: Candidate) -> Kind | None:
    """Return the kind of an identifier that is the track's."""
    return next((each.kind for each in row.identifiers if _HAS[each.kind](candidate, each.value)), None)


def _has_own_id(kind: Kind) -> Callable[[Candidate, str], bool]:
    return lambda found, value: found.id == f"{identifiers.DATASETS[kind]}:{value}"


def _is_fma_address(candidate: Candidate, value: str) -> bool:
    if candidate.track[DATASET] != identifiers.DATASETS[Kind.FMA]:
        return False
    artists, album, title = (candidate.track.get(name) for name in (ARTISTS, ALBUM, TITLE))
    return any(identifiers.is_of(value, artist, album or "", title or "") for artist in artists or ())


_HAS: Mapping[Kind, Callable[[Candidate, str], bool]] = {
    Kind.YOUTUBE: lambda found, value: value in (found.track.get(VIDEO_IDS) or ()),
    Kind.ADDRESS: lambda found, value: value == identifiers.clean(found.track.get(URL) or ""),
    Kind.FMA_ADDRESS: _is_fma_address,
    **{kind: _has_own_id(kind) for kind in identifiers.DATASETS},
}
"""Whether a track has an identifier of a kind."""


def _by_names(row: CatalogueRow, parsed: ParsedRow, candidate: Candidate) -> CatalogueMatch | None:
    artist = compare.compare_artists(parsed.artist, candidate)
    title = compare.compare_titles(parsed.title, candidate.title) if artist else None
    if artist is None or title is None:
        return None
    verdict, aside = _verdict(row, parsed, title, artist, candidate)
    if verdict is None:
        return None
    label = max((artist.label, title.label), key=_RANK.__getitem__)
    return CatalogueMatch(candidate.id, verdict, label, _reason(label, title, artist) + aside, candidate.track)


def _verdict(
    row: CatalogueRow, parsed: ParsedRow, title: Agreement, artist: Agreement, candidate: Candidate
) -> tuple[Verdict | None, str]:
    """Return the verdict, and what album and year had to say."""
    doubts = [each for each, sure in ((title, _SURE), (artist, _SURE_OF_ARTISTS)) if each.kind not in sure]
    album = (
        same(forms_of(parsed.album), forms_of(candidate.album)) is not None
        if parsed.album and candidate.album
        else None
    )
    if not doubts:
        if album is False and forms_of(parsed.title.core).folded in _GENERIC:
            return Verdict.LIKELY, ", but on another album"
        if album is False and artist.kind is MatchKind.FIRST_ARTIST and _years_apart(row, candidate):
            return Verdict.LIKELY, ", but of another album and year"
        return Verdict.FOUND, ""
    if len(doubts) > 1:
        return (Verdict.LIKELY if _may_both_be_doubtful(parsed, doubts) and album is not False else None), ""
    if doubts[0].slips and album and not _years_apart(row, candidate):
        return Verdict.FOUND, ", on the same album"
    return Verdict.LIKELY, ""


def _may_both_be_doubtful(parsed: ParsedRow, doubts: list[Agreement]) -> bool:
    """Tell whether both names may be written by their sound, or both be misspelt: long ones, by few letters."""
    kinds = {each.kind for each in doubts}
    lengths = [len(forms_of(name).folded) for name in (parsed.artist.whole, parsed.title.core)]
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


def _reason(label: Match, title: Agreement, artist: Agreement) -> str:
    if label is Match.FUZZY:
        misspelt = {"artist's name": artist.slips, "title": title.slips}
        parts = [f"{_letters(slips)} in the {name}" for name, slips in misspelt.items() if slips]
        said = f"same but for {' and '.join(parts)}"
    else:
        said = _HOW[label]
        if title.kind in _TITLE_ONLY and label is Match.FOLDED:
            said = _HOW[Match.EXACT]
    asides = [_SAID[each.kind] for each in (title, artist) if each.kind in _SAID]
    return ", ".join(dict.fromkeys([said, *asides]))


def _letters(number: int) -> str:
    return "one letter" if number == 1 else f"{number} letters"
