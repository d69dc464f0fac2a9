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
    width: int | None = None
    """Pixels in a table; without it all columns of a table share what is left."""

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
    """Return the number of documents, or of some of them."""
    return Column("count-some" if only else "count", "count", RECORDS, label, {"emptyAsNull": False}, only)


def distinct(name: str, label: str) -> Column:
    """Return the number of different values, which Elasticsearch estimates."""
    return Column(f"distinct-{name}", "unique_count", name, label, {"emptyAsNull": False})


def largest(name: str, label: str, width: int | None = None) -> Column:
    """Return the largest value."""
    return Column(f"max-{name}", "max", name, label, width=width)


def smallest(name: str, label: str) -> Column:
    """Return the smallest value."""
    return Column(f"min-{name}", "min", name, label)


def total(name: str, label: str, *, unknown_as_zero: bool) -> Column:
    """Return a sum; where no document has a value it is 0, or nothing where 0 would say more than is known."""
    return Column(f"sum-{name}", "sum", name, label, {"emptyAsNull": not unknown_as_zero})


def top(name: str, label: str, by: Column, size: int = 10, *, rest: bool = True, width: int | None = None) -> Column:
    """Return a split by the values that have most of a measure.

    `rest` counts what is left: all other values as one, and documents without a value as another, so that nothing is
    left out of a share. (Lens takes the second only together with the first.)
    """
    params = {
        "size": size,
        "orderBy": {"type": "column", "columnId": by.id},
        "orderDirection": "desc",
        "otherBucket": rest,
        "missingBucket": rest,
        "parentFormat": {"id": "terms"},
        "include": [],
        "exclude": [],
        "includeIsRegex": False,
        "excludeIsRegex": False,
    }
    return Column(f"top-{name}", "terms", name, label, params, width=width)


def steps(name: str, label: str) -> Column:
    """Return a split of numbers into intervals that Kibana chooses; documents without a number are in none of them."""
    params = {"type": "histogram", "ranges": [{"from": 0, "to": 1000, "label": ""}], "maxBars": "auto"}
    return Column(f"steps-{name}", "range", name, label, params)


def over_time(name: str, label: str) -> Column:
    """Return a split by time."""
    params = {"interval": "auto", "includeEmptyRows": True, "dropPartials": False}
    return Column(f"time-{name}", "date_histogram", name, label, params)
