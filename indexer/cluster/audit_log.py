"""What happened to each data set, step by step: who did what to which generation, when, with which version.

Events are only ever added, and `prune` leaves them: they say what became of generations that are gone. Writing one is
tried again as any other call is. What no retry helps (a closed index, a missing right) is noted, and stops no load: the
ledger and the indices' own `_meta` hold what must not be lost.
"""

import os
import socket
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from elasticsearch import ApiError, Elasticsearch

from indexer.cluster.indices import SMALL, create_index
from indexer.cluster.retry import policy_of, reason
from mappings.index_names import Generation, history

STARTED, RESUMED, DIFFERENCE, GATES, FORCED = "started", "resumed", "difference", "gates", "forced"
SWAPPED, ROLLED_BACK, PRUNED, FAILED, ABANDONED = "swapped", "rolled back", "pruned", "failed", "abandoned"
WATCHED, DECLARED = "watched", "declared"
EVENTS = (
    STARTED,
    RESUMED,
    DIFFERENCE,
    GATES,
    FORCED,
    SWAPPED,
    ROLLED_BACK,
    PRUNED,
    FAILED,
    ABANDONED,
    WATCHED,
    DECLARED,
)

_KEYWORD = {"type": "keyword"}

MAPPING: dict[str, Any] = {
    "dynamic": "strict",
    "properties": {
        "at": {"type": "date_nanos"},  # two steps may share a millisecond, and are shown in their order
        **dict.fromkeys(("dataset", "generation", "event", "host", "tool"), _KEYWORD),
        "pid": {"type": "long"},
        "text": {"type": "keyword", "ignore_above": 8191},
        "details": {"type": "object", "enabled": False},
    },
}


@dataclass(frozen=True)
class Event:
    """One step: what happened to which generation, in one line; `details` is for programs."""

    dataset: str
    generation: str
    event: str
    text: str
    details: Mapping[str, Any] = field(default_factory=dict)
    at: str = field(default_factory=lambda: datetime.now(UTC).isoformat())
    host: str = field(default_factory=socket.gethostname)
    pid: int = field(default_factory=os.getpid)
    tool: str = field(default_factory=lambda: version("linernotes"))


def write(client: Elasticsearch, generation: Generation, event: str, text: str, **details: Any) -> bool:
    """Add an event; return False, and say so, when Elasticsearch refuses it for good."""
    return _add(client, generation.prefix, Event(generation.dataset, generation.index, event, text, details))


def write_about(client: Elasticsearch, prefix: str, dataset: str, event: str, text: str) -> bool:
    """Add an event of a data set that no generation has a part in; return as `write` does."""
    if not client.indices.exists(index=history(prefix)):
        create_index(client, history(prefix), {"mappings": MAPPING, "settings": SMALL})
    return _add(client, prefix, Event(dataset, "", event, text))


def _add(client: Elasticsearch, prefix: str, event: Event) -> bool:
    name = uuid.uuid4().hex  # chosen once, so that an event that is sent twice is there once
    try:
        client.index(index=history(prefix), id=name, document=asdict(event), refresh=True)
    except ApiError as error:
        why = f"{error.status_code}: {reason(error.body)}"
        policy_of(client).progress.note(f"The history could not be written ({why}).")
        return False
    return True


def read(client: Elasticsearch, prefix: str, dataset: str | None = None, size: int = 50) -> list[Event]:
    """Return the latest events, the newest first; none where there is no history yet."""
    query = {"term": {"dataset": dataset}} if dataset else {"match_all": {}}
    sort = [{"at": {"order": "desc", "unmapped_type": "date_nanos"}}]
    response = client.search(index=history(prefix), query=query, size=size, sort=sort, ignore_unavailable=True)
    return [Event(**hit["_source"]) for hit in response["hits"]["hits"]]
