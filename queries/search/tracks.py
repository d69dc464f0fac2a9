"""Single tracks by their ids, other tracks of the same recording, and what is loaded."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from elasticsearch.dsl.query import Bool, Ids, Terms

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
from queries.model import Ask, Contract, Hit, Json, total_of

LONGEST_ID = 512
"""Bytes of an id at most, as Elasticsearch has it."""

MAX_DUPLICATES = 30
"""Tracks of the same recording that are listed."""

_LISTED = (DATASET, SOURCE_ID, TITLE, ARTISTS, ALBUM, YEAR, REVISION)


def get_track(ask: Ask, track_id: str) -> Hit | None:
    """Return the track that has an id, None if there is none. It has neither score nor match."""
    if not 0 < len(track_id.encode(errors="replace")) <= LONGEST_ID:
        return None
    # The id begins with its data set, so there is one at most.
    query, source = Ids(values=[track_id]).to_dict(), {"excludes": list(SEARCH_ONLY)}
    (answer,) = ask({"query": query, "size": 1, "track_total_hits": False, "_source": source})
    return next(iter(_hits(answer)), None)


def find_duplicates(ask: Ask, hit: Hit) -> tuple[list[Hit], int]:
    """Return the first other tracks of the same recording, which share its key or a video, and how many there are."""
    key, videos = hit.track.get(RECORDING_KEY), list(hit.track.get(VIDEO_IDS) or ())
    joins = {RECORDING_KEY: [key] if key else [], VIDEO_IDS: videos}
    either = [Terms(name, values) for name, values in joins.items() if values]
    if not either:
        return [], 0
    body: Json = {
        "query": Bool(should=either, minimum_should_match=1, must_not=[Ids(values=[hit.id])]).to_dict(),
        "size": MAX_DUPLICATES,
        "sort": [{DATASET: "asc"}, {SOURCE_ROW: "asc"}, {FINGERPRINT: "asc"}],
        "track_total_hits": True,
        "_source": list(_LISTED),
    }
    (answer,) = ask(body)
    return _hits(answer), total_of(answer)


def _hits(answer: Mapping[str, Any]) -> list[Hit]:
    return [Hit(hit["_id"], None, None, hit["_source"]) for hit in answer["hits"]["hits"]]


@dataclass(frozen=True)
class Loaded(Contract):
    """The current generation of a data set, the tracks in it, and the revision that it was made of."""

    generation: Generation
    records: int
    revision: str | None

    def as_json(self) -> Json:
        """Return it for `datasets --json`."""
        return {"records": self.records, "generation": self.generation.index, "revision": self.revision}


def count_loaded(ask: Ask, prefix: str, indices: Mapping[str, Any]) -> dict[str, Loaded]:
    """Return what is loaded, by data set, given the indices behind the alias with the `_meta` of their mappings."""
    per_index = {"terms": {"field": "_index", "size": len(indices)}}
    (answer,) = ask({"size": 0, "track_total_hits": False, "aggs": {"indices": per_index}})
    buckets = answer["aggregations"]["indices"]["buckets"]
    counts = {bucket["key"]: int(bucket["doc_count"]) for bucket in buckets}
    generations = sorted((generation, index) for index in indices if (generation := parse(prefix, index)))
    metas = {index: indices[index].get("mappings", {}).get("_meta", {}) for index in indices}
    return {
        generation.dataset: Loaded(generation, counts.get(index, 0), metas[index].get("revision"))
        for generation, index in generations
    }
