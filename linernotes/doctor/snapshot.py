"""Snapshot of the cluster, our indices and each data set: all that the checks judge, read once.

Each part is a request of its own. One that is refused or fails is recorded with the reason, and the others are read
all the same: a cluster in trouble answers some requests and not others.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from elasticsearch import ApiError, Elasticsearch, TransportError

from indexer.cluster import declarations
from indexer.cluster.status import DatasetStatus, dataset_status, datasets
from indexer.sources import SOURCES
from mappings import index_names
from mappings.errors import LinernotesError

Json = Mapping[str, Any]

TIMEOUT_S = 15.0
"""A cluster that is well answers each of these in milliseconds; a doctor doesn't wait ten minutes for a sick one."""

NO_LONGER, FORBIDDEN, TOO_MANY, SERVER_ERROR = 401, 403, 429, 500
RED = "red"

SURVEYS = "surveys"
"""What checks need that judge generations: not one answer of Elasticsearch but many, reconciled."""

NOT_ALLOWED = "not allowed"
DENIED, SILENT, SICK, ABSENT = "denied", "silent", "sick", "absent"
"""Why a part is missing: no right to see it, no answer, an index that can't be read, nothing that is known there."""


@dataclass(frozen=True)
class Missing:
    """A part of the snapshot that isn't there: why, for programs and for people."""

    kind: str
    why: str


@dataclass(frozen=True)
class Snapshot:
    """What was read. `parts` by name; `missing` says for other parts why they are not there.

    `clock_ms` is this machine's clock before and after the nodes read theirs, in milliseconds since 1970.
    """

    prefix: str
    url: str
    info: Json = field(default_factory=dict)
    parts: Json = field(default_factory=dict)
    missing: Mapping[str, Missing] = field(default_factory=dict)
    clock_ms: tuple[float, float] = (0.0, 0.0)
    surveys: tuple[DatasetStatus, ...] = ()
    unsurveyed: Mapping[str, Missing] = field(default_factory=dict)

    def part(self, name: str) -> Any:
        """Return a part that is there."""
        return self.parts[name]

    def lacks(self, name: str) -> Missing | None:
        """Return why a part isn't there; None when it is."""
        if name in self.missing:
            return self.missing[name]
        return None if name == SURVEYS or name in self.parts else Missing(ABSENT, "not read")

    @property
    def holder(self) -> str:
        """Return whose rights were used, as the beginning of a sentence: an API key or a user, by name."""
        me = self.parts.get("me", {})
        if key := me.get("api_key"):
            return f"The API key {key.get('name') or key.get('id')}"
        return f"The user {me['username']}" if "username" in me else "This user"

    @property
    def nodes(self) -> dict[str, dict[str, Any]]:
        """Return statistics and facts of each node by its name."""
        facts = self.parts.get("nodes", {}).get("nodes", {})
        stats = self.parts.get("stats", {}).get("nodes", {})
        return {
            body.get("name", one): facts.get(one, {}) | {"stats": stats.get(one, {})} for one, body in facts.items()
        }

    @property
    def version(self) -> str | None:
        """Return the version of Elasticsearch."""
        number = self.info.get("version", {}).get("number")
        return str(number) if number else None


def gather(client: Elasticsearch, prefix: str, url: str, *, clock: Callable[[], float] = time.time) -> Snapshot:
    """Return the snapshot; raises what the client raises when Elasticsearch can't be reached at all."""
    patient, client = client, client.options(request_timeout=TIMEOUT_S)
    info = client.info().body
    parts: dict[str, Any] = {}
    missing: dict[str, Missing] = {}
    clock_ms = (0.0, 0.0)
    for name, request in _REQUESTS.items():
        before = clock()
        try:
            parts[name] = request(client, prefix).body
        except (ApiError, TransportError) as error:
            missing[name] = _why(error)
        if name == "stats":
            clock_ms = (before * 1000, clock() * 1000)
    if parts.get("rights", {}).get("has_all_requested") is False:
        # What may not be seen is left out of an answer: an empty one would look fine.
        parts = {name: part for name, part in parts.items() if name not in _OURS}
        missing |= dict.fromkeys((*_OURS, SURVEYS), Missing(DENIED, NOT_ALLOWED))
    surveys, unsurveyed = ([], {}) if SURVEYS in missing else _surveys(patient, prefix, parts)
    if lack := next((one for name, one in unsurveyed.items() if name == ALL or one.kind == DENIED), None):
        missing[SURVEYS], unsurveyed = lack, {}
    return Snapshot(
        prefix=prefix,
        url=url,
        info=info,
        parts=parts,
        missing=missing,
        clock_ms=clock_ms,
        surveys=tuple(surveys),
        unsurveyed=unsurveyed,
    )


def ours(prefix: str) -> list[str]:
    """Return the patterns of all our indices and aliases."""
    return [prefix, f"{prefix}-*"]


def service_indices(prefix: str) -> dict[str, str]:
    """Return the indices beside the data: what each is, by its name."""
    makers = {
        "ledger": index_names.ledger,
        "locks": index_names.locks,
        "history": index_names.history,
        "rejected": index_names.rejected,
        "declarations": index_names.declarations,
    }
    return {make(prefix): what for what, make in makers.items()}


_HIDDEN_TOO: dict[str, Any] = {"expand_wildcards": "all", "ignore_unavailable": True, "allow_no_indices": True}

_REQUESTS: dict[str, Callable[[Elasticsearch, str], Any]] = {
    "licence": lambda client, _: client.license.get(),
    # A pattern alone: for a name that isn't there the health is waited for, until the request's own end.
    "health": lambda client, prefix: client.cluster.health(
        index=f"{prefix}-*", level="indices", expand_wildcards="all"
    ),
    "report": lambda client, _: client.health_report(),
    "settings": lambda client, _: client.cluster.get_settings(include_defaults=True, flat_settings=True),
    "nodes": lambda client, _: client.nodes.info(metric=["jvm", "http"]),
    "stats": lambda client, _: client.nodes.stats(metric=["fs", "jvm", "breaker"]),
    "indices": lambda client, prefix: client.indices.get(index=ours(prefix), flat_settings=True, **_HIDDEN_TOO),
    "aliases": lambda client, prefix: client.options(ignore_status=404).indices.get_alias(name=ours(prefix)),
    "me": lambda client, _: client.security.authenticate(),
    "rights": lambda client, prefix: client.security.has_privileges(
        index=[{"names": ours(prefix), "privileges": ["read", "view_index_metadata"]}]
    ),
}
_OURS = ("indices", "aliases")
"""The parts about our own indices, as far as they may be seen."""


ALL = "all"
"""In place of a data set's name: what keeps all of them from being surveyed."""


def _surveys(client: Elasticsearch, prefix: str, parts: Json) -> tuple[list[DatasetStatus], dict[str, Missing]]:
    """Return a survey of each data set, and why others can't be had: surveys wait patiently for what may pass."""
    if reason := _unreadable_index(prefix, parts):
        return [], {ALL: Missing(SICK, reason)}
    statuses: list[DatasetStatus] = []
    failed: dict[str, Missing] = {}
    try:
        declared = declarations.names(client, prefix)
        names = sorted({*datasets(client, prefix), *SOURCES, *declared, *_locked(client, prefix)})
    except (ApiError, TransportError, LinernotesError) as error:
        return [], {ALL: _why(error)}
    for dataset in names:
        try:
            statuses.append(dataset_status(client, prefix, dataset))
        except (ApiError, TransportError, LinernotesError) as error:
            failed[dataset] = _why(error)
            if failed[dataset].kind == DENIED:
                break
    return statuses, failed


def _unreadable_index(prefix: str, parts: Json) -> str | None:
    status = parts.get("health", {}).get("indices", {})
    for name in service_indices(prefix):
        if status.get(name, {}).get("status") == RED:
            return f"{name} has no active shard"
        if is_closed(parts.get("indices", {}).get(name, {})):
            return f"{name} is closed"
    return None


def is_closed(body: Json) -> bool:
    """Tell whether an index is closed, by the mark that Elasticsearch leaves on it."""
    return str(body.get("settings", {}).get("index.verified_before_close", "")) == "true"


def _locked(client: Elasticsearch, prefix: str) -> list[str]:
    response = client.search(
        index=index_names.locks(prefix), size=1000, source_includes=["dataset"], ignore_unavailable=True
    )
    return [hit["_source"]["dataset"] for hit in response["hits"]["hits"]]


def _why(error: Exception) -> Missing:
    """Return why a part is missing; raises again what ends it all: credentials that aren't taken any more."""
    if isinstance(error, ApiError):
        if error.status_code == NO_LONGER:
            raise error
        if error.status_code == FORBIDDEN:
            return Missing(DENIED, NOT_ALLOWED)
        kind = SILENT if error.status_code == TOO_MANY or error.status_code >= SERVER_ERROR else ABSENT
        return Missing(kind, f"{error.status_code} {error.error}")
    if isinstance(error, TransportError):
        return Missing(SILENT, f"no answer ({error.message})")
    return Missing(SICK, str(error))
