"""A declaration: a TOML file that is a data set's card, and says which column of its files is what.

Each mistake is one sentence with its line and key. `schema` is the same as a JSON Schema, for editors.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from hashlib import sha256
from string import Formatter
from typing import Annotated, Any, Literal, Self, TypeVar

import orjson
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from indexer.normalise.licence import NONE, recognise
from indexer.records import SOURCE_ROW
from mappings.cards import CARDS, PRESS, SECOND_HAND, SELF_DISCLOSED, Card, Claim
from mappings.errors import InputError
from mappings.genres import FAMILIES
from mappings.index_names import LONGEST_DATASET_ID, RESERVED, is_dataset_id, is_reserved
from mappings.private import PRIVATE_PARTS, is_private

SCHEMA_FILE = "declaration.schema.json"

_MOST_ROWS = 2**53
"""Larger numbers are no exact JSON numbers for everybody."""

_DAY = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?")
_WEB = re.compile(r"https?://\S+")


def _text(value: str) -> str:
    if not value.strip():
        raise ValueError("it is empty")
    return value


def _dataset_id(value: str) -> str:
    if not is_dataset_id(value):
        allowed = f"small letters, digits and hyphens, {LONGEST_DATASET_ID} at most"
        raise ValueError(f"{value[:80]!r} is no id: write {allowed}")
    if is_reserved(value):
        raise ValueError(f"{value!r} has a meaning of its own here: choose another id")
    if value in CARDS:
        raise ValueError(f"{value!r} is a built-in data set: choose another id")
    return value


def _column(value: str) -> str:
    if is_private(value):
        raise ValueError(f"{value!r} seems to hold lyrics or contact data, which are never loaded")
    if value == SOURCE_ROW:
        raise ValueError(f"{value!r} is what the rows are numbered by here: it can't be a column of the file")
    return _text(value)


def _day(value: str) -> str:
    try:
        year = date.fromisoformat(value + "-01-01"[len(value) - 4 :]).year if _DAY.fullmatch(value) else 0
    except ValueError:
        year = 0
    if not 1900 <= year <= 2100:
        raise ValueError(f"{value!r} is no date: write 2024, 2024-05 or 2024-05-31")
    return value


def _address(value: str) -> str:
    if not _WEB.fullmatch(value):
        raise ValueError(f"{value!r} is no address: write it with https://")
    return value


def _date_format(value: str) -> str:
    try:
        read = datetime.strptime(datetime(2003, 2, 1).strftime(value), value)
    except ValueError:
        read = None
    if read is None or (read.year, read.month, read.day) != (2003, 2, 1):
        raise ValueError(f"{value!r} is no format of a whole date, such as %d.%m.%Y")
    return value


def _family(value: str) -> str:
    if value not in FAMILIES:
        raise ValueError(f"{value!r} is no genre family{_nearest(value, FAMILIES)}: {', '.join(FAMILIES)}")
    return value


def _licence(value: str) -> str:
    if recognise(value) is NONE:
        raise ValueError(f"{value!r} is no licence that is known here: write it like CC BY 4.0, or its address")
    return value


def _pieces(template: str) -> list[tuple[str, str | None]]:
    """Return the pieces of a template, each a text and the column behind it."""
    try:
        parsed = list(Formatter().parse(template))
    except ValueError as error:
        raise ValueError(f"{template!r} is no template: {str(error).lower()}") from error
    if not any(name for _, name, *_ in parsed):
        raise ValueError(f"{template!r} names no column: write one in braces, such as {{id}}")
    for _, name, form, change in parsed:
        if form or change:
            raise ValueError(f"{template!r} formats {name!r}: write {{{name}}}, values stay as they are")
        if name is not None:
            _column(name)
    return [(text, name) for text, name, *_ in parsed]


def _template(value: str) -> str:
    _pieces(value)
    return value


_PRIVATE_NAMES = "|".join(each for part in PRIVATE_PARTS for each in (part, part.title(), part.upper()))
_COLUMN: dict[str, Any] = {"minLength": 1, "not": {"pattern": _PRIVATE_NAMES}}


def _hint(**keys: Any) -> Any:
    """Return what the JSON Schema says beside the type: never more than the validator does."""
    return Field(json_schema_extra=keys)


Text = Annotated[str, AfterValidator(_text), _hint(pattern=r"\S")]
Column = Annotated[
    str,
    AfterValidator(_column),
    Field(description="Name of a column, or a path in nested data.", json_schema_extra=_COLUMN),
]
Address = Annotated[str, AfterValidator(_address), _hint(pattern=rf"^{_WEB.pattern}$")]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _exclusive(made: dict[str, Any], model: type[BaseModel]) -> None:
    """Say in a JSON Schema what excludes each other."""
    made["oneOf"] = [{"required": [name]} for name in _ORIGINS if name in model.model_fields]
    if "literal" in model.model_fields:
        made["not"] = {"required": ["literal", "separator"], "properties": {"literal": {"const": True}}}


class Value(_Table):
    """Where a field's value is from: one column, the first of several that is not empty, a template or a constant."""

    model_config = ConfigDict(json_schema_extra=_exclusive)

    column: Column | None = None
    first_of: list[Column] | None = Field(None, min_length=2, description="The first of these that is not empty.")
    template: Annotated[str, AfterValidator(_template)] | None = Field(
        None, description="Text with columns in braces; nothing where one of them is empty."
    )
    constant: Text | None = Field(None, description="The same for all tracks.")
    empty: list[str] = Field([], description='Values that mean nothing, such as "-1" or "N/A".')
    optional: bool = Field(False, description="The column may be missing.")

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        given = [name for name in _ORIGINS if getattr(self, name, None) is not None]
        allowed = [name for name in _ORIGINS if name in type(self).model_fields]
        if len(given) != 1:
            what = " and ".join(given) if given else "none"
            raise ValueError(f"it needs just one of {', '.join(allowed)}, and has {what}")
        return self

    @property
    def named(self) -> list[str]:
        """Return the columns that are read."""
        if self.template is not None:
            return [name for _, name in _pieces(self.template) if name]
        return [name for name in (self.column, *(self.first_of or ())) if name]

    @property
    def pieces(self) -> list[tuple[str, str | None]]:
        """Return the pieces of the template."""
        return _pieces(self.template or "")


_ORIGINS = ("column", "first_of", "columns", "template", "constant")


class Values(Value):
    """Where a list is from; a text is divided at `separator`, or is a list as Python or JSON writes it (`literal`)."""

    columns: list[Column] | None = Field(None, min_length=2, description="All values of these columns together.")
    separator: str | None = Field(None, min_length=1, description="What stands between the values of a text.")
    literal: bool = Field(False, description='The text is a written list, such as ["a", "b"].')

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.literal and self.separator:
            raise ValueError("separator and literal exclude each other")
        return self

    @property
    def named(self) -> list[str]:
        """Return the columns that are read."""
        return [*super().named, *(self.columns or ())]


class Duration(Value):
    """Where a duration is from, and in which unit: seconds, milliseconds, minutes, or minutes and seconds."""

    unit: Literal["s", "ms", "min", "m:s"] = "s"


class Date(Value):
    """Where a year or date is from; `format` for dates that are written neither 2024-05-31 nor 5/31/2024."""

    format: Annotated[str, AfterValidator(_date_format)] | None = None


Rule = TypeVar("Rule", bound=Value)


def _from_name(value: object) -> object:
    return {"column": value} if isinstance(value, str) else value


def _no_constant(value: Value) -> Value:
    if value.constant is not None:
        raise ValueError("a constant is no id, as all tracks would have the same: leave it out for a hash")
    return value


OfText = Annotated[Value, BeforeValidator(_from_name)]
OfId = Annotated[OfText, AfterValidator(_no_constant)]
OfList = Annotated[Values, BeforeValidator(_from_name)]
OfDuration = Annotated[Duration, BeforeValidator(_from_name)]
OfDate = Annotated[Date, BeforeValidator(_from_name)]


class Fields(_Table):
    """Track field to its column, or to a table that says more."""

    title: OfText
    artists: OfList | None = None
    source_id: OfId | None = Field(None, description="The track's id; left out: a hash of the record.")
    url: OfText | None = None
    video_ids: OfList | None = None
    artist_ids: OfList | None = None
    contributors: OfList | None = None
    album: OfText | None = None
    album_id: OfText | None = None
    genre: OfList | None = None
    tags: OfList | None = None
    licence: OfText | None = None
    year: OfDate | None = None
    language: OfText | None = None
    duration_s: OfDuration | None = None
    explicit: OfText | None = None
    plays: OfText | None = None

    def given(self) -> Iterator[tuple[str, Value]]:
        """Yield the fields that are declared."""
        for name in type(self).model_fields:
            if (rule := getattr(self, name)) is not None:
                yield name, rule


class FileFormat(_Table):
    """How the files are written; what is left out is found out from the file."""

    format: Literal["csv", "tsv", "jsonl", "parquet"] | None = None
    encoding: Text | None = None
    separator: str | None = Field(None, min_length=1, max_length=1, description="What stands between two cells.")
    quote: str = Field('"', max_length=1, description='What stands around a cell; "" for nothing.')
    decimal: Literal[".", ","] = Field(".", description="What stands before the digits of a fraction.")
    header_rows: int = Field(1, ge=1, le=9, description="Rows with names; those of one column are joined with dots.")
    columns: list[Text] | None = Field(None, min_length=1, description="Names of columns, for files without any.")
    names: list[Text] | None = Field(None, min_length=1, description="Patterns of file names, to pick from a folder.")

    @model_validator(mode="after")
    def _either_names_or_a_header(self) -> Self:
        if self.columns and "header_rows" in self.model_fields_set:
            raise ValueError("columns are for files without rows of names: leave columns or header_rows out")
        return self

    @model_validator(mode="after")
    def _known_encoding(self) -> Self:
        if self.encoding is not None:
            try:
                "".encode(self.encoding)
            except (LookupError, ValueError) as error:
                raise ValueError(f"encoding {self.encoding!r} is not known: write it like utf-8 or cp1252") from error
        return self


class Use(_Table):
    """Somebody's use of the data set: who, what, who says so, where, and what kind of source that is."""

    who: Text
    what: Text
    said_by: Text
    kind: Literal[SELF_DISCLOSED, PRESS, SECOND_HAND]  # type: ignore[valid-type]  # these three words
    source: Address | None = None

    def claim(self) -> Claim:
        """Return it as cards have it."""
        return Claim(self.what, self.who, self.said_by, self.kind, self.source or "")


_ID = {
    "pattern": "^[a-z0-9]+(?:-[a-z0-9]+)*$",
    "maxLength": LONGEST_DATASET_ID,
    "not": {"enum": [*CARDS, *sorted(RESERVED)]},
}


class Declaration(_Table):
    """A data set by declaration."""

    id: Annotated[str, AfterValidator(_dataset_id), _hint(**_ID)] = Field(
        description="Id: small letters, digits, hyphens."
    )
    name: Text
    platform: Text = Field(description="Where the audio was published.")
    licence: Text = Field(description="Licence of the data set itself.")
    sources: list[Address] = Field(min_length=1, description="Where the data set and what is said of it are from.")
    released: Annotated[str, AfterValidator(_day), _hint(pattern=f"^(?:{_DAY.pattern})$")] | None = Field(
        None, description="Day, month or year of release."
    )
    published_count: Text | None = Field(None, description="How large it was said to be, as text.")
    rows: int = Field(0, ge=0, le=_MOST_ROWS, description="Rows of all published files.")
    notes: list[Text] = []
    acknowledged_use: list[Use] = []
    file: FileFormat = Field(default_factory=lambda: FileFormat.model_validate({}))
    fields: Fields
    genres: dict[str, Annotated[str, AfterValidator(_family), _hint(enum=[*FAMILIES])]] = Field(
        {}, description="Genre term to its family."
    )
    licences: dict[str, Annotated[str, AfterValidator(_licence)]] = Field(
        {}, description="What the files write for a licence, to a name or address that is known here."
    )

    def card(self) -> Card:
        """Return the data set's card."""
        return Card(
            id=self.id,
            name=self.name,
            published_count=self.published_count or (f"{self.rows:,} rows" if self.rows else "not stated"),
            rows=self.rows,
            released=self.released or "",
            revision=self.released or "",
            platform=self.platform,
            licence=self.licence,
            track_licences=self.fields.licence is not None,
            addresses=tuple(self.sources),
            used_by=tuple(use.claim() for use in self.acknowledged_use),
            notes=tuple(self.notes),
            declared=True,
        )


_IN_DOCUMENTS = {"id", "platform", "released", "file", "fields", "genres", "licences"}


@dataclass(frozen=True)
class Declared:
    """A declaration that holds, with its text, and the name of the file that it was read from."""

    content: Declaration
    text: str
    name: str

    @property
    def digest(self) -> str:
        """Return what changes with what documents are made of: not with a comment, a note or the name."""
        content = self.content.model_dump(mode="json", include=_IN_DOCUMENTS, exclude_defaults=True)
        return sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()

    def place(self, *path: str) -> str:
        """Return line and key of a part, for a message."""
        return _place(self.name, self.text, path)


def parse(text: str, name: str) -> Declared:
    """Return the declaration of a TOML text; raises InputError with line and key of the first mistake."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{name} is no TOML: {_lower(str(error)).rstrip('.')}.", _SEE) from error
    try:
        return Declared(Declaration.model_validate(table), text, name)
    except ValidationError as error:
        mistake = _first(error, text)
        path = tuple(str(part) for part in mistake["loc"])
        raise InputError(f"{_place(name, text, path)}: {_sentence(mistake, path)}.", _SEE) from error


_SEE = "See: docs/own-data-set.md"


def _first(error: ValidationError, text: str) -> Mapping[str, Any]:
    """Return the mistake that comes first in the text; what is missing comes last."""
    mistakes = error.errors(include_url=False, include_input=False)
    lines = [line_of(text, [str(part) for part in each["loc"]]) for each in mistakes]
    return min(zip(mistakes, lines, strict=True), key=lambda both: (both[0]["type"] == "missing", both[1]))[0]


def _sentence(mistake: Mapping[str, Any], path: tuple[str, ...]) -> str:
    kind, context = mistake["type"], mistake.get("ctx", {})
    if kind == "extra_forbidden":
        known = _known(path[:-1])
        return f"there is no such key{_nearest(path[-1], known)}: {', '.join(known)}"
    if kind == "value_error":
        return str(context["error"]).rstrip(".")
    if kind == "model_type" and path[:1] == ("fields",) and len(path) == 2:
        return "it must be the name of a column, or a table"
    return _MISTAKES.get(kind, "it is not valid").format(**context)


_MISTAKES = {
    "missing": "it is missing",
    "literal_error": "it must be {expected}",
    "string_type": "it must be a text",
    "int_type": "it must be a whole number",
    "bool_type": "it must be true or false",
    "list_type": "it must be a list",
    "dict_type": "it must be a table",
    "model_type": "it must be a table",
    "string_too_short": "it is empty",
    "string_too_long": "it must be {max_length} character",
    "too_short": "it must have {min_length} or more",
    "greater_than_equal": "it must be {ge} or more",
    "less_than_equal": "it must be {le} or less",
}
"""Pydantic's kinds of mistakes, in our words."""


def _known(path: tuple[str, ...]) -> list[str]:
    """Return the keys that a table has."""
    model: Any = Declaration
    for name in path:
        if not name.isdigit():
            model = _model_of(model.model_fields[name].annotation)
    return list(model.model_fields)


def _model_of(annotation: Any) -> Any:
    """Return the model in `Model | None`, `list[Model]` or `Annotated[Model, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = [each for each in getattr(annotation, "__args__", (getattr(annotation, "__origin__", None),)) if each]
    return next((model for each in inner if (model := _model_of(each))), None)


def _nearest(given: str, known: Iterable[str]) -> str:
    near = get_close_matches(given.lower(), list(known), n=1, cutoff=0.5)
    return f", did you mean {near[0]}" if near else ""


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _place(name: str, text: str, path: Sequence[str]) -> str:
    key = ".".join(part for part in path if not part.isdigit())
    line = line_of(text, path)
    return ", ".join([name, *([f"line {line}"] if line else []), *([key] if key else [])])


_TEXT = re.compile(r"""(\"{3}[\s\S]*?\"{3}|'{3}[\s\S]*?'{3}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')(?P<key>[^\S\n]*=)?|\#.*""")
"""A string, or a comment; a string before an equals sign is a key."""
_HEADER = re.compile(r"^\s*\[\[?\s*([\w.-]+)\s*\]\]?\s*$")


def line_of(text: str, path: Sequence[str]) -> int:
    r"""Return the line in which a key of a TOML text stands, or what it stands in; 0 where there is neither.

    `tomllib` keeps no lines, and a library that does is larger than this search: a declaration has few keys.

    >>> line_of("id = 1\n[fields]\nyear = {column = 'a', unit = 2}", ["fields", "year", "unit"])
    3
    """
    names = [part for part in path if not part.isdigit()]
    item = next((int(part) for part in path if part.isdigit()), 0)
    bare = _TEXT.sub(lambda each: each[0] if each["key"] else "\n" * each[0].count("\n"), text)
    lines = bare.split("\n")
    headers = [(number, found[1].split(".")) for number, line in enumerate(lines) if (found := _HEADER.match(line))]
    at, end = 0, headers[0][0] if headers else len(lines)
    line, depth = 0, 0
    for length in range(len(names), 0, -1):
        if starts := [number for number, name in headers if name == names[:length]]:
            at = starts[min(item, len(starts) - 1)]
            end = next((number for number, _ in headers if number > at), len(lines))
            line, depth = at + 1, length
            break
    for name in names[depth:]:
        key = re.compile(rf"""(?<![\w-])(["']?){re.escape(name)}\1\s*[.=]""")
        places = [number for number in range(at, end) for _ in key.finditer(lines[number])]
        if not places:
            break
        at = places[min(item, len(places) - 1) if name == names[-1] else 0]
        line, end = at + 1, _end_of_value(lines, at, end)
    return line


def _end_of_value(lines: Sequence[str], at: int, end: int) -> int:
    open_brackets = 0
    for number in range(at, end):
        open_brackets += len(re.findall(r"[\[{]", lines[number])) - len(re.findall(r"[\]}]", lines[number]))
        if open_brackets <= 0:
            return number + 1
    return end


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a declaration, in which a column's name may stand for a table."""
    made = Declaration.model_json_schema()
    fields = made["$defs"]["Fields"]["properties"]
    for name, entry in fields.items():
        (reference,) = [each for each in entry.get("anyOf", [entry]) if "$ref" in each]
        rest = {key: value for key, value in entry.items() if key == "description"}
        column = {"type": "string", "description": "Name of the column."} | _COLUMN
        fields[name] = rest | {"anyOf": [column, {"$ref": reference["$ref"]}]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "linernotes: a data set"} | made
