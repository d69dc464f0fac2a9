"""Reasons of verdicts in the reader's language. `queries` writes them in English, clause by clause, as in JSON."""

import re
from collections.abc import Iterator

from linernotes import i18n
from linernotes.i18n import N_, gettext, ngettext
from queries.catalogue import CLAUSES, Kind

TEXTS = (*CLAUSES, *Kind, N_("no artist"), N_("no title"))
"""Clauses that are always the same, to be translated; what varies has a pattern."""

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), text)
    for pattern, text in (
        (r"(?P<reason>no track has .+) among the nearest", N_("%(reason)s among the nearest")),
        (
            r"same but for (?P<artist>.+) in the artist's name and (?P<title>.+) in the title",
            N_("same but for %(artist)s in the artist’s name and %(title)s in the title"),
        ),
        (r"same but for (?P<artist>.+) in the artist's name", N_("same but for %(artist)s in the artist’s name")),
        (r"same but for (?P<title>.+) in the title", N_("same but for %(title)s in the title")),
        (r"by (?P<identifier>[^,]+)", N_("by %(identifier)s")),
        (
            r"(?P<number>\d+) fields where the header has (?P<expected>\d+)",
            N_("%(number)s fields where the header has %(expected)s"),
        ),
        (r"artist of (?P<number>[\d,]+) characters", N_("artist of %(number)s characters")),
        (r"title of (?P<number>[\d,]+) characters", N_("title of %(number)s characters")),
        (r"(?P<one>no artist|artist of .+) and (?P<other>no title|title of .+)", N_("%(one)s and %(other)s")),
    )
)
_LETTERS = re.compile(r"one letter|(\d+) letters")


def translated(reason: str) -> str:
    """Return a reason in the current language; a clause that nobody knows stays in English."""
    return reason if i18n.current() == i18n.ENGLISH else _translated(reason)


def _translated(reason: str) -> str:
    if (whole := _clause(reason)) is not None:
        return whole
    clauses = reason.split(", ")
    if len(clauses) == 1:
        return reason
    return i18n.enumerated(map(_translated, clauses))


def _clause(text: str) -> str | None:
    """Return one clause in the current language, None if it isn't known as one."""
    if letters := _LETTERS.fullmatch(text):
        return ngettext("one letter", "%(count)s letters", int(letters[1] or 1))
    if (known := i18n.lookup(text)) != text:
        return known
    for pattern, form in _PATTERNS:
        if found := pattern.fullmatch(text):
            return gettext(form, **dict(_values(found)))
    return None


def _values(found: re.Match[str]) -> Iterator[tuple[str, str]]:
    for name, value in found.groupdict().items():
        is_number = re.fullmatch(r"[\d,]+", value)
        yield name, i18n.number(int(value.replace(",", ""))) if is_number else _translated(value)
