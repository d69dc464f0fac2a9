"""Columns of a Lens panel: what is counted, summed, and split by. Each is a small table in Kibana's own words.

The words are those of `x-pack/platform/plugins/shared/lens/public/datasources/form_based/operations/definitions/`.
"""

from dataclasses import dataclass, field
from typing import Any

from linernotes.kibana.sources import Source

RECORDS = "___records___"
"""What Kibana calls the documents themselves, where a column counts them."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """One column: its id in its layer, what it does to which field, and its label."""

    id: str
    operation: str
    source_field: str
    label: str
    params: Json = field(default_factory=dict)
    only: str | None = None
    """A condition in Kibana's query language on the documents that are counted."""

    @property
    def bucketed(self) -> bool:
        """Tell whether it splits the documents, rather than measure them."""
        return self.operation in _BUCKETED

    def as_json(self, source: Source) -> Json:
        """Return it as Kibana keeps it."""
        kind, scale = self._kind(source)
        made: Json = {
            "label": self.label,
            "customLabel": True,
            "dataType": kind,
            "operationType": self.operation,
            "sourceField": self.source_field,
            "isBucketed": self.bucketed,
            "scale": scale,
            "params": self.params,
        }
        return made | ({"filter": {"query": self.only, "language": "kuery"}} if self.only else {})

    def _kind(self, source: Source) -> tuple[str, str]:
        if self.operation == "terms":
            return source.fields[self.source_field].kind, "ordinal"
        if self.bucketed:
            return source.fields[self.source_field].kind, "interval"
        if self.operation in ("max", "min"):
            return source.fields[self.source_field].kind, "ratio"
        return "number", "ratio"


_BUCKETED = frozenset({"terms", "range", "date_histogram"})


def count(label: str = "tracks", *, only: str | None = None) -> Column:
    """Return the number of documents."""
    return Column("count", "count", RECORDS, label, {"emptyAsNull": False}, only)


def distinct(name: str, label: str) -> Column:
    """Return the number of different values, which Elasticsearch estimates."""
    return Column(f"distinct-{name}", "unique_count", name, label, {"emptyAsNull": False})


def measure(operation: str, name: str, label: str, *, only: str | None = None) -> Column:
    """Return a sum, the largest, or the smallest value."""
    return Column(f"{operation}-{name}", operation, name, label, {"emptyAsNull": True}, only)


def top(name: str, label: str, by: Column, size: int = 10, *, missing: bool = False, other: bool = True) -> Column:
    """Return a split by the values that have most of a measure."""
    params = {
        "size": size,
        "orderBy": {"type": "column", "columnId": by.id},
        "orderDirection": "desc",
        "otherBucket": other,
        "missingBucket": missing,
        "parentFormat": {"id": "terms"},
        "include": [],
        "exclude": [],
        "includeIsRegex": False,
        "excludeIsRegex": False,
    }
    return Column(f"top-{name}", "terms", name, label, params)


def steps(name: str, label: str) -> Column:
    """Return a split of numbers into intervals that Kibana chooses."""
    params = {"type": "histogram", "ranges": [{"from": 0, "to": 1000, "label": ""}], "maxBars": "auto"}
    return Column(f"steps-{name}", "range", name, label, params)


def over_time(name: str, label: str) -> Column:
    """Return a split by time."""
    params = {"interval": "auto", "includeEmptyRows": True, "dropPartials": False}
    return Column(f"time-{name}", "date_histogram", name, label, params)
