"""Licences: from what a set writes to one id, one family, and what it allows.

Null means that the data set has no licence for single tracks. `unknown` means that it has, but this one is missing
or can't be read: never a guess. Ids are those of SPDX where it has one without a jurisdiction. Jurisdictions ("3.0
United States") stay out of the id, so that one licence is one value of the facet; `licence_url` leads to the text of
the jurisdiction, and `licence_raw` is what the set wrote.

The table is `licences.tsv`: spellings in lower case, with blanks for hyphens and "license" for "licence"; Creative
Commons licences by their terms, as their names and addresses are read by a pattern. A name is read whole: a word that
has no place in it may be a condition. Sources: spdx.org/licenses, creativecommons.org/licenses/list.en.
"""

import re
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from indexer.normalise.expressions import map_distinct
from mappings.track import COMMERCIAL_USE, DERIVATIVES, LICENCE, LICENCE_FAMILY, LICENCE_URL

COLUMNS = (LICENCE, LICENCE_FAMILY, COMMERCIAL_USE, DERIVATIVES, LICENCE_URL)


@dataclass(frozen=True)
class Licence:
    """What a licence's name says; `licence_url` only where the version is known, as each has a text of its own."""

    licence: str
    licence_family: str
    commercial_use: str
    derivatives: str
    licence_url: str | None = None


UNKNOWN = "unknown"
NONE = Licence(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN)

DTYPE = pl.Struct(dict.fromkeys(COLUMNS, pl.String))


def _table(name: str) -> list[list[str]]:
    return [line.split("\t") for line in Path(__file__).with_name(name).read_text("utf-8").splitlines()[1:]]


_LICENCES = {spelling: values for spelling, *values in _table("licences.tsv")}
"""From a spelling to licence, family, commercial use, derivatives, versions, address."""

PLACES: dict[str, str] = dict(_table("jurisdictions.tsv"))
"""What stands behind a version, and its code in addresses; no code for a text that is not a ported one."""

_PREFIX = re.compile(r"^(?:(?:https?:)?//(?:www\.)?|www\.|creative commons:? )")
_ADDRESS = re.compile(
    r"creativecommons\.org/(?:licen[cs]es|publicdomain)/(?P<terms>[a-z+-]+)(?:/(?P<version>\d\.\d))?"
    r"(?:/(?P<place>[a-z]{2}|igo|scotland))?(?:/(?:deed|legalcode)[\w.-]*)?/?(?:[?#].*)?"
)
_NAME = re.compile(
    r"(?:(?:(?:cc[- ]?)?attribution|cc[- ]?by|by(?=-))(?P<nc>[- ]*(?:non[- ]?commercial|nc))?"
    r"(?:(?P<nd>[- ]*(?:no[- ]?deriv(?:ative)?s?(?: works)?|nd))|(?P<sa>[- ]*(?:share[- ]?alike|sa)))?"
    r"(?: licen[cs]e)?(?: \(aka music sharing\))?|(?P<other>.+?(?=[- ]?v?[1-9]|$)))"
    r"(?:[- ]?v?(?P<version>[1-9](?:\.\d)?))?(?P<place>[- ].*)?"
)


def recognise(written: str) -> Licence:
    """Return the licence that a name or an address stands for; `NONE`, with everything unknown, for any other text.

    >>> recognise("Attribution-Noncommercial-Share Alike 3.0 United States").licence
    'CC-BY-NC-SA-3.0'
    >>> recognise("http://creativecommons.org/licenses/by-nd/2.5/pt/deed.en").licence_url
    'https://creativecommons.org/licenses/by-nd/2.5/pt/'
    >>> recognise("Attribution 3.0, but ask the band").licence
    'unknown'
    """
    name = _PREFIX.sub("", " ".join(written.split()).lower())
    if values := _LICENCES.get(_spelling(name.rstrip("/"))):
        return _licence(values, "", {""})
    if match := _ADDRESS.fullmatch(name):
        spelling = f"cc {match['terms']}"
        codes = _codes(match["place"] or "") or {"", match["place"]}  # an unknown code changes no terms
    elif match := _NAME.fullmatch(name):
        spelling = match["other"] or " ".join(["cc by", *(term for term in ("nc", "nd", "sa") if match[term])])
        codes = _codes((match["place"] or "").strip(" -()").removesuffix("license").strip())
    else:
        return NONE
    values = _LICENCES.get(_spelling(spelling))
    return _licence(values, match["version"] or "", codes) if values else NONE


def licence_columns(written: pl.Expr) -> dict[str, pl.Expr]:
    """Return the licence columns of a set whose tracks have licences; a blank one is unknown."""
    named = map_distinct(written.fill_null(""), lambda name: asdict(recognise(name)), DTYPE)
    return {name: named.struct.field(name) for name in COLUMNS}


def _spelling(name: str) -> str:
    return name.replace("-", " ").replace("licence", "license")


def _licence(values: list[str], version: str, codes: set[str]) -> Licence:
    """Return a licence of the table in a version, for a place; `NONE` where there is no such version or place."""
    licence, family, commercial_use, derivatives, versions, url = values
    if not codes or (version and version not in versions.split()) or (codes != {""} and "{port}" not in url):
        return NONE
    if len(codes) > 1 or (not version and "{version}" in url):
        url = ""
    port = "".join(f"{code}/" for code in codes if code and version != "4.0")  # 4.0 has one text for all countries
    full = f"-{version}" if "." in version else f"-{version}.0"
    named = licence if not version or licence.endswith(full) else licence + full
    return Licence(named, family, commercial_use, derivatives, url.format(version=version, port=port) or None)


def _codes(place: str) -> set[str]:
    """Return the codes that a place may have: several for a name that is cut off, as FMA has some."""
    if not place or place in PLACES:
        return {PLACES.get(place, "")}
    if place in PLACES.values():
        return {place}
    return {code for name, code in PLACES.items() if len(place) > 1 and name.startswith(place)}
