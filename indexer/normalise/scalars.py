"""Numbers, lengths, dates, booleans, lists and video ids as the data sets write them."""

import ast
import json
from collections.abc import Mapping

import polars as pl

from indexer.normalise.expressions import STRINGS, map_distinct, over_distinct
from indexer.normalise.text import distinct

LONGEST_S = 30 * 24 * 3600
"""The longest video that YouTube had is of 596 hours, 25 days. What is longer was counted in another unit."""

_NUMBER: Mapping[str, str] = {
    ".": r"^\s*([0-9]{1,3}(?:[,'\s][0-9]{3})+|[0-9]+)(?:\.([0-9]+))?",
    ",": r"^\s*([0-9]{1,3}(?:[.'\s][0-9]{3})+|[0-9]+)(?:,([0-9]+))?",
}
"""Decimal mark to a number: its whole part, perhaps in groups of three, and its fraction."""

_UNIT = r"\s*([KMBkmb]?)(?:\s|$)"
_CLOCK = r"^(?:([0-9]+):)?([0-9]{1,2}):([0-5]?[0-9])$"
_SCALE = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9}


def integer(written: pl.Expr) -> pl.Expr:
    """Return an integer of "78" or "78.0"; null for "", -1 and other negatives, which stand for a missing number."""
    number = written.cast(pl.String).str.strip_chars().cast(pl.Float64, strict=False)
    return pl.when(number.is_between(0, 2**53)).then(number).cast(pl.Int64, strict=False)


def parse_count(written: pl.Expr, decimal: str = ".") -> pl.Expr:
    """Return how many "3 plays", "10K plays", "1.2M views" are; null for what is no count.

    >>> frame = pl.DataFrame({"views": ["3 plays", "10K plays", "1.2M views", "1,234 views", "1,2M views", "1.5"]})
    >>> frame.select(parse_count(pl.col("views")))["views"].to_list()
    [3, 10000, 1200000, 1234, None, None]
    """
    return over_distinct(written.cast(pl.String), lambda text: _counted(text, decimal), pl.Int64)


def _counted(text: pl.Expr, decimal: str) -> pl.Expr:
    pattern = _NUMBER[decimal] + _UNIT

    def count(column: pl.Series) -> pl.Series:
        scale = pl.col("3").str.to_lowercase().replace_strict(_SCALE, default=None, return_dtype=pl.Int64)
        parts, value = _parts(column, pattern).select(_VALUE.alias("value"), scale.alias("scale")), pl.col("value")
        is_whole = (pl.col("scale") > 1) | (value == value.round())
        counted = (value * pl.col("scale")).round().cast(pl.Int64, strict=False)
        return parts.select(pl.when(is_whole).then(counted)).to_series()

    return text.map_batches(count, pl.Int64, is_elementwise=True)


_VALUE = pl.concat_str(pl.col("1").str.replace_all("[^0-9]", ""), pl.lit("."), pl.col("2").fill_null("0")).cast(
    pl.Float64, strict=False
)
"""The number that a pattern of `_NUMBER` finds."""


def _parts(column: pl.Series, pattern: str) -> pl.DataFrame:
    """Return the groups of a pattern, as columns 1, 2 and so on: each regular expression is tried once."""
    return column.str.extract_groups(pattern).struct.unnest()


def with_point(written: pl.Expr) -> pl.Expr:
    """Return texts of numbers that have a decimal comma with a point, clocks as they are, null for others.

    >>> frame = pl.DataFrame({"length": ["2,5", "1.090,5", "2:48", "180.25"]})
    >>> frame.select(with_point(pl.col("length")))["length"].to_list()
    ['2.5', '1090.5', '2:48', None]
    """

    def number(column: pl.Series) -> pl.Series:
        return _parts(column, _NUMBER[","] + r"\s*$").select(_VALUE.cast(pl.String)).to_series()

    numbers = written.map_batches(number, pl.String, is_elementwise=True)
    return pl.coalesce(numbers, pl.when(written.str.contains(":", literal=True)).then(written))


def seconds(written: pl.Expr, per_second: float = 1) -> pl.Expr:
    """Return a length in seconds; null for 0 and less, which stand for a missing one, and for over 30 days.

    >>> frame = pl.DataFrame({"length": ["167.5", "2:48", "1:02:03", "0", "2592001", "2:75"]})
    >>> frame.select(seconds(pl.col("length")))["length"].to_list()
    [167.5, 168.0, 3723.0, None, None, None]
    """
    return written.map_batches(lambda column: _seconds(column, per_second), pl.Float64, is_elementwise=True)


def _seconds(written: pl.Series, per_second: float) -> pl.Series:
    if written.dtype.is_numeric():
        length = written.cast(pl.Float64) / per_second
    else:
        text = written.cast(pl.String).str.strip_chars()
        length = text.cast(pl.Float64, strict=False) / per_second
        clocks = text.str.contains(":", literal=True).arg_true()
        length = length.scatter(clocks, text.gather(clocks).to_frame("text").select(_clock(pl.col("text"))).to_series())
    value = pl.col("seconds")
    return length.to_frame("seconds").select(pl.when((value > 0) & (value <= LONGEST_S)).then(value)).to_series()


def _clock(text: pl.Expr) -> pl.Expr:
    """Return the seconds of MM:SS and HH:MM:SS."""
    hours, minutes, rest = (text.str.extract(_CLOCK, group).cast(pl.Float64) for group in (1, 2, 3))
    return hours.fill_null(0) * 3600 + minutes * 60 + rest


def parse_bool(written: pl.Expr) -> pl.Expr:
    """Return a boolean of True, TRUE, true, 1 and their opposites."""
    known = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}
    text = written.cast(pl.String).str.strip_chars().str.to_lowercase()
    return text.replace_strict(known, default=None, return_dtype=pl.Boolean)


PLACEHOLDERS = ("n/a", "n.a.", "-", "--", "---", "–", "—")
"""Compared in lower case. Only for the sets that write such words: LAION has null, and an album may be named so."""


def null_if_placeholder(text: pl.Expr) -> pl.Expr:
    """Return a text, null for a placeholder.

    >>> frame = pl.DataFrame({"a": ["N/A", "-", "Nevermind", None]})
    >>> frame.select(null_if_placeholder(pl.col("a")))["a"].to_list()
    [None, None, 'Nevermind', None]
    """
    return pl.when(~text.str.to_lowercase().is_in(PLACEHOLDERS)).then(text)


_MOST_CHARACTERS = 100_000


def parse_list(literal: str) -> list[str]:
    r"""Return the members of a written list as strings, without None; [] where it is no list.

    Read as JSON or as Python reads it, not by swapping quotation marks: both kinds occur in one list.

    >>> parse_list("['it\\'s', None, 7]") + parse_list('["d\'n\'b", "x"]') + parse_list('["AC\\/DC", null]')
    ["it's", '7', "d'n'b", 'x', 'AC/DC']
    """
    members = [member for member in _parsed(literal) or () if isinstance(member, str | int | float)]
    texts = [str(member).lower() if isinstance(member, bool) else str(member) for member in members]
    if "\\" not in literal:
        return texts
    # Pairs of surrogates become their character, single ones are none.
    return [text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for text in texts]


_PLAIN_JSON = r'^\s*\[(?:\s*\]|\s*"[^\[{]*\])\s*$'
"""A list of JSON that begins with a text, and has neither lists nor objects in it."""


def parse_lists(written: pl.Expr) -> pl.Expr:
    """Return the members of written lists as `parse_list` does, null where there is none.

    >>> frame = pl.DataFrame({"artists": ['["a", null]', "[]", None]})
    >>> frame.select(parse_lists(pl.col("artists")))["artists"].to_list()
    [['a'], None, None]
    """

    def parse(column: pl.Series) -> pl.Series:
        if not column.str.contains(_PLAIN_JSON).all():
            return each(column)
        try:
            lists = column.str.json_decode(STRINGS).list.drop_nulls()
        except pl.exceptions.PolarsError:
            return each(column)
        return pl.select(pl.when(lists.list.len() > 0).then(lists)).to_series()

    def each(column: pl.Series) -> pl.Series:
        value = map_distinct(pl.col("value"), lambda text: parse_list(text) or None, STRINGS)
        return column.to_frame("value").select(value).to_series()

    return written.map_batches(parse, STRINGS, is_elementwise=True)


def _parsed(literal: str) -> list[object] | None:
    text = literal.strip()
    if text == "[]":
        return []
    if not text.startswith("[") or len(text) > _MOST_CHARACTERS:
        return None
    try:
        parsed = None if text[1:].lstrip().startswith("'") else json.loads(text)
    except (ValueError, RecursionError):
        parsed = None
    try:
        parsed = ast.literal_eval(text) if parsed is None else parsed
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return parsed if isinstance(parsed, list) else None


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


def plausible(number: pl.Expr, latest: int) -> pl.Expr:
    """Return a year from 1860 to `latest`, the year after the data set was released; null for others."""
    return pl.when(number.is_between(EARLIEST, latest)).then(number)


_ID = r"[A-Za-z0-9_-]{11}"
_WHOLE = rf"^{_ID}$"
_LINK = rf"(?:youtu\.be/|[?&]v=|/(?:embed|v|shorts|live)/|vi/)({_ID})(?:$|[^A-Za-z0-9_-])"


def video_id(written: pl.Expr) -> pl.Expr:
    """Return the id of a link (youtu.be/ID, watch?v=ID, embed/ID, shorts/ID) or of an id alone; null for others.

    >>> frame = pl.DataFrame({"a": ["https://youtu.be/hTWKbfoikeg?t=3", "hTWKbfoikeg", "https://vimeo.com/1"]})
    >>> frame.select(video_id(pl.col("a")))["a"].to_list()
    ['hTWKbfoikeg', 'hTWKbfoikeg', None]
    """
    text = written.str.strip_chars()
    return pl.coalesce(whole_id(text), text.str.extract(_LINK))


def whole_id(written: pl.Expr) -> pl.Expr:
    """Return what is a video id and nothing else, null for others."""
    return pl.when(written.str.contains(_WHOLE)).then(written)


def video_ids(links: pl.Expr) -> pl.Expr:
    """Return the distinct ids of a list of links, in order; null where there is none."""
    return distinct(links.list.eval(video_id(pl.element())))
