"""Who is meant by a name or an id, and the profile of that artist.

Counts come from Elasticsearch, exact. Albums and contributors are text without columns, so they are counted on the
tracks themselves, of which a bounded number is read: those that were played most. Who has more isn't counted exactly.
"""

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from elasticsearch.dsl import A
from elasticsearch.dsl.query import Bool, Query, Term

from mappings.cards import CARDS, PRESENCE_IS_NO_PROOF, Claim
from mappings.track import ALBUM, ARTIST_IDS, ARTISTS, CONTRIBUTORS, PLAYS, RECORDING_KEY, TITLE
from queries.artists import candidates
from queries.artists.candidates import Candidate
from queries.artists.request import ArtistRequest
from queries.facets import aggregations
from queries.facets.aggregations import FacetPlan
from queries.facets.table import FACETS
from queries.search.bodies import TIE_BREAKERS, order
from queries.types import Ask, FacetCount, Json, Total, total_of

MAX_TRACKS = 2_000
"""Tracks that are read for a profile."""

PROFILE_FACETS = ("dataset", "year", "genre", "licence", "commercial_use", "language")
"""The facets of a profile."""

_READ = (TITLE, ALBUM, ARTISTS, CONTRIBUTORS, RECORDING_KEY)
_PRECISION = 40_000
"""Elasticsearch's highest; up to so many recordings the estimate is close to exact."""


@dataclass(frozen=True)
class NameCount:
    """A name, and in how many tracks it is."""

    name: str
    count: int


@dataclass(frozen=True)
class NameList:
    """The first names of a list, and how many different ones there are; both of all tracks if `distinct` is exact."""

    rows: tuple[NameCount, ...]
    distinct: Total


@dataclass(frozen=True)
class Collaborator:
    """Somebody else on an artist's tracks: as one of the main artists, and as a contributor."""

    name: str
    count: int
    as_artist: int
    as_contributor: int


@dataclass(frozen=True)
class Profile:
    """One artist. With an `id` only the tracks that have it; `namesakes` is how many artists share the name."""

    name: str
    id: str | None
    namesakes: int
    tracks: Total
    recordings: Total
    plays: int
    plays_tracks: int
    facets: Mapping[str, FacetCount]
    albums: NameList
    collaborators: tuple[Collaborator, ...]
    collaborators_exact: bool
    titles: NameList

    @property
    def used_by(self) -> dict[str, tuple[Claim, ...]]:
        """Return what is known of the use of each data set that the artist is in."""
        datasets = [str(bucket.value) for bucket in self.facets["dataset"].buckets if bucket.count]
        return {dataset: CARDS[dataset].used_by if dataset in CARDS else () for dataset in datasets}

    def as_json(self) -> Json:
        """Return the profile as the contract has it."""
        collaborators = [asdict(collaborator) for collaborator in self.collaborators]
        return {
            "name": self.name,
            "id": self.id,
            "namesakes": self.namesakes,
            "tracks": asdict(self.tracks),
            "recordings": asdict(self.recordings),
            "plays": {"sum": self.plays, "tracks": self.plays_tracks},
            "facets": {name: facet.as_json() for name, facet in self.facets.items()},
            "albums": asdict(self.albums),
            "collaborators": {"rows": collaborators, "exact": self.collaborators_exact},
            "titles": asdict(self.titles),
            "used_by": {dataset: [asdict(claim) for claim in claims] for dataset, claims in self.used_by.items()},
        }


@dataclass(frozen=True)
class ArtistResult:
    """Candidates, the nearest first, of which there are `more`, and the profile of the one who is meant, if one is.

    `misspelt` says that no name is spelled like the one that was typed: those of the candidates nearly are.
    """

    candidates: tuple[Candidate, ...]
    more: int
    misspelt: bool
    profile: Profile | None
    text_truncated: bool
    took_ms: int

    def as_json(self) -> Json:
        """Return the answer as the contract has it."""
        return {
            "candidates": [_candidate_json(candidate) for candidate in self.candidates],
            "more": self.more,
            "misspelt": self.misspelt,
            "artist": self.profile.as_json() if self.profile else None,
            "note": PRESENCE_IS_NO_PROOF,
            "text_truncated": self.text_truncated,
            "took_ms": self.took_ms,
        }


def _candidate_json(candidate: Candidate) -> Json:
    return candidate.as_json() | {
        "match": candidate.match,
        "shares_name": candidate.shares_name,
        "spellings": list(candidate.spellings),
        "titles": list(candidate.titles),
    }


def run(ask: Ask, request: ArtistRequest) -> ArtistResult:
    """Return who may be meant by a name or id, and the profile of who is. Raises what `ask` raises."""
    began = time.monotonic()
    known, misspelt = candidates.find(ask, request)
    meant = _meant(request, known)
    profile = _profile(ask, request, meant, known) if meant else None
    shown = known[: request.size]
    return ArtistResult(
        candidates=shown,
        more=len(known) - len(shown),
        misspelt=misspelt,
        profile=profile,
        text_truncated=request.name is not None and request.name.truncated,
        took_ms=round((time.monotonic() - began) * 1000),
    )


def _meant(request: ArtistRequest, known: Sequence[Candidate]) -> str | None:
    """Return the name that is meant: as written, else the only whole one; None where several may be."""
    if request.id:
        return known[0].name if known else None
    names = list(dict.fromkeys(candidate.name for candidate in known if candidate.match))
    if request.written in names:
        return request.written
    return names[0] if len(names) == 1 else None


def _profile(ask: Ask, request: ArtistRequest, name: str, known: Sequence[Candidate]) -> Profile:
    planned = aggregations.plan({FACETS["artist"]: (name,)}, tuple(FACETS[facet] for facet in PROFILE_FACETS))
    own = [Term(ARTIST_IDS, {"value": request.id})] if request.id else []
    query = Bool(filter=[*planned.everywhere, *own])
    counted, listed = ask(_count_body(query, planned), _tracks_body(query))
    number, aggs = total_of(counted), counted["aggregations"]
    tracks = [hit["_source"] for hit in listed["hits"]["hits"]]
    is_all = len(tracks) >= number
    keys = {track[RECORDING_KEY] for track in tracks if track.get(RECORDING_KEY)}
    return Profile(
        name=name,
        id=request.id,
        namesakes=_namesakes(candidate for candidate in known if candidate.name == name),
        tracks=Total(number),
        recordings=Total(len(keys) if is_all else int(aggs["recordings"]["value"]), is_all),
        plays=int(aggs["plays"]["sum"] or 0),
        plays_tracks=int(aggs["plays"]["count"]),
        facets=aggregations.read(planned, number, aggs)[1],
        albums=_most_frequent((track.get(ALBUM) for track in tracks), request.size, is_all),
        collaborators=_collaborators(name, tracks, request.size),
        collaborators_exact=is_all,
        titles=_first((track.get(TITLE) for track in tracks), request.size, is_all),
    )


def _count_body(query: Query, planned: FacetPlan) -> Json:
    aggs = aggregations.body(planned) | {
        "recordings": A("cardinality", field=RECORDING_KEY, precision_threshold=_PRECISION).to_dict(),
        "plays": A("stats", field=PLAYS).to_dict(),
    }
    return {"query": query.to_dict(), "size": 0, "track_total_hits": True, "aggs": aggs}


def _tracks_body(query: Query) -> Json:
    by = order([PLAYS, *TIE_BREAKERS])
    return {"query": query.to_dict(), "size": MAX_TRACKS, "sort": by, "track_total_hits": False, "_source": list(_READ)}


def _namesakes(known: Iterable[Candidate]) -> int:
    """Return how many artists the name is of, for certain: those that the ids of one data set tell apart."""
    by_id = (candidate for candidate in known if candidate.shares_name and len(candidate.ids) == 1)
    by_dataset = Counter(
        dataset for candidate in by_id for dataset in candidate.datasets if len(candidate.datasets) == 1
    )
    return max(by_dataset.values(), default=1)


def _most_frequent(names: Iterable[str | None], size: int, is_all: bool) -> NameList:
    counted = sorted(_counts(names).items(), key=lambda item: (-item[1].count, item[0]))
    return NameList(tuple(row for _, row in counted[:size]), Total(len(counted), is_all))


def _first(names: Iterable[str | None], size: int, is_all: bool) -> NameList:
    """Return names in the order of the tracks: the most played first."""
    counted = list(_counts(names).values())
    return NameList(tuple(counted[:size]), Total(len(counted), is_all))


def _counts(names: Iterable[str | None]) -> dict[str, NameCount]:
    """Return how often each name is there, as it is first written, by the name whatever its case."""
    written: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for name in filter(None, names):
        written.setdefault(name.casefold(), name)
        counts[name.casefold()] += 1
    return {key: NameCount(name, counts[key]) for key, name in written.items()}


def _collaborators(name: str, tracks: Sequence[Json], size: int) -> tuple[Collaborator, ...]:
    """Return who else is on the tracks, each counted once a track."""
    main: Counter[str] = Counter()
    further: Counter[str] = Counter()
    either: Counter[str] = Counter()
    for track in tracks:
        artists = set(track.get(ARTISTS) or ()) - {name}
        contributors = {each for each in track.get(CONTRIBUTORS) or () if each.casefold() != name.casefold()}
        main.update(artists)
        further.update(contributors)
        either.update(artists | contributors)
    most = sorted(either.items(), key=lambda item: (-item[1], item[0]))[:size]
    return tuple(Collaborator(other, count, main[other], further[other]) for other, count in most)
