"""Declared data sets, stored beside the data: each declaration that was ever added, the latest of a data set in force.

Nothing is overwritten: an addition and a removal are documents of their own, numbered for each data set.
`queries.client` reads the cards of those in force.
"""

import socket
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any

from elasticsearch import ConflictError, Elasticsearch

from indexer.cluster import audit_log
from indexer.cluster.indices import SMALL, create_index
from indexer.cluster.ledger import Ledger
from indexer.records import Source
from indexer.sources import SOURCES
from indexer.sources.declaration import Declared, parse
from indexer.sources.declared import make_source
from mappings.cards import LATEST_DECLARATIONS
from mappings.errors import CheckFailedError, InputError
from mappings.index_names import alias, declarations

_KEYWORD = {"type": "keyword"}
_STORED: dict[str, Any] = {"type": "keyword", "index": False, "doc_values": False}

MAPPING: dict[str, Any] = {
    "dynamic": "strict",
    "properties": {
        "dataset": _KEYWORD,
        "number": {"type": "integer"},
        "removed": {"type": "boolean"},
        "at": {"type": "date"},
        "host": _KEYWORD,
        "name": _STORED,
        "text": _STORED,
        "card": {"type": "object", "enabled": False},
    },
}
MOST = 10_000


@dataclass(frozen=True)
class Version:
    """One addition or removal: which of the data set, when, where, and the declaration's text ("" of a removal)."""

    dataset: str
    number: int
    removed: bool
    at: str
    host: str
    name: str
    text: str


_PARTS = [part.name for part in fields(Version)]


def history(client: Elasticsearch, prefix: str, dataset: str) -> list[Version]:
    """Return all versions of a data set's declaration, the latest first."""
    query = {"term": {"dataset": dataset}}
    sort = [{"number": {"order": "desc", "unmapped_type": "integer"}}]
    response = client.search(
        index=declarations(prefix), query=query, sort=sort, size=MOST, source_includes=_PARTS, ignore_unavailable=True
    )
    return [Version(**hit["_source"]) for hit in response["hits"]["hits"]]


def current(client: Elasticsearch, prefix: str, dataset: str) -> Declared | None:
    """Return the declaration that is in force, None where there is none; raises InputError where it holds no more."""
    latest = next(iter(history(client, prefix, dataset)), None)
    return None if latest is None or latest.removed else parse(latest.text, latest.name)


def names(client: Elasticsearch, prefix: str) -> list[str]:
    """Return the ids of the data sets whose declarations are in force."""
    parts = ["dataset", "removed"]
    response = client.search(index=declarations(prefix), source_includes=parts, **LATEST_DECLARATIONS)
    sources = [hit["_source"] for hit in response["hits"]["hits"]]
    return sorted(source["dataset"] for source in sources if not source["removed"])


def get_source(client: Elasticsearch, prefix: str, dataset: str) -> Source:
    """Return the source that reads a data set's files: a built-in one, or a declared one; raises InputError."""
    if dataset in SOURCES:
        return SOURCES[dataset]
    declared = current(client, prefix, dataset)
    if declared is None:
        raise InputError(f"There is no data set {dataset!r}.", "See: linernotes datasets")
    return make_source(declared)


def ensure_in_force(client: Elasticsearch, prefix: str, source: Source) -> None:
    """Raise CheckFailedError if a source's declaration was changed or removed since it was read.

    Whoever is about to open a generation holds the data set's lease, without which no declaration is removed.
    """
    if not source.definition:
        return
    declared = current(client, prefix, source.dataset)
    if declared is None or declared.digest != source.definition:
        what = f"{source.dataset} was {'removed' if declared is None else 'declared anew'} at this moment."
        raise CheckFailedError(what, "See: linernotes datasets")


def add(client: Elasticsearch, prefix: str, declared: Declared) -> int:
    """Store a declaration; return its number, or 0 where it is in force already."""
    dataset, card = declared.content.id, asdict(declared.content.card())
    versions = history(client, prefix, dataset)
    if versions and not versions[0].removed and versions[0].text == declared.text:
        return 0
    _refuse_taken_name(client, prefix, dataset)
    what = "changed" if versions and not versions[0].removed else "added"
    return _append(client, prefix, versions, dataset, declared.name, declared.text, card, f"declaration {what}")


def _refuse_taken_name(client: Elasticsearch, prefix: str, dataset: str) -> None:
    """Raise InputError where a data set's alias would be an index, or an alias, of another prefix."""
    name = alias(prefix, dataset)
    own = {record.generation.index for record in Ledger(client, prefix).loads(dataset)}
    others = client.indices.get(index=name, features="aliases", ignore_unavailable=True).body.keys() - own
    if others:
        raise InputError(
            f"{dataset!r} can't be the id here: {name} is the name of something else ({min(others)}).",
            "Choose another id, or another LINERNOTES_PREFIX.",
        )


def remove(client: Elasticsearch, prefix: str, dataset: str) -> int:
    """Take a declaration out of force, which stays in the history; raises InputError where there is none."""
    versions = history(client, prefix, dataset)
    if not versions or versions[0].removed:
        raise InputError(f"There is no declaration of {dataset}.", "See: linernotes datasets")
    return _append(client, prefix, versions, dataset, "", "", {}, "declaration removed")


def _append(
    client: Elasticsearch,
    prefix: str,
    versions: Sequence[Version],
    dataset: str,
    name: str,
    text: str,
    card: dict[str, Any],
    event: str,
) -> int:
    number = versions[0].number + 1 if versions else 1
    version = Version(dataset, number, not text, datetime.now(UTC).isoformat(), socket.gethostname(), name, text)
    index = declarations(prefix)
    if not client.indices.exists(index=index):
        create_index(client, index, {"mappings": MAPPING, "settings": SMALL})
    try:
        document = asdict(version) | {"card": card}
        client.create(index=index, id=f"{dataset}:{number}", document=document, refresh=True)
    except ConflictError as error:
        raise CheckFailedError(
            f"Somebody else changed the declaration of {dataset} at this moment.", "Look at it, then try again."
        ) from error
    audit_log.write_about(client, prefix, dataset, audit_log.DECLARED, f"{event}, version {number}")
    return number
