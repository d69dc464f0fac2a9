"""The profile of an artist: who a name or an id stands for, and what is known of the tracks.

Counts come from Elasticsearch, exact. Albums and contributors are text without columns, so they are counted on the
tracks themselves, of which a bounded number is read: those that were played most. Who has more isn't counted exactly.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from elasticsearch.dsl import A
from elasticsearch.dsl.query import Bool, Term

from mappings.cards import CARDS, PRESENCE_IS_NO_PROOF, Card, Claim
from mappings.track import ALBUM, ARTIST_IDS, ARTISTS, CONTRIBUTORS, PLAYS, RECORDING_KEY, TITLE
from queries.artists.candidates import Candidate, find_candidates
from queries.artists.name_input import ArtistRequest
from queries.cursor import TIE_BREAKERS, order
from queries.facets import aggregations
from queries.facets.table import FACETS
from queries.model import Ask, Contract, FacetCount, Json, Total, to_json, total_of

MAX_TRACKS = 2_000
"""Tracks that are read for a profile."""

PROFILE_FACETS = ("dataset", "year", "genre", "licence", "commercial_use", "language")
"""The facets of a profile."""

_READ = (TITLE, ALBUM, ARTISTS, CONTRIBUTORS, RECORDING_KEY)
_PRECISION = 40_000
"""Elasticsearch's highest; up to so many recordings the estimate is close to exact."""


@dataclass(frozen=True)
class NameCount(Contract):
    """A name, and the number of tracks that have it."""

    name: str
    count: int


@dataclass(frozen=True)
class NameList(Contract):
    """The first names of a list, and how many different ones there are; both of all tracks if `distinct` is exact."""

    rows: tuple[NameCount, ...]
    distinct: Total


@dataclass(frozen=True)
class Collaborator(Contract):
    """Somebody else on an artist's tracks: as one of the main artists, and as a contributor."""

    name: str
    count: int
    as_artist: int
    as_contributor: int


@dataclass(frozen=True)
class Profile(Contract):
    """One artist. With an `id` only the tracks that have it; `namesakes` is how many artists share the name.

    `used_by` is what is known of the use of each data set that the artist is in.
    """

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
    used_by: Mapping[str, tuple[Claim, ...]]

    def as_json(self) -> Json:
        """Return the profile as the contract has it."""
        content = super().as_json()
        content["plays"] = {"sum": self.plays, "tracks": content.pop("plays_tracks")}
        content["collaborators"] = {"rows": content["collaborators"], "exact": content.pop("collaborators_exact")}
        used_by = {dataset: [asdict(claim) for claim in claims] for dataset, claims in self.used_by.items()}
        return content | {"used_by": used_by}


@dataclass(frozen=True)
class ArtistResult(Contract):
    """Candidates, the nearest first, without the omitted ones, and the profile of one if it is certain which.

    `misspelt` says that no name is spelled like the one that was typed: those of the candidates nearly are.
    """

    candidates: tuple[Candidate, ...]
    candidates_omitted: int
    misspelt: bool
    profile: Profile | None
    text_truncated: bool
    took_ms: int

    def as_json(self) -> Json:
        """Return the result as the contract has it."""
        return {
            "candidates": [
                candidate.as_json()
                | {
                    "match": candidate.match,
                    "shares_name": candidate.shares_name,
                    "spellings": list(candidate.spellings),
                    "titles": list(candidate.titles),
                }
                for candidate in self.candidates
            ],
            "candidates_omitted": self.candidates_omitted,
            "misspelt": self.misspelt,
            "artist": to_json(self.profile),
            "note": PRESENCE_IS_NO_PROOF,
            "text_truncated": self.text_truncated,
            "took_ms": self.took_ms,
        }


GetCards = Callable[[], Mapping[str, Card]]


def run(ask: Ask, request: ArtistRequest, get_cards: GetCards = lambda: CARDS) -> ArtistResult:
    """Return the artists of a name or id, and the profile of the one that is certain. Raises what `ask` raises.

    `get_cards` gives the cards of all data sets; it is called where the artist is in one that is not built in.
    """
    began = time.monotonic()
    candidates, misspelt = find_candidates(ask, request)
    name = _certain_name(request, candidates)
    profile = _profile(ask, request, name, candidates, get_cards) if name else None
    shown = candidates[: request.size]
    return ArtistResult(
        candidates=shown,
        candidates_omitted=len(candidates) - len(shown),
        misspelt=misspelt,
        profile=profile,
        text_truncated=request.name is not None and request.name.truncated,
        took_ms=round((time.monotonic() - began) * 1000),
    )


def _certain_name(request: ArtistRequest, candidates: Sequence[Candidate]) -> str | None:
    """Return the name as written, else the only whole one; None where it may be one of several."""
    if request.id:
        return candidates[0].name if candidates else None
    names = list(dict.fromkeys(candidate.name for candidate in candidates if candidate.match))
    if request.written in names:
        return request.written
    return names[0] if len(names) == 1 else None


def _profile(
    ask: Ask, request: ArtistRequest, name: str, candidates: Sequence[Candidate], get_cards: GetCards
) -> Profile:
    planned = aggregations.plan({FACETS["artist"]: (name,)}, tuple(FACETS[facet] for facet in PROFILE_FACETS))
    with_id = [Term(ARTIST_IDS, {"value": request.id})] if request.id else []
    query = Bool(filter=[*planned.everywhere, *with_id]).to_dict()
    metrics = {
        "recordings": A("cardinality", field=RECORDING_KEY, precision_threshold=_PRECISION).to_dict(),
        "plays": A("stats", field=PLAYS).to_dict(),
    }
    by_plays = {"sort": order([PLAYS, *TIE_BREAKERS]), "_source": list(_READ)}
    counted, listed = ask(
        {"query": query, "size": 0, "track_total_hits": True, "aggs": aggregations.body(planned) | metrics},
        {"query": query, "size": MAX_TRACKS, "track_total_hits": False} | by_plays,
    )
    number, aggs = total_of(counted), counted["aggregations"]
    tracks = [hit["_source"] for hit in listed["hits"]["hits"]]
    is_all = len(tracks) >= number
    keys = {track[RECORDING_KEY] for track in tracks if track.get(RECORDING_KEY)}
    albums, titles = (_count_names(track.get(field) for track in tracks) for field in (ALBUM, TITLE))
    by_count = dict(sorted(albums.items(), key=lambda item: (-item[1].count, item[0])))
    facets = aggregations.read(planned, number, aggs)
    datasets = [str(bucket.value) for bucket in facets["dataset"].buckets if bucket.count]
    cards = CARDS if set(datasets) <= CARDS.keys() else get_cards()
    return Profile(
        name=name,
        id=request.id,
        namesakes=_namesakes(candidate for candidate in candidates if candidate.name == name),
        tracks=Total(number),
        recordings=Total(len(keys) if is_all else int(aggs["recordings"]["value"]), is_all),
        plays=int(aggs["plays"]["sum"] or 0),
        plays_tracks=int(aggs["plays"]["count"]),
        facets=facets,
        albums=NameList(tuple(by_count.values())[: request.size], Total(len(albums), is_all)),
        collaborators=_collaborators(name, tracks, request.size),
        collaborators_exact=is_all,
        # In the order of the tracks: the most played first.
        titles=NameList(tuple(titles.values())[: request.size], Total(len(titles), is_all)),
        used_by={dataset: cards[dataset].used_by if dataset in cards else () for dataset in datasets},
    )


def _namesakes(candidates: Iterable[Candidate]) -> int:
    """Return how many artists the name is of, for certain: those that the ids of one data set tell apart."""
    by_id = [candidate for candidate in candidates if candidate.shares_name and len(candidate.ids) == 1]
    datasets = Counter(dataset for each in by_id for dataset in each.datasets if len(each.datasets) == 1)
    return max(datasets.values(), default=1)


def _count_names(names: Iterable[str | None]) -> dict[str, NameCount]:
    """Return the number of tracks of each name, as it is first written, by the name whatever its case."""
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
