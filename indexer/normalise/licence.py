"""Licences: from what a set writes to one id, one family, and what it allows.

Null means that the data set has no licence for single tracks. `unknown` means that it has, but this one is missing
or can't be read: never a guess. Ids are those of SPDX where it has one without a jurisdiction. Jurisdictions ("3.0
United States") stay out of the id, so that one licence is one value of the facet; `licence_url` leads to the text of
the jurisdiction, and `licence_raw` is what the set wrote.
"""

import re
from dataclasses import asdict, dataclass, replace

import polars as pl

from indexer.normalise import creative_commons
from indexer.normalise.unique import by_unique
from mappings.track import COMMERCIAL_USE, DERIVATIVES, LICENCE, LICENCE_FAMILY, LICENCE_URL

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
    LICENCE,
    LICENCE_FAMILY,
    COMMERCIAL_USE,
    DERIVATIVES,
    LICENCE_URL,
)


def _free(name: str, identifier: str = "", url: str | None = None) -> Licence:
    return Licence(identifier or name, name, ALLOWED, ALLOWED, url)


def _undecided(name: str) -> Licence:
    return Licence(name, name, UNKNOWN, UNKNOWN)


_CC = "https://creativecommons.org/publicdomain"
_SITE = r"(?:https?:)?(?://)?(?:www\.)?"
_DEED = r"(?:/(?:deed|legalcode)[\w.-]*)?/?"
_ZERO = rf"{_SITE}creativecommons\.org/publicdomain/zero/1\.0{_DEED}"

_OTHERS: tuple[tuple[re.Pattern[str], Licence], ...] = tuple(
    (re.compile(pattern), licence)
    for pattern, licence in (
        # Patterns of whole names in lower case. CC0 and the mark have one version only.
        (
            rf"(?:creative commons )?(?:cc[- ]?0|cc zero|zero \(cc0\))(?:[- ]1\.0)?(?: universal.*)?|{_ZERO}",
            _free("CC0", "CC0-1.0", f"{_CC}/zero/1.0/"),
        ),
        (
            rf"(?:public domain mark|pdm)(?:[- ]1\.0)?|{_SITE}creativecommons\.org/publicdomain/mark/1\.0{_DEED}",
            _free("PDM", "PDM-1.0", f"{_CC}/mark/1.0/"),
        ),
        (rf"public[- ]domain|{_SITE}creativecommons\.org/licenses/publicdomain/?", _free("Public-Domain")),
        (r"(?:free art licen[cs]e|licence art libre|[fl]al)(?:[- ](?P<version>1\.\d))?", _free("FAL")),
        (r"(?:gnu )?(?:gpl|general public licen[cs]e)(?:[- ]?v?(?P<version>[123])(?:\.0)?)?", _free("GPL")),
        (r"(?:gnu )?(?:lgpl|lesser general public licen[cs]e)(?:[- ]?v?(?P<version>[23])(?:\.0)?)?", _free("LGPL")),
        (r"(?:gnu )?(?:gfdl|free documentation licen[cs]e)(?:[- ]?v?(?P<version>1\.[123]))?", _free("GFDL")),
        (r"(?:eff )?open[- ]audio[- ]licen[cs]e", _free("Open-Audio-License")),
        (
            rf"fma-limited:? ?(?:-?download[- ]only)?|{_SITE}freemusicarchive\.org/fma_license/?",
            Licence("FMA-Limited-Download-Only", "FMA-Limited", PROHIBITED, PROHIBITED),
        ),
        (r"sound[- ]recording[- ]common[- ]law", _undecided("Sound-Recording-Common-Law")),
        (r"orphan[- ]works?", _undecided("Orphan-Work")),
    )
)
_WHOLE_VERSIONS = ("GPL", "LGPL")
"""SPDX writes these with a minor version: GPL-3.0."""

_OTHER_TERMS = {"sampling": UNKNOWN, "sampling-plus": UNKNOWN}
"""Commercial use of parts is allowed, of the whole it is not: neither word would be right."""


def recognise(written: str) -> Licence:
    """Return the licence that a name or an address stands for; `NONE`, with everything unknown, for any other text.

    >>> recognise("Attribution-Noncommercial-Share Alike 3.0 United States").licence
    'CC-BY-NC-SA-3.0'
    >>> recognise("Attribution-NonCommercial-NoDerivatives (aka Music Sharing) 3.0 International").licence_url
    'https://creativecommons.org/licenses/by-nc-nd/3.0/'
    >>> recognise("Ask the band").licence
    'unknown'
    """
    name = " ".join(written.split()).lower()
    if found := creative_commons.read(name):
        return _creative_commons(found)
    for pattern, licence in _OTHERS:
        if match := pattern.fullmatch(name):
            return _with_version(licence, match.groupdict().get("version"))
    return NONE


def licence_columns(written: pl.Expr) -> dict[str, pl.Expr]:
    """Return the licence columns of a set whose tracks have licences; a blank one is unknown."""
    named = by_unique(written.fill_null(""), lambda name: asdict(recognise(name)), DTYPE)
    return {name: named.struct.field(name) for name in COLUMNS}


def _creative_commons(found: creative_commons.CreativeCommons) -> Licence:
    terms = found.terms.split("-")
    family = f"CC-{found.terms.upper()}"
    return Licence(
        licence=f"{family}-{found.version}" if found.version else family,
        licence_family=family,
        commercial_use=PROHIBITED if "nc" in terms else _OTHER_TERMS.get(found.terms, ALLOWED),
        derivatives=PROHIBITED if "nd" in terms else ALLOWED,
        licence_url=found.url,
    )


def _with_version(licence: Licence, version: str | None) -> Licence:
    if version is None:
        return licence
    whole = f"{version}.0" if licence.licence_family in _WHOLE_VERSIONS else version
    return replace(licence, licence=f"{licence.licence}-{whole}")
