"""The ledger: which chunks of which source file are acknowledged, and who is at work on the others.

It lives in Elasticsearch beside the data, so that any machine can go on with a load. One document for each load,
one for each chunk that somebody took; a claim names the lease of who took it (see `indexer.cluster.lease`).

    chunk: (none) --claim--> leased --acknowledge--> done        a claim of the dead is taken over
    load:    building --> ready --> current --> pruned
                 |          `--> failed ---------^
                 `--> failed | abandoned --------^

Ready: the sums hold, and the other gates were not evaluated yet. Current: it was put in service; only the alias says
whether it still is. Pruned: nothing but its number is left, which is not used again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from enum import Enum, auto
from typing import Any

import numpy as np
import polars as pl
from elasticsearch import ConflictError, Elasticsearch

from indexer.cluster.lease import Lease
from indexer.documents import digest
from indexer.records import ChunkId, Totals
from mappings.index_names import Generation
from mappings.index_names import ledger as ledger_index

BUILDING, READY, CURRENT, FAILED = "building", "ready", "current", "failed"
ABANDONED, PRUNED = "abandoned", "pruned"
LEASED, DONE = "leased", "done"

_KEYWORD, _LONG, _STORED = {"type": "keyword"}, {"type": "long"}, {"type": "object", "enabled": False}

MAPPING: dict[str, Any] = {
    "dynamic": "strict",
    "properties": {
        **dict.fromkeys(("entry", "dataset", "generation", "state", "owner"), _KEYWORD),
        **dict.fromkeys(("file", "number", *(entry.name for entry in fields(Totals))), _LONG),
        "at": {"type": "date"},
        "host": _KEYWORD,
        "pid": _LONG,
        "beats": _LONG,
        "process_started": {"type": "double"},  # of earlier versions
        "sketch": {"type": "binary"},  # of `documents.digest`, a document of its own for each chunk
        **dict.fromkeys(("plan", "changed"), _STORED),
    },
}

PAGE = 5_000

LOAD, CHUNK, SKETCH = "load", "chunk", "sketch"
"""What a document is of: its field `entry`. All name their data set, so that a filter by it fits each of them."""
_EARLIER = {CHUNK: "stretch"}
"""What earlier versions called it, in a field `kind`: rejected records have one too, which means something else."""
SKETCHES = 8
"""How many are read at once: 13 MB where each has 50,000 tracks."""


@dataclass(frozen=True)
class Claim:
    """The right to work on a chunk, as long as its holder lives; the sequence number proves it."""

    key: ChunkId
    seq_no: int
    primary_term: int


class ClaimDenied(Enum):
    """Why a chunk can't be claimed."""

    DONE = auto()
    BUSY = auto()


@dataclass(frozen=True)
class ChunkState:
    """What the ledger says of a chunk that somebody took."""

    state: str
    owner: str
    totals: Totals
    changed: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class LoadRecord:
    """What the ledger says of one load."""

    generation: Generation
    state: str
    plan: dict[str, Any]
    at: str = ""

    @property
    def what(self) -> str:
        """Return what makes it: a load, or an update, whose half-built generation no load goes on with."""
        return str(self.plan.get("what", "load"))


class Ledger:
    """Loads of all data sets under one prefix."""

    def __init__(self, client: Elasticsearch, prefix: str) -> None:
        self.client, self.prefix = client, prefix
        self.index = ledger_index(prefix)

    def loads(self, dataset: str | None = None) -> list[LoadRecord]:
        """Return the loads of a data set, the latest first; of all of them without one. None without a ledger."""
        self.client.indices.refresh(index=self.index, ignore_unavailable=True)
        of_dataset = [{"term": {"dataset": dataset}}] if dataset else []
        query = {"bool": {"filter": [_entries(LOAD), *of_dataset]}}
        sort: list[Any] = [{"number": {"order": "desc", "unmapped_type": "long"}}]
        response = self.client.search(index=self.index, query=query, size=10_000, sort=sort, ignore_unavailable=True)
        return [self._load(hit["_source"]) for hit in response["hits"]["hits"]]

    def _load(self, source: dict[str, Any]) -> LoadRecord:
        generation = Generation(self.prefix, source["dataset"], source["number"])
        return LoadRecord(generation, source["state"], source["plan"], source["at"])

    def begin(self, generation: Generation, plan: dict[str, Any]) -> bool:
        """Write down a new load; return False when another process was first with this number."""
        document = self._load_document(generation, BUILDING, plan)
        try:
            self.client.create(index=self.index, id=generation.index, document=document)
        except ConflictError:
            return False
        return True

    def close(self, generation: Generation, state: str, plan: dict[str, Any]) -> None:
        """Write down how a load ended, or that it goes on."""
        document = self._load_document(generation, state, plan)
        self.client.index(index=self.index, id=generation.index, document=document, refresh=True)

    def _load_document(self, generation: Generation, state: str, plan: dict[str, Any]) -> dict[str, Any]:
        # Beside the plan, which is only stored, so that they can be summed.
        totals = asdict(Totals.read_from(plan["totals"])) if "totals" in plan else {}
        return {
            "entry": LOAD,
            "dataset": generation.dataset,
            "generation": generation.index,
            "number": generation.number,
            "state": state,
            "plan": plan,
            "at": _now(),
            **totals,
        }

    def forget(self, generation: Generation) -> None:
        """Remove the chunks of a load that starts over."""
        self.client.indices.refresh(index=self.index)
        query = {"bool": {"filter": {"term": {"generation": generation.index}}, "must_not": _entries(LOAD)}}
        self.client.delete_by_query(index=self.index, query=query, conflicts="proceed", refresh=True)

    def states(self, generation: Generation) -> dict[ChunkId, ChunkState]:
        """Return state, owner and counts of each chunk that somebody took."""
        states: dict[ChunkId, ChunkState] = {}
        for source in self._pages(generation, CHUNK, PAGE):
            totals, changed = Totals.read_from(source), source.get("changed", {})
            key = ChunkId(source["file"], source["number"])
            states[key] = ChunkState(source["state"], source["owner"], totals, changed)
        return states

    def _pages(self, generation: Generation, entry: str, size: int) -> Iterator[dict[str, Any]]:
        """Yield a generation's chunks or sketches, in the order of its source files."""
        self.client.indices.refresh(index=self.index)
        query = {"bool": {"filter": [_entries(entry), {"term": {"generation": generation.index}}]}}
        sort: list[Any] = [{"file": "asc"}, {"number": "asc"}]
        after: list[Any] | None = None
        while True:
            response = self.client.search(index=self.index, query=query, sort=sort, search_after=after, size=size)
            hits = response["hits"]["hits"]
            yield from (hit["_source"] for hit in hits)
            if len(hits) < size:
                return
            after = hits[-1]["sort"]

    def claim(self, generation: Generation, key: ChunkId, lease: Lease) -> Claim | ClaimDenied:
        """Take a chunk that nobody has, or whose holder is dead; or return why it can't be had."""
        document = self._chunk(generation, key, LEASED, lease.id)
        name = _chunk_id(generation, key)
        try:
            made = self.client.create(index=self.index, id=name, document=document)
            return Claim(key, made["_seq_no"], made["_primary_term"])
        except ConflictError:
            stored = self.client.get(index=self.index, id=name)
        if stored["_source"]["state"] == DONE:
            return ClaimDenied.DONE
        if stored["_source"]["owner"] == lease.id:  # the answer to our own claim was lost on its way
            return Claim(key, stored["_seq_no"], stored["_primary_term"])
        if lease.lives(stored["_source"]["owner"]):
            return ClaimDenied.BUSY
        return self._write(name, document, stored.body, key) or ClaimDenied.BUSY

    def acknowledge(
        self, generation: Generation, claim: Claim, lease: Lease, totals: Totals, changed: Mapping[str, int]
    ) -> bool:
        """Write down that a chunk is done; return False when somebody else took it over meanwhile.

        `changed` is what was normalised in it, a count for each rule: written once, as the totals are.
        """
        document = self._chunk(generation, claim.key, DONE, lease.id)
        document |= asdict(totals) | {"changed": dict(changed)}
        name = _chunk_id(generation, claim.key)
        proof = {"_seq_no": claim.seq_no, "_primary_term": claim.primary_term}
        if self._write(name, document, proof, claim.key):
            return True
        stored = self.client.get(index=self.index, id=name)["_source"]
        return bool(stored["state"] == DONE and stored["owner"] == lease.id)

    def _write(self, name: str, document: dict[str, Any], proof: dict[str, Any], key: ChunkId) -> Claim | None:
        try:
            made = self.client.index(
                index=self.index,
                id=name,
                document=document,
                if_seq_no=proof["_seq_no"],
                if_primary_term=proof["_primary_term"],
            )
        except ConflictError:
            return None
        return Claim(key, made["_seq_no"], made["_primary_term"])

    def _chunk(self, generation: Generation, key: ChunkId, state: str, owner: str) -> dict[str, Any]:
        return {
            "entry": CHUNK,
            "dataset": generation.dataset,
            "generation": generation.index,
            "file": key.file,
            "number": key.number,
            "state": state,
            "owner": owner,
            "at": _now(),
        }

    def write_sketch(self, generation: Generation, key: ChunkId, frame: pl.DataFrame) -> None:
        """Write the sketch of a chunk; writing it again replaces it."""
        document: dict[str, Any] = {
            "entry": SKETCH,
            "dataset": generation.dataset,
            "generation": generation.index,
            "file": key.file,
            "number": key.number,
            "sketch": digest.pack(frame),
        }
        name = f"{generation.index}/{SKETCH}/{key.file}/{key.number}"
        self.client.index(index=self.index, id=name, document=document)

    def sketches(self, generation: Generation) -> Iterator[pl.DataFrame]:
        """Yield a generation's sketches in the order of its source files; none for one that has none."""
        for source in self._pages(generation, SKETCH, SKETCHES):
            yield digest.unpack(source["sketch"])

    def distinct_ids(self, generation: Generation) -> int:
        """Count the distinct ids among all accepted records of a generation: 8 bytes of memory for each record.

        It is what the index must hold, counted without asking the index.
        """
        every = bytearray()  # grows in its place
        for frame in self.sketches(generation):
            every += frame[digest.ID].to_numpy().tobytes()
        ids = np.frombuffer(every, np.uint64)
        ids.sort()  # in its place, too; a set of as many would take ten times the memory
        return int(np.count_nonzero(ids[1:] != ids[:-1])) + int(ids.size > 0)


def _entries(entry: str) -> dict[str, Any]:
    """Return the query for documents of one kind, those of earlier versions among them."""
    names = {"entry": entry, "kind": _EARLIER.get(entry, entry)}
    return {"bool": {"should": [{"term": {name: value}} for name, value in names.items()]}}


def _chunk_id(generation: Generation, key: ChunkId) -> str:
    return f"{generation.index}/{key.file}/{key.number}"


def _now() -> str:
    return datetime.now(UTC).isoformat()
