"""The page of one artist: what is asked for it, and what it says.

Counts come from Elasticsearch, exact. Albums and contributors are text without columns, so they are counted on the
tracks themselves, of which up to 10,000 are read; who has more gets those that were played most, and `exact` is false.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mappings import fields
from mappings.cards import CARDS, PRESENCE_IS_NO_PROOF, Claim
from queries import counting, search
from queries.answer import FacetCount, SearchAnswer, Total
from queries.facets import TABLE
from queries.matching import Stage
from queries.people.asking import ArtistRequest
from queries.people.candidates import Candidate
from queries.request import SearchRequest
from queries.request import request as search_request
from queries.search import Search

Json = dict[str, Any]

MOST_READ = 10_000
"""Tracks that are read: as many as Elasticsearch gives in one answer."""

FACETS = ("dataset", "year", "genre", "licence", "commercial_use", "language")

_READ = (
    fields.DATASET, fields.TITLE, fields.ALBUM, fields.ARTISTS, fields.CONTRIBUTORS, fields.RECORDING_KEY,
)  # fmt: skip


@dataclass(frozen=True)
class Counted:
    """A name, and in how many tracks it is."""

    name: str
    count: int


@dataclass(frozen=True)
class Other:
    """Somebody else on these tracks: as one of the main artists, and as a contributor."""

    name: str
    count: int
    as_artist: int
    as_contributor: int


@dataclass(frozen=True)
class Listed:
    """The first of a list, and how many there are; both of all tracks if `distinct` is exact."""

    rows: tuple[Counted, ...]
    distinct: Total


@dataclass(frozen=True)
class Page:
    """One artist. With an `id` only the tracks that have it; `namesakes` is how many artists share the name."""

    name: str
    id: str | None
    namesakes: int
    tracks: Total
    recordings: Total
    plays: int
    plays_tracks: int
    facets: Mapping[str, FacetCount]
    albums: Listed
    others: tuple[Other, ...]
    others_exact: bool
    titles: Listed

    @property
    def used_by(self) -> dict[str, tuple[Claim, ...]]:
        """Return what is known of the use of each data set that the artist is in."""
        datasets = [str(bucket.value) for bucket in self.facets["dataset"].buckets if bucket.count]
        return {dataset: CARDS[dataset].used_by if dataset in CARDS else () for dataset in datasets}

    def as_json(self) -> Json:
        """Return the page as the contract has it."""
        return {
            "name": self.name,
            "id": self.id,
            "namesakes": self.namesakes,
            "tracks": asdict(self.tracks),
            "recordings": asdict(self.recordings),
            "plays": {"sum": self.plays, "tracks": self.plays_tracks},
            "facets": _facets(self.facets),
            "albums": _listed(self.albums),
            "with": {"rows": [asdict(other) for other in self.others], "exact": self.others_exact},
            "titles": _listed(self.titles),
            "used_by": {dataset: [asdict(claim) for claim in claims] for dataset, claims in self.used_by.items()},
        }


def _facets(facets: Mapping[str, FacetCount]) -> Json:
    whole: Json = SearchAnswer(Total(0), 0, (), facets, None, None, False).as_json()["facets"]
    return whole


def _listed(listed: Listed) -> Json:
    return {"rows": [asdict(row) for row in listed.rows], "distinct": asdict(listed.distinct)}


@dataclass(frozen=True)
class ArtistAnswer:
    """Candidates, the nearest first (`more`: there are others), and the page of the one that is meant, if one is."""

    candidates: tuple[Candidate, ...]
    more: int
    slips: bool
    page: Page | None
    text_cut: bool
    took_ms: int

    def as_json(self) -> Json:
        """Return the answer as the contract has it."""
        return {
            "candidates": [_candidate(one) for one in self.candidates],
            "more": self.more,
            "slips": self.slips,
            "artist": self.page.as_json() if self.page else None,
            "note": PRESENCE_IS_NO_PROOF,
            "text_cut": self.text_cut,
            "took_ms": self.took_ms,
        }


def _candidate(one: Candidate) -> Json:
    told = {"match": one.match, "apart": one.apart, "spellings": list(one.spellings), "titles": list(one.titles)}
    return one.as_json() | told


def answer(
    request: ArtistRequest, found: Sequence[Candidate], one: Page | None, slips: bool, took_ms: int
) -> ArtistAnswer:
    """Return the answer with as many candidates as were asked for."""
    shown = tuple(found[: request.size])
    cut = request.typed is not None and request.typed.cut
    return ArtistAnswer(shown, len(found) - len(shown), slips, one, cut, took_ms)


def _asked(name: str) -> SearchRequest:
    # As a value of the facet, whatever it begins with; a name is taken from the index, so it is one.
    bare = search_request(facet_names=FACETS, size=0)
    return SearchRequest(bare.text, {TABLE["artist"]: (name,)}, bare.facets, 0, None, bare.sort)


def asked(request: ArtistRequest, name: str) -> list[Json]:
    """Return the requests for a page: counts, and the tracks."""
    body = search.count_body(Search(_asked(name), Stage.STRICT))
    own = [{"term": {fields.ARTIST_IDS: {"value": request.id}}}] if request.id else []
    body["query"] = {"bool": {"filter": [body["query"], *own]}}
    body["aggs"] |= {
        "keys": {"cardinality": {"field": fields.RECORDING_KEY, "precision_threshold": 40_000}},
        "plays": {"stats": {"field": fields.PLAYS}},
    }
    order = [{fields.PLAYS: {"order": "desc", "missing": "_last"}}, {fields.DATASET: "asc"}, {fields.SOURCE_ID: "asc"}]
    tracks = {"query": body["query"], "size": MOST_READ, "sort": order, "track_total_hits": False}
    return [body, tracks | {"_source": list(_READ)}]


def read(request: ArtistRequest, name: str, found: Sequence[Candidate], answers: Sequence[Json]) -> Page:
    """Return the page made of Elasticsearch's two answers."""
    counts, hits = answers
    number, aggs = int(counts["hits"]["total"]["value"]), counts["aggregations"]
    tracks = [hit["_source"] for hit in hits["hits"]["hits"]]
    whole = len(tracks) >= number
    search_asked = _asked(name)
    _, facets = counting.read(search_asked, counting.plan(search_asked), number, aggs)
    keys = len({track[fields.RECORDING_KEY] for track in tracks if track.get(fields.RECORDING_KEY)})
    return Page(
        name=name,
        id=request.id,
        namesakes=_namesakes(one for one in found if one.name == name),
        tracks=Total(number),
        recordings=Total(keys if whole else int(aggs["keys"]["value"]), whole),
        plays=int(aggs["plays"]["sum"] or 0),
        plays_tracks=int(aggs["plays"]["count"]),
        facets=facets,
        albums=_most((track.get(fields.ALBUM) for track in tracks), request.size, whole),
        others=_others(name, tracks, request.size),
        others_exact=whole,
        titles=_first((track.get(fields.TITLE) for track in tracks), request.size, whole),
    )


def _namesakes(found: Iterable[Candidate]) -> int:
    """Return how many artists the name is of, for certain: those that the ids of one data set tell apart."""
    apart = (one for one in found if one.apart and len(one.ids) == len(one.datasets) == 1)
    told = Counter(dataset for one in apart for dataset in one.datasets)
    return max(told.values(), default=1)


def _counts(names: Iterable[str | None]) -> tuple[dict[str, str], Counter[str]]:
    """Return how names that differ by case alone are first written, and how often each is there."""
    written: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for name in filter(None, names):
        written.setdefault(name.casefold(), name)
        counts[name.casefold()] += 1
    return written, counts


def _most(names: Iterable[str | None], size: int, whole: bool) -> Listed:
    written, counts = _counts(names)
    best = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:size]
    return Listed(tuple(Counted(written[key], count) for key, count in best), Total(len(counts), whole))


def _first(names: Iterable[str | None], size: int, whole: bool) -> Listed:
    """Return names in the order of the tracks: the most played first."""
    written, counts = _counts(names)
    rows = tuple(Counted(name, counts[key]) for key, name in list(written.items())[:size])
    return Listed(rows, Total(len(counts), whole))


def _others(name: str, tracks: Sequence[Json], size: int) -> tuple[Other, ...]:
    """Return who else is on the tracks, each counted once a track."""
    main: Counter[str] = Counter()
    further: Counter[str] = Counter()
    either: Counter[str] = Counter()
    for track in tracks:
        artists = set(track.get(fields.ARTISTS) or ()) - {name}
        contributors = {each for each in track.get(fields.CONTRIBUTORS) or () if each.casefold() != name.casefold()}
        main.update(artists)
        further.update(contributors)
        either.update(artists | contributors)
    best = sorted(either.items(), key=lambda pair: (-pair[1], pair[0]))[:size]
    return tuple(Other(other, count, main[other], further[other]) for other, count in best)
