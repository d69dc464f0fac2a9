"""Work for few rows: the same result as for all of them."""

from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.normalise.expressions import extract_where, map_where


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), st.text("aB", max_size=3))))
def test_strings(values: list[str | None]) -> None:
    column, frame = pl.col("v"), pl.DataFrame({"v": values}, schema={"v": pl.String})
    has = column.str.contains("B")
    sparse = frame.select(map_where(column, lambda e: e.str.contains("B"), lambda e: e.str.to_lowercase()))
    assert sparse.equals(frame.select(pl.when(has).then(column.str.to_lowercase()).otherwise(column)))
    found = frame.select(extract_where(column, lambda e: e.str.contains("B"), lambda e: e.str.len_bytes(), pl.UInt32))
    assert found.equals(frame.select(pl.when(has).then(column.str.len_bytes()).alias("v")))


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), st.lists(st.one_of(st.none(), st.integers(0, 9)), max_size=3))))
def test_lists(values: list[Any]) -> None:
    column, frame = pl.col("v"), pl.DataFrame({"v": values}, schema={"v": pl.List(pl.Int64)})
    sparse = frame.select(map_where(column, lambda e: e.list.len() > 1, lambda e: e.list.reverse(), pl.List(pl.Int64)))
    assert sparse.equals(frame.select(pl.when(column.list.len() > 1).then(column.list.reverse()).otherwise(column)))
