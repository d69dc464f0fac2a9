"""Which field of a track is a column? By its name, and only if its values agree.

A duration has to be a plausible length, a year a year, a licence one that is recognised. The names are in
`column_names.tsv`.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import polars as pl

from indexer.normalise import scalars
from indexer.normalise.licence import NONE, recognise
from indexer.sources.declared import read_plays, read_seconds
from mappings.genres import FAMILY
from mappings.private import holds_addresses, is_private, without_addresses


@dataclass(frozen=True)
class Column:
    """A column of the file: its name or path, and the values of the first rows that say something."""

    name: str
    values: Sequence[Any]
    rows: int

    @property
    def words(self) -> str:
        """Return the name in small letters with underscores, without what only says that it is about a track.

        >>> Column("track.dateReleased", [], 0).words, Column("artists[].name", [], 0).words
        ('date_released', 'artists_name')
        """
        split = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", self.name).lower()
        words = re.sub(r"[^\w]+", "_", split).strip("_")
        return re.sub(r"^(?:track|song|recording|tracks|songs|meta|metadata|info)_(?=.)", "", words)

    @property
    def texts(self) -> list[str]:
        """Return the values as texts; of lists their members."""
        flat = (item for value in self.values for item in (value if isinstance(value, list) else [value]))
        return [text for item in flat if item is not None and (text := str(item).strip())]

    @property
    def listed(self) -> bool:
        """Tell whether it holds lists."""
        return any(isinstance(value, list) for value in self.values)

    def share(self, test: Callable[[str], object]) -> float:
        """Return the share of texts that pass a test."""
        texts = self.texts
        return sum(bool(test(text)) for text in texts) / len(texts) if texts else 0.0

    @property
    def is_private(self) -> bool:
        """Tell whether it holds lyrics or contact data, by its name or its values."""
        return is_private(self.name) or holds_addresses(self.texts)

    @property
    def example(self) -> str:
        """Return one value, short."""
        texts = map(without_addresses, self.texts)
        return next((text if len(text) <= 40 else text[:39] + "…" for text in texts), "nothing")


@dataclass(frozen=True)
class Guess:
    """A field of a track, the column that it seems to be, further keys of its rule, and what the guess rests on."""

    name: str
    column: str
    keys: Mapping[str, Any]
    why: str
    numbers: int = 0
    """Values that can be read, of a duration or a count."""


_TABLE = Path(__file__).with_name("column_names.tsv").read_text("utf-8").splitlines()[1:]
_NAMES: Mapping[str, list[str]] = {name: names.split() for name, names in (line.split("\t") for line in _TABLE)}
"""Track field to names of columns that say it, the surest first."""

_WEB = re.compile(r"https?://\S+\.\S+")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+")
_NO_LENGTH = re.compile(r"-.*|0+(?:[.,]0+)?")
_DATE_FORMATS = (
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%Y/%m/%d",
    "%d-%m-%Y",
    "%Y%m%d",
    "%d %b %Y",
    "%d %B %Y",
    "%B %d, %Y",
)
_MOSTLY = 0.6
_LONGEST_NAME = 200
_FEW_MISSING = 0.05


def find_fields(columns: Sequence[Column]) -> tuple[list[Guess], str]:
    """Return the guess of each field, in the order of the track's fields, and the decimal mark of the numbers.

    The mark is the one with which more values of the columns that hold durations and counts can be read.
    """
    drafts = {decimal: list(_find(columns, decimal)) for decimal in (".", ",")}
    decimal = max(drafts, key=lambda mark: sum(guess.numbers for guess in drafts[mark]))
    return drafts[decimal], decimal


def _find(columns: Sequence[Column], decimal: str) -> Iterator[Guess]:
    left = [column for column in columns if not column.is_private]
    for name in _NAMES:
        ranked = ((_rank(name, column), place) for place, column in enumerate(left))
        sure = (
            (2 * len(left[place].values) < left[place].rows, rank, place) for rank, place in ranked if rank is not None
        )
        for *_, place in sorted(sure):  # a column that is mostly empty only where no other has the name
            column = left[place]
            keys = _NUMBERS[name](column, decimal) if name in _NUMBERS else _TESTS.get(name, _any_text)(column)
            if keys is not None:
                left.pop(place)
                yield _guess(name, column, keys)
                break


def _rank(name: str, column: Column) -> int | None:
    """Return how sure a column's name says a field, 0 the surest; None where it doesn't."""
    names = _NAMES[name]
    whole = re.sub(r"[^\w]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", column.name).lower()).strip("_")
    ranks = [names.index(words) for words in (column.words, whole) if words in names]
    return min(ranks) if ranks else None


def _guess(name: str, column: Column, keys: Mapping[str, Any]) -> Guess:
    filled = f"{len(column.values):,} of {column.rows:,} rows" if column.rows else "no rows"
    note, numbers = keys.get("#", ""), keys.get("numbers", 0)
    why = f"by its name; {filled}, such as {column.example!r}" + (f"; {note}" if note else "")
    return Guess(
        name, column.name, {key: value for key, value in keys.items() if key not in ("#", "numbers")}, why, numbers
    )


Keys = dict[str, Any] | None


def _any_text(column: Column) -> Keys:
    return {} if column.texts else None


def _title(column: Column) -> Keys:
    """Return no further keys for what may be a title: text, but for one whose name says so no number."""
    if column.listed or not column.texts or column.share(_WEB.fullmatch) > _MOSTLY:
        return None
    return None if column.share(str.isdigit) > _MOSTLY and "title" not in column.words else {}


def _names(column: Column) -> Keys:
    if not column.texts or column.share(_WEB.fullmatch) > _MOSTLY:
        return None
    if column.share(str.isdigit) > _MOSTLY:
        return None
    return _list_keys(column, (";", "|", " / "))


def _list_keys(column: Column, separators: Iterable[str]) -> dict[str, Any]:
    if column.listed:
        return {}
    if column.share(_is_literal) > _MOSTLY:
        return {"literal": True}
    together = "\n".join(column.texts)
    for separator in separators:
        if separator in together:
            return {"separator": separator}
    if "," in together:
        return {"#": 'commas are taken for a part of names: if they stand between several, add separator = ","'}
    return {}


def _is_literal(text: str) -> bool:
    return text == "[]" or bool(scalars.parse_list(text))


def _terms(column: Column) -> Keys:
    if not column.texts:
        return None
    if column.share(_is_literal) > _MOSTLY:
        inner = [item for text in column.texts for item in scalars.parse_list(text)]
        return None if inner and all(item.isdigit() for item in inner) else {"literal": True}
    if column.share(str.isdigit) > _MOSTLY:
        return None
    keys = _list_keys(column, (";", "|", ","))
    keys.pop("#", None)
    return keys


def _genre(column: Column) -> Keys:
    keys = _terms(column)
    if keys is None:
        return None
    separator = keys.get("separator")
    literal = keys.get("literal")
    terms = [
        term.strip().lower()
        for text in column.texts
        for term in (scalars.parse_list(text) if literal else text.split(separator) if separator else [text])
    ]
    known = sum(term in FAMILY for term in terms)
    return {**keys, "#": f"{known:,} of {len(terms):,} terms have a family; give others theirs in [genres]"}


def _identifier(column: Column) -> Keys:
    texts = column.texts
    too_long = any(len(text) > _LONGEST_NAME for text in texts)
    missing = column.rows - len(texts)
    if column.listed or not texts or too_long or missing > _FEW_MISSING * column.rows:
        return None
    different = len(set(texts))
    # An id of tracks may come again, once for each of their genres; other numbers that do are no ids.
    if different < (0.3 if column.words == "id" else 0.9) * len(texts):
        return None
    repeats = len(texts) - different
    notes = [f"{repeats:,} repeat another: the first row of each id is taken"] if repeats else []
    notes += [f"{missing:,} rows have none: they will be rejected"] if missing else []
    return {"#": "; ".join(notes)} if notes else {}


_UNITS = {
    "min": r"(?:^|_)(?:min|mins|minutes|minuten)$",
    "ms": r"(?:^|_|duration)(?:ms|millis|milliseconds)$",
    "s": r"(?:^|_)(?:s|sec|secs|seconds)$",
}
"""Unit to what names of columns say it."""


def _duration(column: Column, decimal: str) -> Keys:
    texts = pl.Series([text for text in column.texts if not _NO_LENGTH.fullmatch(text)], dtype=pl.String)
    commas = [text for text in texts if "," in text]
    if column.listed or not len(texts) or (decimal == "," and commas and all(map(_THOUSANDS.fullmatch, commas))):
        return None
    clocks = read_seconds(texts, "m:s", decimal).count()
    if clocks > _MOSTLY * len(texts):
        return {"unit": "m:s", "numbers": clocks}
    read = read_seconds(texts, "ms", decimal).drop_nulls() * 1000
    if len(read) <= _MOSTLY * len(texts):
        return None
    middle = median(read)
    named = [unit for unit, names in _UNITS.items() if re.search(names, column.words)]
    unit = named[0] if named else "ms" if middle >= 10_000 else "s"
    doubt = "minutes" if middle < 15 else "milliseconds" if 1_000 <= middle < 10_000 else ""
    note = f"half of them are below {middle:,.4g}" if middle < 100 else f"half of them are below {middle:,.0f}"
    return {
        "unit": unit,
        "#": f"{note}; FILL IN the unit: seconds, or {doubt}?" if doubt and not named else note,
        "numbers": len(read),
    }


def _licence(column: Column) -> Keys:
    if column.listed or not column.texts:
        return None
    known = column.share(lambda text: recognise(text) is not NONE)
    if not known and column.words not in ("license", "licence"):
        return None
    return {"#": f"{known:.0%} of them are recognised; say what others mean in [licences]"}


def _url(column: Column) -> Keys:
    return {} if not column.listed and column.share(_WEB.fullmatch) > _MOSTLY else None


def _year(column: Column) -> Keys:
    if column.listed or not column.texts:
        return None
    text = pl.col("text")
    read = {form: text.str.to_date(form, strict=False).dt.year() for form in _DATE_FORMATS} | {"": scalars.year(text)}
    years = pl.DataFrame({"text": column.texts}).select(
        **{form: year.is_between(scalars.EARLIEST, 2100).sum() for form, year in read.items()}
    )
    fitting: dict[str, int] = years.row(0, named=True)
    form = max(fitting, key=lambda each: fitting[each])
    if fitting[form] <= _MOSTLY * len(column.texts):
        return None
    keys = {"format": form} if form else {}
    if form == "%d/%m/%Y" and fitting[form] == fitting[""]:
        keys["#"] = "day/month/year and month/day/year fit alike: for the latter leave format out"
    return keys


def _language(column: Column) -> Keys:
    codes = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z]{2,4})?")
    return {} if not column.listed and column.share(codes.fullmatch) > _MOSTLY else None


def _flag(column: Column) -> Keys:
    known = {"true", "false", "0", "1", "0.0", "1.0", "yes", "no", "y", "n", "explicit", "clean"}
    return {} if not column.listed and column.share(lambda text: text.lower() in known) > _MOSTLY else None


def _plays(column: Column, decimal: str) -> Keys:
    numbers = read_plays(pl.Series(column.texts, dtype=pl.String), decimal).count()
    return {"numbers": numbers} if not column.listed and numbers > _MOSTLY * len(column.texts) else None


def _videos(column: Column) -> Keys:
    links = pl.DataFrame({"link": column.texts}, {"link": pl.String})
    videos = links.select(scalars.video_id(pl.col("link")).count()).item() if column.texts else 0
    return _list_keys(column, (";", "|", ",", " ")) if videos > _MOSTLY * len(column.texts) else None


def _people(column: Column) -> Keys:
    return _names(column)


def _ids(column: Column) -> Keys:
    if not column.texts:
        return None
    return _list_keys(column, (";", "|", ","))


_TESTS: Mapping[str, Callable[[Column], Keys]] = {
    "title": _title, "artists": _names, "source_id": _identifier, "album": _title, "album_id": _any_text,
    "artist_ids": _ids, "licence": _licence, "url": _url, "year": _year, "genre": _genre,
    "tags": _terms, "language": _language, "explicit": _flag, "video_ids": _videos,
    "contributors": _people,
}  # fmt: skip
"""Track field to what its values have to be like: further keys of the rule, or None for another thing."""
_NUMBERS: Mapping[str, Callable[[Column, str], Keys]] = {"duration_s": _duration, "plays": _plays}
"""The same for what is written with a decimal mark."""


def why_not(column: Column, guesses: Sequence[Guess]) -> str:
    """Return why a column was not placed; nothing of what it holds, as nobody knows what that is."""
    if column.is_private:
        return "seems to hold lyrics or contact data, which are never loaded"
    if not column.texts:
        return "empty in the first rows"
    taken = {guess.name: guess.column for guess in guesses}
    named = [name for name in _NAMES if _rank(name, column) is not None]
    if others := [name for name in named if name in taken]:
        return f"could be {others[0]} too, which is {taken[others[0]]!r} here"
    return f"named like {named[0]}, but its values are others" if named else "no field has such a name"
