"""Licences: every spelling that FMA is known to have, and nothing guessed."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.normalise import licence
from indexer.normalise.licence import NONE, PLACES, licence_columns, recognise

KNOWN = [
    ("Attribution-Noncommercial-Share Alike 3.0 United States", "CC-BY-NC-SA-3.0"),
    ("Attribution-NonCommercial-NoDerivatives (aka Music Sharing) 3.0 International", "CC-BY-NC-ND-3.0"),
    ("Attribution-NonCommercial-ShareAlike 3.0 International", "CC-BY-NC-SA-3.0"),
    ("Creative Commons Attribution-NonCommercial-NoDerivatives 4.0", "CC-BY-NC-ND-4.0"),
    ("Attribution-Noncommercial-No Derivative Works 3.0 United States", "CC-BY-NC-ND-3.0"),
    ("Attribution-NonCommercial-ShareAlike", "CC-BY-NC-SA"),
    ("Attribution", "CC-BY"),
    ("Attribution-NonCommercial 3.0 International", "CC-BY-NC-3.0"),
    ("Attribution-NonCommercial", "CC-BY-NC"),
    ("Attribution-ShareAlike", "CC-BY-SA"),
    ("Attribution-Noncommercial-No Derivative Works 2.0 UK: England ", "CC-BY-NC-ND-2.0"),
    ("Attribution-No Derivative Works 3.0 Germany", "CC-BY-ND-3.0"),
    ("Attribution 3.0 Unported", "CC-BY-3.0"),
    ("CC0 1.0 Universal", "CC0-1.0"),
    ("Public Domain Mark 1.0", "PDM-1.0"),
    ("FMA-Limited: Download Only", "FMA-Limited-Download-Only"),
    ("Sound Recording Common Law", "Sound-Recording-Common-Law"),
    ("Orphan Work", "Orphan-Work"),
    ("Free Art License", "FAL"),
    ("Free Art License 1.3", "FAL-1.3"),
    ("ccby", "CC-BY"),  # as Stable Audio Open's attribution list has it, and cc0
    ("cc0", "CC0-1.0"),
    ("Creative Commons Zero (CC0)", "CC0-1.0"),
    ("CC BY-NC-SA 3.0", "CC-BY-NC-SA-3.0"),
    ("CC-BY-NC-SA-3.0-US", "CC-BY-NC-SA-3.0"),
    ("Attribution-NonCommercial-NoDerivs 2.5 Canada", "CC-BY-NC-ND-2.5"),
    ("Creative Commons Attribution 4.0 International License", "CC-BY-4.0"),
    ("https://creativecommons.org/licenses/by-nc-nd/4.0/deed.de", "CC-BY-NC-ND-4.0"),
    ("http://creativecommons.org/licenses/by-nc-sa/3.0/us/legalcode", "CC-BY-NC-SA-3.0"),
    ("http://creativecommons.org/licenses/by-nd-nc/1.0/", "CC-BY-NC-ND-1.0"),
    ("https://creativecommons.org/publicdomain/zero/1.0/deed.fr", "CC0-1.0"),
    ("creativecommons.org/publicdomain/mark/1.0/", "PDM-1.0"),
    ("Sampling Plus 1.0", "CC-SAMPLING-PLUS-1.0"),
    ("NonCommercial Sampling Plus 1.0", "CC-NC-SAMPLING-PLUS-1.0"),
    ("http://creativecommons.org/licenses/nc-sa/1.0/", "CC-NC-SA-1.0"),
    ("Public Domain", "Public-Domain"),
    ("GNU General Public License v3", "GPL-3.0"),
    ("http://freemusicarchive.org/FMA_License", "FMA-Limited-Download-Only"),
]


@pytest.mark.parametrize(("written", "identifier"), KNOWN)
def test_known_spellings(written: str, identifier: str) -> None:
    assert recognise(written).licence == identifier
    assert recognise(written.upper()).licence == identifier
    assert recognise(f"  {written} ").licence == identifier


@pytest.mark.parametrize(
    "written",
    [
        "",
        "unknown",
        "All rights reserved",
        "Ask the band",
        "Attributionless",
        "Attribution-Something",
        "Attribution-ShareAlike-NonCommercial 3.0",
        "Attribution-NonCommercial-ShareAlike-NoDerivatives 3.0",
        "Non-Attribution",
        "Attribution 5.0",
        "Attribution 3.0, but ask the band",
        "Attribution 3.0 Elbonia",
        "CC BY-NC-ND-SA 3.0",
        "https://creativecommons.org/licenses/by-nc/9.0/",
        "https://creativecommons.org/licenses/by-n",
        "https://example.org/licenses/by/3.0/",
        "CC0ish",
    ],
)
def test_what_is_not_recognised_is_unknown(written: str) -> None:
    assert recognise(written) == NONE


@given(st.text(max_size=60))
def test_any_text_is_no_error(written: str) -> None:
    assert recognise(written).licence


def test_what_is_allowed_follows_from_the_terms() -> None:
    assert {name: (recognise(name).commercial_use, recognise(name).derivatives) for name, _ in KNOWN[3:8]} == {
        "Creative Commons Attribution-NonCommercial-NoDerivatives 4.0": ("prohibited", "prohibited"),
        "Attribution-Noncommercial-No Derivative Works 3.0 United States": ("prohibited", "prohibited"),
        "Attribution-NonCommercial-ShareAlike": ("prohibited", "allowed"),
        "Attribution": ("allowed", "allowed"),
        "Attribution-NonCommercial 3.0 International": ("prohibited", "allowed"),
    }
    assert recognise("Orphan Work").commercial_use == "unknown"


def test_an_address_needs_a_version() -> None:
    assert recognise("Attribution").licence_url is None
    assert recognise("Attribution 3.0 Unported").licence_url == "https://creativecommons.org/licenses/by/3.0/"
    assert recognise("CC0 1.0 Universal").licence_url == "https://creativecommons.org/publicdomain/zero/1.0/"


def test_a_missing_one_is_unknown_where_the_set_has_licences() -> None:
    frame = pl.DataFrame({"written": [None, "", "Attribution"]}, schema={"written": pl.String})
    assert frame.select(**licence_columns(pl.col("written")))["licence"].to_list() == ["unknown", "unknown", "CC-BY"]


@pytest.mark.parametrize("written", [written for written, _ in KNOWN])
def test_the_id_of_an_id_is_itself(written: str) -> None:
    found = recognise(written)
    again = recognise(found.licence)
    assert (again.licence, again.licence_family) == (found.licence, found.licence_family)
    assert recognise(found.licence_family).licence_family == found.licence_family
    if found.licence_url:
        assert recognise(found.licence_url).licence == found.licence


@pytest.mark.parametrize("spelling", licence._LICENCES)
def test_every_row_of_the_table_is_found_and_names_itself(spelling: str) -> None:
    found = recognise(spelling)
    assert found.licence_family != "unknown"
    assert recognise(found.licence) == found
    assert recognise(found.licence_family).licence_family == found.licence_family
    if found.licence_url:
        assert recognise(found.licence_url) == found


TERMS = st.sampled_from(["", "-NonCommercial", "-Noncommercial-Share Alike", "-No Derivative Works", "-ShareAlike"])
VERSIONS = st.sampled_from(["", " 1.0", " 2.0", " 2.1", " 2.5", " 3.0", " 4.0"])


@given(TERMS, VERSIONS, st.sampled_from(["", *(f" {place}" for place in PLACES)]))
def test_every_spelling_is_recognised_and_keeps_its_terms(terms: str, version: str, place: str) -> None:
    found = recognise(f"Attribution{terms}{version}{place}")
    assert found.licence != "unknown"
    assert found.licence == recognise(f"Attribution{terms}{version}").licence
    assert recognise(found.licence) == recognise(f"Attribution{terms}{version}")
    if found.licence_url:
        again = recognise(found.licence_url)
        assert (again.licence, again.licence_url) == (found.licence, found.licence_url)


def test_the_jurisdiction_is_in_the_address_alone() -> None:
    ported = recognise("Attribution-Noncommercial-No Derivative Works 2.0 UK: England ")  # cut off in the data set
    assert ported.licence_url == "https://creativecommons.org/licenses/by-nc-nd/2.0/uk/"
    assert recognise("Attribution 3.0 United States").licence_url == "https://creativecommons.org/licenses/by/3.0/us/"
    assert recognise("Attribution 3.0 Un").licence_url is None  # United States, Unported?


def test_sampling_allows_parts_and_not_the_whole() -> None:
    assert recognise("Sampling Plus 1.0").commercial_use == "unknown"
    assert recognise("NonCommercial Sampling Plus 1.0").commercial_use == "prohibited"
