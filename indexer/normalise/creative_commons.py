"""Creative Commons licences, by name or by address: terms, version, jurisdiction.

Names and addresses are read whole. A word that is not in the grammar or in a table makes the licence unknown: it may
be a condition. Grammar and versions: creativecommons.org/licenses/list.en, where each licence has its address.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

VERSIONS = frozenset({"1.0", "2.0", "2.1", "2.5", "3.0", "4.0"})

RETIRED: Mapping[str, str] = {
    # Terms as addresses have them, and as ids do; these were there in version 1.0 alone.
    "by-nd-nc": "by-nc-nd", "nc": "nc", "nc-sa": "nc-sa", "nd": "nd", "nd-nc": "nc-nd", "sa": "sa",
    "sampling": "sampling", "sampling+": "sampling-plus", "nc-sampling+": "nc-sampling-plus",
}  # fmt: skip
CURRENT = ("by", "by-nc", "by-nc-nd", "by-nc-sa", "by-nd", "by-sa")

PLACES: Mapping[str, str] = {
    # What stands behind the version, in lower case, and the address's code; "" where the text is not a ported one.
    "international": "", "unported": "", "generic": "",
    "intergovernmental organization": "igo", "igo": "igo",
    "argentina": "ar", "armenia": "am", "australia": "au", "austria": "at", "azerbaijan": "az", "belgium": "be",
    "brazil": "br", "bulgaria": "bg", "canada": "ca", "chile": "cl", "china mainland": "cn", "colombia": "co",
    "costa rica": "cr", "croatia": "hr", "czech republic": "cz", "denmark": "dk", "ecuador": "ec", "egypt": "eg",
    "estonia": "ee", "finland": "fi", "france": "fr", "georgia": "ge", "germany": "de", "greece": "gr",
    "guatemala": "gt", "hong kong": "hk", "hungary": "hu", "india": "in", "ireland": "ie", "israel": "il",
    "italy": "it", "japan": "jp", "korea": "kr", "south korea": "kr", "luxembourg": "lu", "macedonia": "mk",
    "malaysia": "my", "malta": "mt", "mexico": "mx", "netherlands": "nl", "new zealand": "nz", "norway": "no",
    "peru": "pe", "philippines": "ph", "poland": "pl", "portugal": "pt", "puerto rico": "pr", "romania": "ro",
    "serbia": "rs", "singapore": "sg", "slovenia": "si", "south africa": "za", "spain": "es", "sweden": "se",
    "switzerland": "ch", "taiwan": "tw", "thailand": "th", "uganda": "ug", "uk: england & wales": "uk",
    "uk: england and wales": "uk", "england & wales": "uk", "england and wales": "uk", "united kingdom": "uk",
    "uk: scotland": "scotland", "scotland": "scotland", "ukraine": "ua", "united states": "us",
    "united states of america": "us", "usa": "us", "venezuela": "ve", "viet nam": "vn", "vietnam": "vn",
}  # fmt: skip
_CODES = frozenset(PLACES.values())

_NAME = re.compile(
    r"(?:creative commons:? )?(?:(?:cc[- ]?)?attribution|cc[- ]?by|by(?=-))"
    r"(?P<nc>[- ]*(?:non[- ]?commercial|nc))?"
    r"(?:(?P<nd>[- ]*(?:no[- ]?deriv(?:ative)?s?(?: works)?|nd))|(?P<sa>[- ]*(?:share[- ]?alike|sa)))?"
    r"(?: licen[cs]e)?(?: \(aka music sharing\))?(?:[- ]v?(?P<version>\d\.\d))?(?P<place>[- ].*)?"
)
_SAMPLING = re.compile(
    r"(?:creative commons:? )?(?:cc[- ])?(?P<nc>(?:non[- ]?commercial|nc)[- ])?sampling(?P<plus>[- ]plus|\+)?"
    r"(?:[- ]v?(?P<version>1\.0))?(?P<place>[- ].*)?"
)
_IDENTIFIER = re.compile(r"cc-(?P<terms>[a-z-]+?)(?:-(?P<version>1\.0))?")
_WRITTEN = {terms: written for written, terms in RETIRED.items()}
_ADDRESS = re.compile(
    r"(?:https?:)?(?://)?(?:www\.)?creativecommons\.org/licen[cs]es/(?P<terms>[a-z+-]+)"
    r"(?:/(?P<version>\d\.\d))?(?:/(?P<place>[a-z]{2}|igo|scotland))?(?:/(?:deed|legalcode)[\w.-]*)?/?(?:[?#].*)?"
)


@dataclass(frozen=True)
class CreativeCommons:
    """A licence's terms, such as `by-nc-sa`, version and address; null where they are not said."""

    terms: str
    version: str | None
    url: str | None


def read(written: str) -> CreativeCommons | None:
    """Return the licence that a name or an address in lower case stands for, None for what is none, or not wholly.

    >>> read("attribution-noncommercial-share alike 3.0 united states").url
    'https://creativecommons.org/licenses/by-nc-sa/3.0/us/'
    >>> read("http://creativecommons.org/licenses/by-nd/2.5/pt/deed.en").terms
    'by-nd'
    >>> read("attribution 3.0, but ask the band")
    """
    if found := _ADDRESS.fullmatch(written):
        return _made(found["terms"], found["version"], found["place"] or "")
    if found := _NAME.fullmatch(written):
        return _named("-".join(["by", *(term for term in ("nc", "nd", "sa") if found[term])]), found)
    if found := _SAMPLING.fullmatch(written):
        return _named(f"{'nc-' if found['nc'] else ''}sampling{'+' if found['plus'] else ''}", found)
    if (found := _IDENTIFIER.fullmatch(written)) and (terms := _WRITTEN.get(found["terms"])):
        return _made(terms, found["version"], "")
    return None


def _named(terms: str, found: re.Match[str]) -> CreativeCommons | None:
    known, code = _place((found["place"] or "").strip(" -()").removesuffix("license").strip())
    return _made(terms, found["version"], code) if known else None


def _place(name: str) -> tuple[bool, str | None]:
    """Return whether a place is one, and its code; None where it is cut off so short that it may be several."""
    if not name or name in PLACES:
        return True, PLACES.get(name, "")
    if name in _CODES:
        return True, name
    codes = {code for place, code in PLACES.items() if len(name) > 1 and place.startswith(name)}
    return bool(codes), codes.pop() if len(codes) == 1 else None


def _made(written: str, version: str | None, place: str | None) -> CreativeCommons | None:
    """Return the licence, None for one that was never published; its address needs a version and a known place."""
    retired = written in RETIRED
    if (written not in CURRENT and not retired) or version not in ({None, "1.0"} if retired else {None, *VERSIONS}):
        return None
    terms = RETIRED.get(written, written)
    if version is None or place is None or (place and place not in _CODES):
        return CreativeCommons(terms, version, None)
    ported = f"{place}/" if place and version != "4.0" else ""  # 4.0 has one text for all countries
    return CreativeCommons(terms, version, f"https://creativecommons.org/licenses/{written}/{version}/{ported}")
