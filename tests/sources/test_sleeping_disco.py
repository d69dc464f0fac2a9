"""Sleeping-DISCO: null, missing, "" and N/A mean nothing; links join with YouTube. Every row here is synthetic."""

import json
from pathlib import Path
from typing import Any

import pytest

from linernotes.samples.synthetic import sleeping_row
from tests.sources.support import SLEEPING, load, tracks


def written(tmp_path: Path, *changes: dict[str, Any]) -> Path:
    path = tmp_path / "synthetic-a.jsonl"
    rows = [sleeping_row(number) | change for number, change in enumerate(changes, 1)]
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


def one(tmp_path: Path, **change: Any) -> dict[str, Any]:
    return tracks(SLEEPING, written(tmp_path, change)).row(0, named=True)


@pytest.mark.parametrize(
    "link",
    [
        "https://youtu.be/hTWKbfoikeg",
        "https://youtu.be/hTWKbfoikeg?t=30",
        "http://www.youtube.com/watch?v=hTWKbfoikeg",
        "https://m.youtube.com/watch?list=PL1&v=hTWKbfoikeg&index=2",
        "https://music.youtube.com/watch?v=hTWKbfoikeg",
        "//www.youtube.com/embed/hTWKbfoikeg?autoplay=1",
        "https://www.youtube-nocookie.com/embed/hTWKbfoikeg",
        "https://www.youtube.com/shorts/hTWKbfoikeg",
        "https://www.youtube.com/v/hTWKbfoikeg",
        "hTWKbfoikeg",
    ],
)
def test_all_forms_of_links_give_the_video(tmp_path: Path, link: str) -> None:
    links = [link, None, "", "https://vimeo.com/12345678901"]
    assert one(tmp_path, youtube_links=links)["video_ids"] == ["hTWKbfoikeg"]


@pytest.mark.parametrize("nothing", [None, "", " ", "N/A"])
def test_nothing_is_written_in_several_ways(tmp_path: Path, nothing: str | None) -> None:
    found = one(tmp_path, album_name=nothing, primary_artist=nothing, language=nothing, album_release_date=nothing)
    assert (found["album"], found["artists"], found["year"]) == (None, None, None)


@pytest.mark.parametrize("key", ["featured_artists", "lyricists", "tags", "youtube_links", "language", "title"])
def test_keys_may_be_missing(tmp_path: Path, key: str) -> None:
    row = sleeping_row(1)
    del row[key]
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(row))
    assert tracks(SLEEPING, path).height == 1


@pytest.mark.parametrize(("song_id", "meant"), [(12, "12"), ("12", "12"), (12.0, "12"), (" 12 ", "12")])
def test_ids_are_numbers_or_strings(tmp_path: Path, song_id: object, meant: str) -> None:
    assert one(tmp_path, song_id=song_id)["source_id"] == meant


def test_lyrics_are_not_read(tmp_path: Path) -> None:
    found = one(tmp_path, lyrics="la la la", qna="who")
    assert "la la la" not in str(found)


@pytest.mark.parametrize(
    ("written_date", "year"),
    [("2019-05-03", 2019), ("2004", 2004), ("1550", None), ("0000-00-00", None), ("soon", None)],
)
def test_years_are_plausible_or_missing(tmp_path: Path, written_date: str, year: int | None) -> None:
    assert one(tmp_path, album_release_date=written_date)["year"] == year


def test_dropped_dates_are_counted(tmp_path: Path) -> None:
    plain = {"title": "Song", "language": "en", "album_name": None, "lyricists": None, "youtube_links": None}
    dates = [plain | {"album_release_date": text, "tags": None} for text in ("1550", "soon", "2004", "")]
    (batch,) = load(SLEEPING, written(tmp_path, *dates))
    assert batch.changed == {"year: implausible, dropped": 1, "date: unreadable, dropped": 1}


@pytest.mark.parametrize(
    ("declared", "title", "language", "how"),
    [
        ("de", "Das Lied", "de", "declared"),
        ("en", "Чёрный ворон", "ru", "script"),
        ("uk", "Моя душа", "uk", "declared"),
        ("ja", "東京", "ja", "declared"),
        ("ru", "Moya pesnya", "ru", "declared"),
        ("", "바다", "ko", "script"),
        ("", "Song", "und", None),
    ],
)
def test_the_declared_language_is_believed_unless_the_script_speaks_against_it(
    tmp_path: Path, declared: str, title: str, language: str, how: str | None
) -> None:
    found = one(tmp_path, language=declared, title=title)
    assert (found["language"], found["language_source"]) == (language, how)


def test_a_title_may_be_what_elsewhere_means_nothing(tmp_path: Path) -> None:
    assert one(tmp_path, title="N/A")["title"] == "N/A"


def test_a_first_object_may_lack_keys(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"song_id": 1}\n' + json.dumps(sleeping_row(2)))
    assert tracks(SLEEPING, path).height == 2


def test_tags_are_kept_and_genres_are_found_in_them(tmp_path: Path) -> None:
    found = one(tmp_path, tags=["Rap", "En Español", "hip-hop", " ", None])
    assert (found["tags"], found["genre_path"], found["genre"]) == (
        ["Rap", "En Español", "hip-hop"],
        ["Rap", "hip-hop"],
        ["hip-hop"],
    )


def test_featured_artists_and_lyricists_contribute(tmp_path: Path) -> None:
    people = {"primary_artist": " A ", "featured_artists": ["B ", None], "lyricists": ["D", "B"]}
    found = one(tmp_path, title="Song (feat. C)", **people)
    assert (found["artists"], found["contributors"]) == (["A"], ["B", "D", "C"])


def test_a_primary_artist_of_another_type_does_no_harm(tmp_path: Path) -> None:
    for artist in ({"name": "A"}, ["A"], [], {}):
        (batch,) = load(SLEEPING, written(tmp_path, {"primary_artist": artist, "title": "t", "language": "en"}))
        assert batch.tracks["artists"].to_list() == [None]
        assert batch.changed["artist: not a name, dropped"] == 1
    for name in ("[unknown]", "311", "{Ø}"):
        assert one(tmp_path, primary_artist=name)["artists"] == [name]


def test_what_is_changed_is_counted_by_rule(tmp_path: Path) -> None:
    odd = {
        "title": "Caf&eacute;",
        "primary_artist": "BeyoncÃ©",
        "album_name": "N/A",
        "tags": ["Rap &amp; Hip Hop", "Nothing"],
        "lyricists": [" A ", "B"],
        "featured_artists": None,
        "youtube_links": ["https://vimeo.com/1"],
        "album_release_date": None,
    }
    (batch,) = load(SLEEPING, written(tmp_path, odd))
    assert (batch.tracks["title"].item(), batch.tracks["artists"].item().to_list()) == ("Café", ["Beyoncé"])
    assert {rule: count for rule, count in batch.changed.items() if not rule.startswith("language")} == {
        "album: placeholder, dropped": 1,
        "genre: none among the tags": 1,
        "video: no id in any link": 1,
        "text: entities resolved": 2,
        "text: mojibake repaired": 1,
        "text: blanks and characters cleaned": 1,
    }
