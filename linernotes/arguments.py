"""Names that a user may give, with a suggestion for one that is nearly right."""

from collections.abc import Callable, Iterable, Mapping

from mappings.cards import CARDS
from mappings.genres import FAMILIES
from queries.facets.table import LONGEST_VALUE, NONE, NOT, unknown_name


def one_of(kind: str, given: str, known: Iterable[str]) -> str:
    """Return `given` if it is known; else raise InputError with the nearest name and all of them."""
    names = list(known)
    if given in names:
        return given
    raise unknown_name(kind, given, names)


def dataset(given: str) -> str:
    """Return the id of a data set."""
    return one_of("data set", given, CARDS)


Filters = Mapping[str, list[str]]
"""Facet to the values that were typed, checked; without the facets of which none was."""

PERMISSIONS = ("allowed", "prohibited", "unknown")

HELP: Mapping[str, str] = {
    "dataset": f"Data set: {', '.join(CARDS)}.",
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
    "dataset": tuple(CARDS),
    "genre": tuple(FAMILIES),
    "commercial_use": PERMISSIONS,
    "explicit": ("true", "false"),
    "derivatives": PERMISSIONS,
}
"""Facet to its values, where they are few and known."""


def _among(kind: str, known: Iterable[str]) -> Callable[[str], str]:
    names = list(known)
    return lambda given: NONE if given == NONE else one_of(kind, given.strip().lower(), names)


# Mistakes are reported before Elasticsearch is asked: an unknown data set would just find nothing.
CHECKED: Mapping[str, Callable[[str], str]] = {
    "dataset": _among("data set", CARDS),
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


def _read(name: str, value: str) -> str:
    sign = NOT if value.startswith(NOT) else ""
    reader = CHECKED.get(name)
    return sign + reader(value.removeprefix(NOT)) if reader and len(value) <= LONGEST_VALUE else value
