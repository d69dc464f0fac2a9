"""Languages of the pages and the catalogue report: texts by gettext, numbers and dates by Babel.

A text is its own key, in English. `%` stands before a placeholder, so a per cent sign is written `%%`. The language is
a context variable: code that writes a text needn't know for whom. Babel is imported where it is needed first: most
commands never do.
"""

import gettext as standard
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel import Locale

ENGLISH = "en"
LANGUAGES = {ENGLISH: "English", "de": "Deutsch", "fr": "Français", "es": "Español", "ja": "日本語"}
"""Language to what its speakers call it."""

DOMAIN = "messages"
FOLDER = Path(__file__).parent

_language: ContextVar[str] = ContextVar("language", default=ENGLISH)


def current() -> str:
    """Return the language that texts are in."""
    return _language.get()


@contextmanager
def use(language: str) -> Iterator[None]:
    """Set the language of the texts within the block."""
    token = _language.set(language)
    try:
        yield
    finally:
        _language.reset(token)


def N_(text: str) -> str:  # noqa: N802 - gettext's usual name
    """Mark a text for translation, and return it as it is: it is translated where it is shown."""
    return text


@lru_cache
def _translations(language: str) -> standard.NullTranslations:
    if language == ENGLISH:
        return standard.NullTranslations()
    return standard.translation(DOMAIN, FOLDER, [language])


def lookup(text: str) -> str:
    """Return a text in the current language; placeholders stay."""
    return _translations(_language.get()).gettext(text) if text else ""


def lookup_plural(one: str, many: str, count: int) -> str:
    """Return the form for a number in the current language; placeholders stay."""
    return _translations(_language.get()).ngettext(one, many, count)


def gettext(text: str, **values: object) -> str:
    """Return a text in the current language with its placeholders filled.

    >>> gettext("%(share)s %% of %(name)s", share=5, name="FMA")
    '5 % of FMA'
    """
    return lookup(text) % values


def ngettext(one: str, many: str, count: int, **values: object) -> str:
    """Return the form for a number, which fills the placeholder `count`.

    >>> ngettext("%(count)s track", "%(count)s tracks", 1200)
    '1,200 tracks'
    """
    return lookup_plural(one, many, count) % {"count": number(count), **values}


NO_SPACES = {"ja"}
"""Languages that have no space between sentences."""


def joined(sentences: Iterable[str]) -> str:
    """Return sentences one after the other.

    >>> joined(["One.", "Two."])
    'One. Two.'
    """
    return ("" if _language.get() in NO_SPACES else " ").join(sentences)


def enumerated(names: Iterable[str]) -> str:
    """Return names one after the other, with the comma of the language.

    >>> enumerated(["FMA", "LAION-DISCO-12M"])
    'FMA, LAION-DISCO-12M'
    """
    return ("、" if _language.get() in NO_SPACES else ", ").join(names)


@lru_cache(maxsize=len(LANGUAGES))
def locale(language: str) -> "Locale":
    """Return Babel's locale of a language."""
    from babel import Locale

    return Locale.parse(language)


@lru_cache(maxsize=4096)
def _decimal(value: float, language: str, pattern: str | None = None) -> str:
    from babel.numbers import format_decimal

    return str(format_decimal(value, format=pattern, locale=locale(language)))


def number(value: float) -> str:
    """Return a number with the separators of the language.

    >>> number(12320916)
    '12,320,916'
    >>> with use("de"):
    ...     number(12320916), decimal(98.5)
    ('12.320.916', '98,5')
    """
    return f"{value:,}" if _language.get() == ENGLISH else _decimal(value, _language.get())


def decimal(value: float, places: int = 1) -> str:
    """Return a number with a fixed number of decimal places.

    >>> decimal(98)
    '98.0'
    """
    text = f"{value:,.{places}f}"
    if _language.get() == ENGLISH:
        return text
    return _decimal(value, _language.get(), "#,##0." + "0" * places)


def day(value: date) -> str:
    """Return a date.

    >>> day(date(2024, 11, 17))
    'Nov 17, 2024'
    """
    from babel.dates import format_date

    return str(format_date(value, "medium", locale=locale(_language.get())))


def moment(value: datetime) -> str:
    """Return a date and time of UTC to the minute.

    >>> moment(datetime(2024, 11, 17, 8, 5))
    'Nov 17, 2024, 08:05 UTC'
    """
    return f"{day(value)}, {value:%H:%M} UTC"


def language_name(code: str) -> str | None:
    """Return the name of a language in the current one, None for one that isn't known.

    >>> with use("fr"):
    ...     language_name("de")
    'allemand'
    """
    return locale(_language.get()).languages.get(code)


def negotiate(header: str) -> str:
    """Return the language that a header `Accept-Language` prefers among those there are, else English.

    >>> negotiate("de-CH, en;q=0.8"), negotiate("ko, fr;q=0.5, es;q=0.9"), negotiate("*"), negotiate("de;q=0, x;q=y")
    ('de', 'es', 'en', 'en')
    """
    best, weight = ENGLISH, 0.0
    for part in header[:_MAX_HEADER].split(","):
        tag, _, parameter = part.partition(";")
        language = tag.strip().partition("-")[0].lower()
        quality = _quality(parameter)
        if language in LANGUAGES and quality > weight:
            best, weight = language, quality
    return best


_MAX_HEADER = 500


def _quality(parameter: str) -> float:
    name, _, value = parameter.replace(" ", "").partition("=")
    if not name:
        return 1.0
    try:
        return float(value) if name == "q" else 0.0
    except ValueError:
        return 0.0
