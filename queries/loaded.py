"""What is loaded: of each data set the generation behind its alias, as a request and as its answer read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mappings.errors import InputError
from mappings.index_names import Generation, parse

MOST_INDICES = 1000
"""Generations behind the alias at most; there is one for each data set."""


NOTHING = ("Nothing is loaded yet.", "Run: linernotes load, or linernotes demo")
"""What is told then, and what to do."""


class NothingLoadedError(InputError):
    """Nothing is behind the alias, or there is no alias."""


@dataclass(frozen=True)
class Loaded:
    """The current generation of a data set, the tracks in it, and the revision that it was made of."""

    generation: Generation
    records: int
    revision: str | None

    def as_json(self) -> dict[str, Any]:
        """Return it for `datasets --json`."""
        return {"records": self.records, "generation": self.generation.index, "revision": self.revision}


def count_body() -> dict[str, Any]:
    """Return the request that counts the tracks of each index, and says of which revision one of them is."""
    revision = {"terms": {"field": "revision", "size": 1}}
    per_index = {"terms": {"field": "_index", "size": MOST_INDICES}, "aggs": {"revision": revision}}
    return {"size": 0, "track_total_hits": True, "aggs": {"indices": per_index}}


def read(prefix: str, indices: Mapping[str, Any], counted: Mapping[str, Any]) -> dict[str, Loaded]:
    """Return what is loaded by data set, given the indices behind the alias and what they count.

    >>> read("ln", {"ln-fma-g000002": {}}, {"aggregations": {"indices": {"buckets": []}}})["fma"].records
    0
    """
    counts = {bucket["key"]: bucket for bucket in counted["aggregations"]["indices"]["buckets"]}
    generations = [generation for index in indices if (generation := parse(prefix, index))]
    return {each.dataset: _loaded(each, counts.get(each.index, {})) for each in sorted(generations)}


def _loaded(generation: Generation, bucket: Mapping[str, Any]) -> Loaded:
    revisions = bucket.get("revision", {}).get("buckets", [])
    return Loaded(generation, int(bucket.get("doc_count", 0)), revisions[0]["key"] if revisions else None)
