"""Single tracks by their ids, the same recording elsewhere, and what is loaded: the requests and their answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from elasticsearch.dsl.query import Bool, Ids, Query, Terms

from mappings.index_names import Generation, parse
from mappings.track import (
    ALBUM,
    ARTISTS,
    DATASET,
    FINGERPRINT,
    RECORDING_KEY,
    REVISION,
    SEARCH_ONLY,
    SOURCE_ID,
    SOURCE_ROW,
    TITLE,
    VIDEO_IDS,
    YEAR,
)
from queries.search.results import Hit
from queries.types import Json, total_of

LONGEST_ID = 512
"""Bytes of an id at most, as Elasticsearch has it."""

MAX_DUPLICATES = 30
"""Tracks of the same recording that are listed."""

_LISTED = (DATASET, SOURCE_ID, TITLE, ARTISTS, ALBUM, YEAR, REVISION)


def may_be_id(track_id: str) -> bool:
    """Tell whether a text can be an id at all.

    >>> may_be_id("free-music-archive:10"), may_be_id(""), may_be_id("é" * 257)
    (True, False, False)
    """
    return 0 < len(track_id.encode(errors="replace")) <= LONGEST_ID


def track_body(track_id: str) -> Json:
    """Return the request for the track that has an id; the id begins with its data set, so there is one at most."""
    query = Ids(values=[track_id]).to_dict()
    return {"query": query, "size": 1, "track_total_hits": False, "_source": {"excludes": list(SEARCH_ONLY)}}


def read_track(answer: Mapping[str, Any]) -> Hit | None:
    """Return the track of Elasticsearch's answer: a hit that nothing was looked for, so without score and match.

    >>> read_track({"hits": {"hits": [{"_id": "fma:10", "_source": {"dataset": "fma"}}]}}).id
    'fma:10'
    """
    hits = answer["hits"]["hits"]
    return Hit(hits[0]["_id"], None, None, hits[0]["_source"]) if hits else None


def duplicates_body(hit: Hit) -> Json | None:
    """Return the request for other tracks of the same recording: they share its key or a video; None without both."""
    joins: Mapping[str, Sequence[str]] = {
        RECORDING_KEY: [key] if (key := hit.track.get(RECORDING_KEY)) else [],
        VIDEO_IDS: list(hit.track.get(VIDEO_IDS) or ()),
    }
    some: list[Query] = [Terms(name, values) for name, values in joins.items() if values]
    if not some:
        return None
    query = Bool(should=some, minimum_should_match=1, must_not=[Ids(values=[hit.id])]).to_dict()
    order = [{DATASET: "asc"}, {SOURCE_ROW: "asc"}, {FINGERPRINT: "asc"}]
    return {"query": query, "size": MAX_DUPLICATES, "sort": order, "track_total_hits": True, "_source": list(_LISTED)}


def read_duplicates(answer: Mapping[str, Any]) -> tuple[list[Hit], int]:
    """Return the tracks of the answer, and how many there are."""
    return [Hit(hit["_id"], None, None, hit["_source"]) for hit in answer["hits"]["hits"]], total_of(answer)


@dataclass(frozen=True)
class Loaded:
    """The current generation of a data set, the tracks in it, and the revision that it was made of."""

    generation: Generation
    records: int
    revision: str | None

    def as_json(self) -> Json:
        """Return it for `datasets --json`."""
        return {"records": self.records, "generation": self.generation.index, "revision": self.revision}


def read_loaded(prefix: str, indices: Mapping[str, Any], counts: Mapping[str, int]) -> dict[str, Loaded]:
    """Return what is loaded by data set, given the indices behind the alias with their mappings, and their counts.

    >>> read_loaded("ln", {"ln-fma-g000002": {"mappings": {}}}, {"ln-fma-g000002": 3})["fma"].records
    3
    """
    generations = [(generation, index) for index in indices if (generation := parse(prefix, index))]
    return {
        generation.dataset: Loaded(
            generation, counts.get(index, 0), indices[index].get("mappings", {}).get("_meta", {}).get("revision")
        )
        for generation, index in sorted(generations)
    }


def loaded_body(indices: Sequence[str]) -> Json:
    """Return the request that counts the tracks of each index."""
    per_index = {"terms": {"field": "_index", "size": max(len(indices), 1)}}
    return {"size": 0, "track_total_hits": False, "aggs": {"indices": per_index}}


def read_counts(answer: Mapping[str, Any]) -> dict[str, int]:
    """Return the tracks of each index."""
    return {bucket["key"]: int(bucket["doc_count"]) for bucket in answer["aggregations"]["indices"]["buckets"]}
