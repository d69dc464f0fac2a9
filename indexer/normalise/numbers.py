"""Numbers as the sets write them."""

import polars as pl

from indexer.normalise.sparse import once

LONGEST_S = 30 * 24 * 3600
"""The longest video that YouTube had is of 596 hours, 25 days. What is longer was counted in another unit."""

_COUNT = r"^\s*([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+(?:\.[0-9]+)?)\s*([KMBkmb]?)(?:\s|$)"
_CLOCK = r"^(?:([0-9]+):)?([0-9]{1,2}):([0-5]?[0-9])$"
_SCALE = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9}


def integer(written: pl.Expr) -> pl.Expr:
    """Return an integer of "78" or "78.0"; null for "", -1 and other negatives, which stand for a missing number."""
    number = written.cast(pl.String).str.strip_chars().cast(pl.Float64, strict=False)
    return pl.when(number.is_between(0, 2**53)).then(number).cast(pl.Int64, strict=False)


def spoken_count(written: pl.Expr) -> pl.Expr:
    """Return how many "3 plays", "10K plays", "1.2M views" are; null for what is no count.

    >>> frame = pl.DataFrame({"views": ["3 plays", "10K plays", "1.2M views", "1,234 views", "1,2M views"]})
    >>> frame.select(spoken_count(pl.col("views")))["views"].to_list()
    [3, 10000, 1200000, 1234, None]
    """
    return once(written.cast(pl.String), _counted, pl.Int64)


def _counted(text: pl.Expr) -> pl.Expr:
    number = text.str.extract(_COUNT, 1).str.replace_all(",", "", literal=True).cast(pl.Float64, strict=False)
    scale = text.str.extract(_COUNT, 2).str.to_lowercase().replace_strict(_SCALE, default=None, return_dtype=pl.Int64)
    return (number * scale).round().cast(pl.Int64, strict=False)


def seconds(written: pl.Expr, per_second: int = 1) -> pl.Expr:
    """Return a length in seconds; null for 0 and less, which stand for a missing one, and for over 30 days.

    >>> frame = pl.DataFrame({"length": ["167.5", "2:48", "1:02:03", "0", "2592001", "2:75"]})
    >>> frame.select(seconds(pl.col("length")))["length"].to_list()
    [167.5, 168.0, 3723.0, None, None, None]
    """
    return written.map_batches(lambda column: _seconds(column, per_second), pl.Float64, is_elementwise=True)


def _seconds(written: pl.Series, per_second: int) -> pl.Series:
    if written.dtype.is_numeric():
        found = written.cast(pl.Float64) / per_second
    else:
        text = written.cast(pl.String).str.strip_chars()
        found = text.cast(pl.Float64, strict=False) / per_second
        clocks = text.str.contains(":", literal=True).arg_true()
        found = found.scatter(clocks, text.gather(clocks).to_frame("text").select(_clock(pl.col("text"))).to_series())
    value = pl.col("seconds")
    return found.to_frame("seconds").select(pl.when((value > 0) & (value <= LONGEST_S)).then(value)).to_series()


def _clock(text: pl.Expr) -> pl.Expr:
    """Return the seconds of MM:SS and HH:MM:SS."""
    hours, minutes, rest = (text.str.extract(_CLOCK, group).cast(pl.Float64) for group in (1, 2, 3))
    return hours.fill_null(0) * 3600 + minutes * 60 + rest


def truth(written: pl.Expr) -> pl.Expr:
    """Return a boolean of True, TRUE, true, 1 and their opposites."""
    known = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}
    text = written.cast(pl.String).str.strip_chars().str.to_lowercase()
    return text.replace_strict(known, default=None, return_dtype=pl.Boolean)
