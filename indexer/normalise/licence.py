"""Licences: from what a set writes to one id, one family, and what it allows.

Null means that the data set has no licence for single tracks. `unknown` means that it has, but this one is missing
or can't be read: never a guess. Jurisdictions ("3.0 United States") are kept out of the id; `licence_raw` has them.
"""

import re
from dataclasses import asdict, dataclass

import polars as pl

from indexer.normalise.unique import by_unique
from mappings import fields

ALLOWED, PROHIBITED, UNKNOWN = "allowed", "prohibited", "unknown"


@dataclass(frozen=True)
class Licence:
    """What a licence's name says; `url` only where the version is known, as each has a text of its own."""

    licence: str
    licence_family: str
    commercial_use: str
    derivatives: str
    licence_url: str | None = None


NONE = Licence(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN)

DTYPE = pl.Struct(dict.fromkeys(asdict(NONE), pl.String))
COLUMNS = (
    fields.LICENCE,
    fields.LICENCE_FAMILY,
    fields.COMMERCIAL_USE,
    fields.DERIVATIVES,
    fields.LICENCE_URL,
)

_CREATIVE_COMMONS = re.compile(
    r"(?:creative commons )?(?:cc[- ])?attribution"
    r"(?P<nc>[- ]?non[- ]?commercial)?"
    r"(?:(?P<nd>[- ]?no[- ]?deriv(?:ative)?s?(?: works)?)|(?P<sa>[- ]?share[- ]?alike))?"
    r"(?: \(aka music sharing\))?(?: (?P<version>\d\.\d))?(?P<rest>(?: [\w: ().-]*)?)"
)
_TERMS = re.compile(r"non[- ]?commercial|no[- ]?deriv|share[- ]?alike|sampling")

_OTHERS: tuple[tuple[str, Licence], ...] = (
    (
        r"(?:creative commons )?cc0(?: (?P<version>1\.0))?(?: universal.*)?",
        Licence("CC0", "CC0", ALLOWED, ALLOWED, "https://creativecommons.org/publicdomain/zero/1.0/"),
    ),
    (
        r"public domain mark(?: (?P<version>1\.0))?(?: .*)?",
        Licence("PDM", "PDM", ALLOWED, ALLOWED, "https://creativecommons.org/publicdomain/mark/1.0/"),
    ),
    (r"public domain", Licence("Public-Domain", "Public-Domain", ALLOWED, ALLOWED)),
    (r"free art licen[cs]e(?: (?P<version>1\.\d))?", Licence("FAL", "FAL", ALLOWED, ALLOWED)),
    (r"fma-limited: ?download only", Licence("FMA-Limited-Download-Only", "FMA-Limited", PROHIBITED, PROHIBITED)),
    (
        r"sound recording common law",
        Licence("Sound-Recording-Common-Law", "Sound-Recording-Common-Law", UNKNOWN, UNKNOWN),
    ),
    (r"orphan work", Licence("Orphan-Work", "Orphan-Work", UNKNOWN, UNKNOWN)),
)


def recognise(written: str) -> Licence:
    """Return the licence that a name stands for; `NONE`, with everything unknown, for one that isn't recognised.

    >>> recognise("Attribution-Noncommercial-Share Alike 3.0 United States").licence
    'CC-BY-NC-SA-3.0'
    >>> recognise("Attribution-NonCommercial-NoDerivatives (aka Music Sharing) 3.0 International").licence_url
    'https://creativecommons.org/licenses/by-nc-nd/3.0/'
    >>> recognise("Ask the band").licence
    'unknown'
    """
    name = " ".join(written.split()).lower()
    if found := _CREATIVE_COMMONS.fullmatch(name):
        return _creative_commons(found)
    for pattern, licence in _OTHERS:
        if match := re.fullmatch(pattern, name):
            return _with_version(licence, match.groupdict().get("version"))
    return NONE


def licence_columns(written: pl.Expr) -> dict[str, pl.Expr]:
    """Return the licence columns of a set whose tracks have licences; a blank one is unknown."""
    named = by_unique(written.fill_null(""), lambda name: asdict(recognise(name)), DTYPE)
    return {name: named.struct.field(name) for name in COLUMNS}


def _creative_commons(found: re.Match[str]) -> Licence:
    if _TERMS.search(found["rest"]):
        return NONE  # terms in an order that isn't known: better none than too few
    terms = ["by", *(term for term in ("nc", "nd", "sa") if found[term])]
    family = "CC-" + "-".join(terms).upper()
    version = found["version"]
    return Licence(
        licence=f"{family}-{version}" if version else family,
        licence_family=family,
        commercial_use=PROHIBITED if found["nc"] else ALLOWED,
        derivatives=PROHIBITED if found["nd"] else ALLOWED,
        licence_url=f"https://creativecommons.org/licenses/{'-'.join(terms)}/{version}/" if version else None,
    )


def _with_version(licence: Licence, version: str | None) -> Licence:
    if version is None:
        return Licence(**{**asdict(licence), "licence_url": None})
    return Licence(**{**asdict(licence), "licence": f"{licence.licence}-{version}"})
