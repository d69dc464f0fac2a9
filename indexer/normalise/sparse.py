"""Work that only few rows need, done only for those rows.

`pl.when` computes both branches for all rows. Where one row in ten has anything to do, finding it with a regular
expression (0.05 microseconds a row) and leaving the others alone is several times cheaper.
"""

from collections.abc import Callable

import polars as pl

Step = Callable[[pl.Expr], pl.Expr]
Type = pl.DataType | type[pl.DataType]


def only_where(values: pl.Expr, test: Step, change: Step, dtype: Type = pl.String) -> pl.Expr:
    """Return `change` of the values for which `test` is true, the others as they are; both are of one type.

    The type has to be given, or Polars tries the function on no rows at all to learn it, each time.

    >>> frame = pl.DataFrame({"a": ["x", None, "Y"]})
    >>> upper = lambda e: e.str.contains("[A-Z]")
    >>> frame.select(only_where(pl.col("a"), upper, lambda e: e.str.to_lowercase()))["a"].to_list()
    ['x', None, 'y']
    """

    def apply(column: pl.Series) -> pl.Series:
        rows, changed = _where(column, test, change)
        return _put(column, rows, changed) if rows.len() else column

    return values.map_batches(apply, return_dtype=dtype, is_elementwise=True)


def found_where(values: pl.Expr, test: Step, find: Step, dtype: Type = pl.String) -> pl.Expr:
    """Return what `find` makes of the values for which `test` is true, null for the others."""

    def apply(column: pl.Series) -> pl.Series:
        rows, found = _where(column, test, find)
        nothing = pl.Series(column.name, [None], dtype).new_from_index(0, column.len())
        return _put(nothing, rows, found.cast(dtype)) if rows.len() else nothing

    return values.map_batches(apply, return_dtype=dtype, is_elementwise=True)


def _where(column: pl.Series, test: Step, change: Step) -> tuple[pl.Series, pl.Series]:
    """Return the rows for which the test is true, and what becomes of their values."""
    if column.null_count() == column.len():
        return pl.Series(dtype=pl.UInt32), column.clear()
    value = pl.col("value")
    rows = column.alias("value").to_frame().lazy().with_row_index("row").filter(test(value))
    found = rows.select("row", change(value).alias("value")).collect()
    return found["row"], found["value"]


def _put(column: pl.Series, rows: pl.Series, values: pl.Series) -> pl.Series:
    if column.dtype == pl.String:
        return column.clone().scatter(rows, values)
    # Series.scatter knows no lists; gathering from both, one after the other, does it for every type.
    total = column.len()
    at = pl.int_range(total, dtype=pl.UInt32, eager=True)
    at = at.scatter(rows, pl.int_range(total, total + values.len(), dtype=pl.UInt32, eager=True))
    return pl.concat([column, values.alias(column.name)]).gather(at)
