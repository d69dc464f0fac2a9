"""The recording key, measured on labelled pairs, and what it does with odd names."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.recording import HELD_OUT, TUNING, judged, score
from indexer.normalise import recording_key

PAIRS = judged()
LEAST = 0.95


def key(artist: str | None, title: str | None) -> str | None:
    frame = pl.DataFrame({"a": [artist], "t": [title]}, schema={"a": pl.String, "t": pl.String})
    found: str | None = frame.select(recording_key.recording_key(pl.col("a"), pl.col("t")).alias("key")).item()
    return found


def test_the_list_is_large_and_balanced() -> None:
    assert PAIRS.height >= 320
    for part in (TUNING, HELD_OUT):
        labels = PAIRS.filter(pl.col("part") == part)["label"]
        assert set(labels) == {"same", "different"}
        assert 0.4 < (labels == "same").mean() < 0.6  # type: ignore[operator]
    assert not PAIRS.select("artist_1", "title_1", "artist_2", "title_2").is_duplicated().any()


@pytest.mark.parametrize("part", [TUNING, HELD_OUT])
def test_precision_and_recall(part: str) -> None:
    found = score(PAIRS.filter(pl.col("part") == part))
    assert found.precision >= LEAST, found
    assert found.recall >= LEAST, found


def test_the_key_of_a_keys_parts_is_the_key() -> None:
    keys = pl.concat([PAIRS["key_1"].rename("key"), PAIRS["key_2"].rename("key")]).drop_nulls().to_frame()
    parts = keys.with_columns(
        pl.col("key").str.splitn(recording_key.SEPARATOR, 2).struct.rename_fields(["a", "t"])
    ).unnest("key")
    again = parts.select(recording_key.recording_key(pl.col("a"), pl.col("t")).alias("key"))
    assert again["key"].to_list() == keys["key"].to_list()


BASES = st.sampled_from(["Hallelujah", "Take On Me", "22", "T.N.T.", "Part of Me", "Pt. II", "Élan / Vital", "!!!"])
ADDED = st.sampled_from(
    [" (feat. Dido)", " - Remastered 2011", " (Live)", " [Official Video]", " - Live / 2009 Remaster", " - Radio Edit",
     " (Remix) [feat. X & Y]", ' - From "Frozen"', " ft. Nas", " (Mono)", " (Acoustic Version)", " (with Sia)"]
)  # fmt: skip
TITLES = st.builds(lambda base, added: base + "".join(added), BASES, st.lists(ADDED, max_size=3))


@given(TITLES)
def test_baring_twice_is_baring_once(title: str) -> None:
    frame = pl.DataFrame({"t": [title]})
    once = frame.select(recording_key.bare(pl.col("t")))
    assert once.select(recording_key.bare(pl.col("t"))).equals(once)


@given(st.text() | TITLES)
def test_titles_without_clues_are_not_changed_by_baring(title: str) -> None:
    frame = pl.DataFrame({"t": [title]})
    if not frame.select(recording_key._may_change(pl.col("t"))).item():
        stripped = frame.select(pl.col("t").str.strip_chars()).item()
        assert frame.select(recording_key.bare(pl.col("t"))).item() == (stripped or title)


@given(st.text(), st.text())
def test_any_names_have_a_key(artist: str, title: str) -> None:
    found = key(artist, title)
    assert found is None or len(found) <= recording_key.LONGEST


@pytest.mark.parametrize(
    ("artist", "title", "found"),
    [
        (None, "Intro", None),
        ("Queen", None, None),
        ("Various Artists", "Intro", None),
        ("[unknown]", "Track 1", None),
        ("!!!", "???", "!!! / ???"),
        ("The The", "Heartland", "the / heartland"),
        ("The Beatles", "(Remastered)", "beatles / remastered"),
        ("AC/DC", "T.N.T.", "acdc / tnt"),
        ("Adele", "Adele – Hello (Official Video)", "adele / hello"),
        ("X", "Song, Pt. III", "x / song part 3"),
    ],
)
def test_keys_of_odd_names(artist: str | None, title: str | None, found: str | None) -> None:
    assert key(artist, title) == found


def test_a_key_is_never_longer_than_elasticsearch_takes() -> None:
    found = key("ガ" * 40_000, "x" * 40_000)
    assert found is not None
    assert len(found.encode()) < 32_766
