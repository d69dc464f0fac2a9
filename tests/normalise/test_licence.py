"""Licences: every spelling that FMA is known to have, and nothing guessed."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.normalise.licence import NONE, licence_columns, recognise

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
        "NonCommercial Sampling Plus 1.0",
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
