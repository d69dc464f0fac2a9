"""The Polars schema of tracks, made from the declared fields: what a source must produce and an export writes."""

from collections.abc import Mapping

import polars as pl

from mappings.track import FIELDS, TITLE_BY_LANGUAGE, FieldInfo

_TYPES: Mapping[str, pl.DataType] = {
    "keyword": pl.String(),
    "text": pl.String(),
    "short": pl.Int16(),
    "long": pl.Int64(),
    "float": pl.Float64(),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
}


def dtype(field: FieldInfo) -> pl.DataType:
    """Return the Polars type of a field, a list where it has several values.

    >>> dtype(FIELDS["artists"]), dtype(FIELDS["year"])
    (List(String), Int16)
    """
    one = _TYPES[field.mapping["type"]]
    return pl.List(one) if field.multi else one


SCHEMA: Mapping[str, pl.DataType] = {name: dtype(field) for name, field in FIELDS.items() if name != TITLE_BY_LANGUAGE}
"""Column by column; sources produce what is not search-only. `title_by_language` is written while encoding."""
