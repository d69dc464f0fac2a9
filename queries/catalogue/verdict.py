"""What a candidate is worth: names compared, in the order from surest to least sure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from mappings import fields
from queries.catalogue import agreement, identifiers
from queries.catalogue.agreement import Agreement, Candidate, Track, Way
from queries.catalogue.identifiers import Kind
from queries.catalogue.question import Parsed, Question
from queries.catalogue.spelled import Names, same
from queries.labels import Match


class Verdict(StrEnum):
    """Of a row, from surest; of a match only the first two."""

    FOUND = "found"
    LIKELY = "likely"
    NOT_FOUND = "not found"
    UNREADABLE = "unreadable"


_SURE = frozenset((Way.SAME, Way.RELEASE, Way.FIRST))
_SURE_OF_ARTISTS = _SURE | {Way.ORDER}
"""Vile Kurt is Kurt Vile; a title in another order may be another song."""

_SAID: Mapping[Way, str] = {
    Way.RELEASE: "but for a guest or the release in the title",
    Way.VERSION: "but another version",
    Way.SHORTER: "but for what stands in brackets or behind a dash",
    Way.FIRST: "one of several artists",
    Way.CREDITED: "who is credited together with others",
    Way.GUEST: "who is named as contributor",
    Way.OTHER_GUEST: "but with another guest",
    Way.ORDER: "words in another order",
    Way.ARTICLE: "but for an article in the title",
    Way.SOUND: "written by its sound",
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
        return (self.verdict is not Verdict.FOUND, _RANK[self.match], str(self.track[fields.DATASET]), self.id)


def judge(asked: Question, parsed: Parsed, found: Candidate, names: Names) -> CatalogueMatch | None:
    """Return what a candidate is to a row, None if it is another track."""
    named = _by_names(asked, parsed, found, names) if parsed.named else None
    if by := _by_id(asked, found):
        aside = ", though artist or title differ" if parsed.named and not named else ""
        return CatalogueMatch(found.id, Verdict.FOUND, BY_ID, f"by {by}{aside}", found.track)
    return named


def _by_id(asked: Question, found: Candidate) -> Kind | None:
    """Return the kind of an identifier that is the track's."""
    return next((each.kind for each in asked.identifiers if _HAS[each.kind](found, each.value)), None)


def _has_own_id(kind: Kind) -> Callable[[Candidate, str], bool]:
    return lambda found, value: found.id == f"{identifiers.DATASETS[kind]}:{value}"


def _is_fma_address(found: Candidate, value: str) -> bool:
    if found.track[fields.DATASET] != identifiers.DATASETS[Kind.FMA]:
        return False
    artists, album, title = (found.track.get(name) for name in (fields.ARTISTS, fields.ALBUM, fields.TITLE))
    return any(identifiers.is_of(value, artist, album or "", title or "") for artist in artists or ())


_HAS: Mapping[Kind, Callable[[Candidate, str], bool]] = {
    Kind.YOUTUBE: lambda found, value: value in (found.track.get(fields.VIDEO_IDS) or ()),
    Kind.ADDRESS: lambda found, value: value == identifiers.clean(found.track.get(fields.URL) or ""),
    Kind.FMA_ADDRESS: _is_fma_address,
    **{kind: _has_own_id(kind) for kind in identifiers.DATASETS},
}
"""Whether a track has an identifier of a kind."""


def _by_names(asked: Question, parsed: Parsed, found: Candidate, names: Names) -> CatalogueMatch | None:
    artist = agreement.of_artists(parsed.artist, found, names)
    title = agreement.of_titles(parsed.title, found.title, names) if artist else None
    if artist is None or title is None:
        return None
    verdict, aside = _verdict(asked, parsed, title, artist, found, names)
    if verdict is None:
        return None
    label = max((artist.label, title.label), key=_RANK.__getitem__)
    return CatalogueMatch(found.id, verdict, label, _reason(label, title, artist) + aside, found.track)


def _verdict(
    asked: Question, parsed: Parsed, title: Agreement, artist: Agreement, found: Candidate, names: Names
) -> tuple[Verdict | None, str]:
    """Return the verdict, and what album and year had to say."""
    doubts = [each for each, sure in ((title, _SURE), (artist, _SURE_OF_ARTISTS)) if each.way not in sure]
    album = same(names[parsed.album], names[found.album]) is not None if parsed.album and found.album else None
    if not doubts:
        if album is False and names[parsed.title.core].folded in _GENERIC:
            return Verdict.LIKELY, ", but on another album"
        if album is False and artist.way is Way.FIRST and _years_apart(asked, found):
            return Verdict.LIKELY, ", but of another album and year"
        return Verdict.FOUND, ""
    if len(doubts) > 1 and {each.way for each in doubts} != {Way.SOUND}:
        return None, ""
    if doubts[0].slips and album and not _years_apart(asked, found):
        return Verdict.FOUND, ", on the same album"
    return Verdict.LIKELY, ""


def _years_apart(asked: Question, found: Candidate) -> bool:
    year = found.track.get(fields.YEAR)
    return bool(asked.year and year and abs(asked.year - int(year)) > 1)


_TITLE_ONLY = frozenset((Way.RELEASE, Way.VERSION, Way.SHORTER, Way.OTHER_GUEST, Way.ORDER, Way.ARTICLE))


def _reason(label: Match, title: Agreement, artist: Agreement) -> str:
    if label is Match.FUZZY:
        which, number = ("title", title.slips) if title.slips else ("artist's name", artist.slips)
        said = f"same but for {'one letter' if number == 1 else f'{number} letters'} in the {which}"
    else:
        said = _HOW[label]
        if title.way in _TITLE_ONLY and label is Match.FOLDED:
            said = _HOW[Match.EXACT]
    asides = [_SAID[each.way] for each in (title, artist) if each.way in _SAID]
    return ", ".join(dict.fromkeys([said, *asides]))
