"""Which field of a track is a column? By its name, and only if its values agree.

A duration has to be a plausible length, a year a year, a licence one that is recognised. The names are in
`column_names.tsv`.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import polars as pl

from indexer.normalise import scalars
from indexer.normalise.licence import NONE, recognise
from indexer.sources.declaration import is_private
from mappings.genres import FAMILY


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
    def example(self) -> str:
        """Return one value, short."""
        return next((text if len(text) <= 40 else text[:39] + "…" for text in self.texts), "nothing")


@dataclass(frozen=True)
class Guess:
    """A field of a track, the column that it seems to be, further keys of its rule, and what the guess rests on."""

    name: str
    column: str
    keys: Mapping[str, Any]
    why: str


_TABLE = Path(__file__).with_name("column_names.tsv").read_text("utf-8").splitlines()[1:]
_NAMES: Mapping[str, list[str]] = {name: names.split() for name, names in (line.split("\t") for line in _TABLE)}
"""Track field to names of columns that say it, the surest first."""

_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_COMMA_NUMBER = re.compile(r"\d{1,9},\d+")
_CLOCK = re.compile(r"(?:\d+:)?\d{1,3}:[0-5]\d")
_WEB = re.compile(r"https?://\S+\.\S+")
_ISO_DAY = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?(?:$|[T ].*|\.0)")
_COUNT = re.compile(r"\d[\d.,]*\s*[KMBkmb]?(?:\s|$)")
_LITERAL = re.compile(r"\[.*\]", re.DOTALL)
_DATE_FORMATS = (
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
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


def is_comma_number(column: Column) -> bool:
    """Tell whether a column holds numbers with a decimal comma."""
    return column.share(_COMMA_NUMBER.fullmatch) > _MOSTLY


def find_fields(columns: Sequence[Column]) -> Iterator[Guess]:
    """Yield the guess of each field, in the order of the track's fields."""
    left = [column for column in columns if not is_private(column.name)]
    for name in _NAMES:
        ranked = ((_rank(name, column), place) for place, column in enumerate(left))
        sure = (
            (2 * len(left[place].values) < left[place].rows, rank, place) for rank, place in ranked if rank is not None
        )
        for *_, place in sorted(sure):  # a column that is mostly empty only where no other has the name
            keys = _TESTS.get(name, _any_text)(left[place])
            if keys is not None:
                column = left.pop(place)
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
    note = keys.get("#", "")
    why = f"by its name; {filled}, such as {column.example!r}" + (f"; {note}" if note else "")
    return Guess(name, column.name, {key: value for key, value in keys.items() if key != "#"}, why)


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
    if column.share(_LITERAL.fullmatch) > _MOSTLY:
        return {"literal": True}
    together = "\n".join(column.texts)
    for separator in separators:
        if separator in together:
            return {"separator": separator}
    if "," in together:
        return {"#": 'commas are taken for a part of names: if they stand between several, add separator = ","'}
    return {}


def _terms(column: Column) -> Keys:
    if not column.texts:
        return None
    if column.share(_LITERAL.fullmatch) > _MOSTLY:
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


def _duration(column: Column) -> Keys:
    if column.listed or not column.texts:
        return None
    if column.share(_CLOCK.fullmatch) > _MOSTLY:
        return {"unit": "m:s"}
    numbers = [float(text.replace(",", ".")) for text in column.texts if _NUMBER.fullmatch(text)]
    positive = [number for number in numbers if number > 0]
    if len(numbers) < _MOSTLY * len(column.texts) or not positive:
        return None
    middle = median(positive)
    if column.words.endswith(("minutes", "_min")):
        return {"unit": "min"}
    if middle >= 10_000 or re.search(r"_?(?:ms|millis|milliseconds)$", column.words):
        return {"unit": "ms", "#": f"half of them are below {middle:,.0f}"}
    if middle < 15 and any("." in text or "," in text for text in column.texts):
        return {"unit": "min", "#": f"half of them are below {middle:.1f}"}
    return {"unit": "s", "#": f"half of them are below {middle:,.0f}"}


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
    if column.share(_ISO_DAY.fullmatch) > _MOSTLY:
        return {} if column.share(lambda text: scalars.EARLIEST <= int(text[:4]) <= 2100) > _MOSTLY else None
    for form in _DATE_FORMATS:
        if column.share(partial(_is_date, form)) > _MOSTLY:
            return {} if form == "%m/%d/%Y" else {"format": form}
    return None


def _is_date(form: str, text: str) -> bool:
    try:
        return scalars.EARLIEST <= datetime.strptime(text, form).replace(tzinfo=UTC).year <= 2100
    except ValueError:
        return False


def _language(column: Column) -> Keys:
    codes = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z]{2,4})?")
    return {} if not column.listed and column.share(codes.fullmatch) > _MOSTLY else None


def _flag(column: Column) -> Keys:
    known = {"true", "false", "0", "1", "0.0", "1.0", "yes", "no", "y", "n", "explicit", "clean"}
    return {} if not column.listed and column.share(lambda text: text.lower() in known) > _MOSTLY else None


def _plays(column: Column) -> Keys:
    return {} if not column.listed and column.share(_COUNT.match) > _MOSTLY else None


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
    "artist_ids": _ids, "duration_s": _duration, "licence": _licence, "url": _url, "year": _year, "genre": _genre,
    "tags": _terms, "language": _language, "explicit": _flag, "plays": _plays, "video_ids": _videos,
    "contributors": _people,
}  # fmt: skip
"""Track field to what its values have to be like: further keys of the rule, or None for another thing."""


def why_not(column: Column, guesses: Sequence[Guess]) -> str:
    """Return why a column was not placed, or what it holds."""
    if is_private(column.name):
        return "seems to hold lyrics or contact data, which are never loaded"
    if not column.texts:
        return "empty in the first rows"
    taken = {guess.name: guess.column for guess in guesses}
    for name in _NAMES:
        if _rank(name, column) is not None and name in taken:
            return f"could be {name} too, which is {taken[name]!r} here; such as {column.example!r}"
    return f"such as {column.example!r}"
