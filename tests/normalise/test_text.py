"""Text: tidied once is tidied for good, whatever comes in."""

import unicodedata

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.normalise.text import tidy, tidy_list
from mappings.spelling import mojibake
from mappings.spelling.cleaning import clean

PIECES = ["a", "é", "e\u0301", " ", "\u00a0", "\t", "\n", "\x00", "&amp;", "&amp;amp;", "&", "#", "39;", ";", "lt", "\u200b", "가", "ᄀ", "ᅡ", "ﾞ", "\ufeff", "Å", "&#8203;", "&#0;", "&#xD800;", "Ã", "©", "\xad", "â", "€", "™", "Ð", "°", "<p>", "</p>", "<br>", "<", "i>", "/", "b>"]  # fmt: skip  # noqa: E501
texts = st.one_of(st.text(max_size=12), st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
clean_texts = texts.map(lambda text: text.encode("utf-8", "replace").decode())


def all_tidied(values: list[str | None]) -> list[str | None]:
    frame = pl.DataFrame({"text": values}, schema={"text": pl.String})
    return frame.select(tidy(pl.col("text")))["text"].to_list()


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.none(), clean_texts), max_size=5))
def test_tidying_twice_equals_once(values: list[str | None]) -> None:
    once = all_tidied(values)
    assert all_tidied(once) == once


@settings(max_examples=300, deadline=None)
@given(clean_texts)
def test_what_comes_out_is_composed_and_has_no_stray_blanks(value: str) -> None:
    (text,) = all_tidied([value])
    if text is not None:
        assert text == " ".join(text.split()) != ""
        assert unicodedata.is_normalized("NFC", text)
        assert not any(unicodedata.category(character) == "Cc" for character in text)


@settings(max_examples=300, deadline=None)
@given(clean_texts)
def test_the_cheap_way_gives_what_the_thorough_one_does(value: str) -> None:
    assert all_tidied([value]) == [clean(value) or None]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("  two   words \t", "two words"),
        ("Rock &amp; Roll", "Rock & Roll"),
        ("it&#39;s &quot;x&quot;", 'it\'s "x"'),
        ("&amp;lt;3", "<3"),
        ("AT&T; R&B; &nosuch;", "AT&T; R&B; &nosuch;"),
        ("a\u200bb\ufeff", "ab"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("e\u0301", "é"),
        ("a\x00b", "a b"),
        ("a\u00a0b", "a b"),
        ("\u200b", None),
        ("<p></p>", None),
        ("<p>Rock <b>me</b></p>", "Rock me"),
        ("one<br/>two", "one two"),
        ("&lt;i&gt;Live&lt;/i&gt;", "Live"),
        ("<3 <Unknown> <i>", "<3 <Unknown> <i>"),
        ("BeyoncÃ©", "Beyoncé"),
        ("BeyoncÃƒÂ©", "Beyoncé"),
        ("JosÃ© MartÃ\xadnez", "José Martínez"),
        ("la valse Ã\xa0 mille echos", "la valse à mille echos"),  # a real one, of the Free Music Archive
        ("Ð¡Ð¾Ð½", "Сон"),
        ("donâ€™t", "don’t"),
        ("ã‚«ã‚¿", "カタ"),
        ("", None),
    ],
)
def test_texts(written: str, meant: str | None) -> None:
    assert all_tidied([written]) == [meant]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (["a"], ["a"]),
        ([" a ", None, "", "b", "a"], ["a", "b"]),
        ([" a "], ["a"]),
        ([None], None),
        ([""], None),
        ([" "], None),
        ([], None),
        (None, None),
    ],
)
def test_lists(written: list[str | None] | None, meant: list[str] | None) -> None:
    frame = pl.DataFrame({"names": [written]}, schema={"names": pl.List(pl.String)})
    assert frame.select(tidy_list(pl.col("names")))["names"].to_list() == [meant]


def test_nothing_is_nothing() -> None:
    assert all_tidied([]) == []
    assert all_tidied([None, None]) == [None, None]


@pytest.mark.parametrize(
    "text",
    [
        "SÃO PAULO",
        "Ã",
        "IRMÃ’S",
        "CAFÉ’S",
        "RENÉ®",
        "“MENÜ”",
        "MENÜ“",
        "Å°",
        "Ñº",
        "Ø®",
        "naïve – “Ã”",
        "Größe",
        "É°",
        "ÅÄÖ",
    ],
)
def test_what_may_be_meant_so_is_no_mojibake(text: str) -> None:
    assert all_tidied([text]) == [text]


LATIN = st.text("abcXYZéèüöäñãçßÀÉÎÕØÃ’“” ", max_size=10)


@settings(max_examples=500)
@given(LATIN)
def test_what_was_broken_is_mended_or_left_and_what_was_not_is_left(text: str) -> None:
    assert mojibake.repair(text) == text
    assert mojibake.repair(_broken(text)) in (_broken(text), text)


def _broken(text: str) -> str:
    return "".join(bytes([byte]).decode("cp1252", "replace").replace("\ufffd", chr(byte)) for byte in text.encode())
