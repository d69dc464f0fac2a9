"""Years and days of release, from what the sets write."""

import polars as pl

EARLIEST = 1860
"""Au clair de la lune, the oldest recording of a voice that can be played, is of that year."""

_DAY = r"^\s*((\d{4})(?:-\d{2}-\d{2})?)(?:$|\D)"
_AMERICAN = r"^\s*(\d{1,2})/(\d{1,2})/(\d{4})(?:$|\s)"


def year(written: pl.Expr) -> pl.Expr:
    """Return the year of "2009", "2009-01-05", "2009-01-05 00:00:00" or "1/05/2009"; null for anything else."""
    text = written.cast(pl.String)
    return pl.coalesce(text.str.extract(_DAY, 2), text.str.extract(_AMERICAN, 3)).cast(pl.Int16, strict=False)


def day(written: pl.Expr) -> pl.Expr:
    """Return the day of a complete date; null for one without month and day, or that no calendar has."""
    text = written.cast(pl.String)
    parts = [text.str.extract(_AMERICAN, group).str.zfill(2) for group in (3, 1, 2)]
    american = pl.concat_str(parts, separator="-")
    return pl.coalesce(text.str.extract(_DAY), american).str.to_date("%Y-%m-%d", strict=False)


def plausible(found: pl.Expr, latest: int) -> pl.Expr:
    """Return a year from 1860 to `latest`, the year after the data set was released; null for others."""
    return pl.when(found.is_between(EARLIEST, latest)).then(found)
