"""Display labels of facets, values, matches and orders, in the language of the page; numbers in words."""

from collections.abc import Mapping

from linernotes import cards, i18n
from linernotes.i18n import N_, gettext, ngettext
from mappings.languages import LANGUAGES, UNDETERMINED
from queries import Match, Total

FACETS: Mapping[str, str] = {
    "dataset": N_("Data set"),
    "genre": N_("Genre"),
    "year": N_("Year"),
    "licence": N_("Licence"),
    "commercial_use": N_("Commercial use"),
    "language": N_("Language"),
    "artist": N_("Artist"),
    "platform": N_("Platform"),
    "decade": N_("Decade"),
    "duration": N_("Duration"),
    "explicit": N_("Explicit"),
    "genre_path": N_("Original genre"),
    "licence_family": N_("Licence family"),
    "derivatives": N_("Derivatives"),
}
"""Facet to its label, in the order of the page."""

# Languages that Elasticsearch has no analyzer for, but that tracks are in.
_FURTHER = {
    "af": "Afrikaans", "az": "Azerbaijani", "be": "Belarusian", "bs": "Bosnian", "cy": "Welsh", "fil": "Filipino",
    "he": "Hebrew", "hr": "Croatian", "is": "Icelandic", "jv": "Javanese", "ka": "Georgian", "kk": "Kazakh",
    "km": "Khmer", "kn": "Kannada", "la": "Latin", "lb": "Luxembourgish", "lo": "Lao", "mk": "Macedonian",
    "ml": "Malayalam", "mn": "Mongolian", "mr": "Marathi", "ms": "Malay", "my": "Burmese", "nb": "Norwegian Bokmål",
    "ne": "Nepali", "nn": "Norwegian Nynorsk", "pa": "Punjabi", "pl": "Polish", "sk": "Slovak", "sl": "Slovenian",
    "sq": "Albanian", "sw": "Swahili", "ta": "Tamil", "te": "Telugu", "tl": "Tagalog", "uk": "Ukrainian",
    "ur": "Urdu", "uz": "Uzbek", "vi": "Vietnamese", "xh": "Xhosa", "yi": "Yiddish", "zu": "Zulu",
}  # fmt: skip

VALUES: Mapping[str, Mapping[str, str]] = {
    "language": {**_FURTHER, **{one.code: one.english_name for one in LANGUAGES}, UNDETERMINED: N_("undetermined")},
    "explicit": {"true": N_("explicit"), "false": N_("not explicit")},
    "commercial_use": {each: each for each in (N_("allowed"), N_("prohibited"), N_("unknown"))},
    "derivatives": {each: each for each in ("allowed", "prohibited", "unknown")},
}
"""Facet to the labels of its values, where they differ from the values."""

MATCHES: Mapping[str, str] = {
    Match.EXACT: N_("exact name"),
    Match.FOLDED: N_("same words"),
    Match.JOINED: N_("spelled as one word or two"),
    Match.SYMBOLS: N_("symbols read as letters"),
    Match.TRANSLITERATED: N_("in another script"),
    Match.STEMMED: N_("another form of a word"),
    Match.FUZZY: N_("similar spelling"),
}
"""Why a hit matched."""

NOT_STATED = N_("not stated")
"""Label of tracks without a value."""

SORTS: Mapping[str, str] = {"relevance": N_("Relevance"), "plays": N_("Most played"), "year": N_("Newest")}


def facet(name: str) -> str:
    """Return the label of a facet.

    >>> with i18n.use("de"):
    ...     facet("year")
    'Jahr'
    """
    return gettext(FACETS[name])


def match(kind: str) -> str:
    """Return why a hit matched."""
    return gettext(MATCHES[kind])


def not_stated() -> str:
    """Return the label of tracks without a value."""
    return gettext(NOT_STATED)


def value(facet: str, written: object) -> str:
    """Return the label of a facet's value.

    >>> value("dataset", "free-music-archive"), value("language", "und"), value("genre", "rock")
    ('FMA', 'undetermined', 'rock')
    """
    text = str(written).lower() if isinstance(written, bool) else str(written)
    if facet == "dataset":
        return cards.name_of(text)
    label = VALUES.get(facet, {}).get(text)
    if facet == "decade" and text.isdecimal():
        return gettext("%(year)ss", year=text)
    if facet == "language" and text != UNDETERMINED and i18n.current() != i18n.ENGLISH:
        return i18n.language_name(text) or label or text
    return text if label is None else gettext(label)


number = i18n.number


def tracks(count: int) -> str:
    """Return a number of tracks.

    >>> tracks(1), tracks(0)
    ('1 track', '0 tracks')
    """
    return ngettext("%(count)s track", "%(count)s tracks", count)


def recordings(total: Total) -> str:
    """Return a number of recordings, marked where it isn't exact.

    >>> recordings(Total(1)), recordings(Total(1200, exact=False))
    ('1 recording', 'about 1,200 recordings')
    """
    return ngettext("%(number)s recording", "%(number)s recordings", total.value, number=about(total))


def about(total: Total) -> str:
    """Return a number, marked where it isn't exact.

    >>> about(Total(1200, exact=False))
    'about 1,200'
    """
    return number(total.value) if total.exact else gettext("about %(number)s", number=number(total.value))


def share(percent: float) -> str:
    """Return a share with one decimal place.

    >>> share(12.34)
    '12.3 %'
    """
    return gettext("%(share)s %%", share=i18n.decimal(percent))
