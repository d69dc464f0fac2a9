"""Names that a user may give, with a suggestion for one that is nearly right."""

from collections.abc import Callable, Iterable, Mapping

from linernotes import cards
from mappings.cards import CARDS
from mappings.errors import UnreachableError
from mappings.genres import FAMILIES
from mappings.index_names import is_dataset_id
from queries.facets.table import LONGEST_VALUE, NONE, NOT, unknown_name


def one_of(kind: str, given: str, known: Iterable[str]) -> str:
    """Return `given` if it is known; else raise InputError with the nearest name and all of them."""
    names = list(known)
    if given in names:
        return given
    raise unknown_name(kind, given, names)


def dataset(given: str) -> str:
    """Return the id of a data set.

    Raises InputError for one that isn't there, UnreachableError for one that may be declared where that could not be
    looked up.
    """
    if may_be_declared(given):
        raise UnreachableError(
            f"{given!r} is no built-in data set, and whether it is declared can't be looked up now.",
            "Try again when Elasticsearch answers.",
        )
    return one_of("data set", given, cards.known())


def may_be_declared(name: str) -> bool:
    """Tell whether a name may be that of a declared data set, since the declared ones weren't looked up."""
    return name not in cards.known() and not cards.are_complete() and is_dataset_id(name)


Filters = Mapping[str, list[str]]
"""Facet to the values that were typed, checked; without the facets of which none was."""

PERMISSIONS = ("allowed", "prohibited", "unknown")

HELP: Mapping[str, str] = {
    "dataset": f"Data set: {', '.join(CARDS)}, or a declared one.",
    "genre": "Genre family, such as rock.",
    "licence": "Licence, such as CC-BY-NC-SA-3.0.",
    "commercial_use": f"Commercial use: {', '.join(PERMISSIONS)}.",
    "language": "Language of the title as an ISO 639 code, such as fr; und: undetermined.",
    "platform": "Platform, spelled as in the facet.",
    "artist": "Artist, spelled as in the facet.",
    "year": "Year or years: 1994, 1990..1999, 1990.., ..1999.",
    "decade": "Decade, such as 1990s.",
    "duration": "Duration: 3:25, 3:00..4:00 (without 4:00 itself), 180..240, 10:00.., ..1:00.",
    "explicit": "Marked as explicit: true, false.",
    "genre_path": "Genre as the data set names it, including its subgenres.",
    "licence_family": "Licence without its version, such as CC-BY-NC-SA.",
    "derivatives": f"Derivatives: {', '.join(PERMISSIONS)}.",
}
"""Facet to what is said of its filter."""

COMPLETED: Mapping[str, tuple[str, ...]] = {
    "genre": tuple(FAMILIES),
    "commercial_use": PERMISSIONS,
    "explicit": ("true", "false"),
    "derivatives": PERMISSIONS,
}
"""Facet to its values, where they are few and known."""


def _among(kind: str, names: Iterable[str]) -> Callable[[str], str]:
    return lambda given: NONE if given == NONE else one_of(kind, given.strip().lower(), names)


# Mistakes are reported before Elasticsearch is asked: an unknown data set would just find nothing.
CHECKED: Mapping[str, Callable[[str], str]] = {
    "dataset": lambda given: NONE if given == NONE else dataset(given.strip().lower()),
    "genre": _among("genre", FAMILIES),
    "commercial_use": _among("kind of commercial use", PERMISSIONS),
    "derivatives": _among("kind of derivatives", PERMISSIONS),
    "language": lambda given: given.strip().lower(),
}
"""Facet to how a value that a person types is read; others are taken as they are."""


def checked(given: Mapping[str, list[str] | None]) -> Filters:
    """Return the filters that were given, as the queries read them; raises InputError for a name that isn't there.

    >>> checked({"genre": ["-Rock", "none"], "year": None})
    {'genre': ['-rock', 'none']}
    """
    return {name: [_read(name, value) for value in values] for name, values in given.items() if values}


def undecided_datasets(given: Mapping[str, list[str] | None]) -> list[str]:
    """Return the data sets in a filter that may be declared ones."""
    names = (value.removeprefix(NOT).strip().lower() for value in given.get("dataset") or ())
    return [name for name in names if name != NONE and may_be_declared(name)]


def _read(name: str, value: str) -> str:
    sign = NOT if value.startswith(NOT) else ""
    reader = CHECKED.get(name)
    return sign + reader(value.removeprefix(NOT)) if reader and len(value) <= LONGEST_VALUE else value
