"""A Python function over a column, called once for each distinct value."""

from collections.abc import Callable
from typing import Any

import polars as pl

STRINGS = pl.List(pl.String)


def by_unique(
    values: pl.Expr, function: Callable[[str], Any], dtype: pl.DataType | type[pl.DataType] = pl.String
) -> pl.Expr:
    """Return `function` of each value, null for null: for licences, genres, lists, where a few values repeat often.

    >>> frame = pl.DataFrame({"a": ["x", None, "x"]})
    >>> frame.select(by_unique(pl.col("a"), str.upper))["a"].to_list()
    ['X', None, 'X']
    """

    def apply(column: pl.Series) -> pl.Series:
        distinct = column.drop_nulls().unique(maintain_order=True)
        results = pl.Series(column.name, [function(value) for value in distinct], dtype=dtype)
        numbers = pl.int_range(distinct.len(), dtype=pl.UInt32, eager=True)
        return results.gather(column.replace_strict(distinct, numbers, default=None, return_dtype=pl.UInt32))

    return values.map_batches(apply, return_dtype=dtype, is_elementwise=True)
