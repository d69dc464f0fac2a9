"""Genres: every term of the published tables has its family or is listed as having none; trees may be broken."""

import csv
import re

import polars as pl
import pytest

from indexer.normalise.genre import GenreTree, genre_families, known_terms, parse
from indexer.sources.free_music_archive import shipped_tree
from mappings.genres import FAMILIES, FAMILY, TABLE, families

SPOTIFY = re.findall(
    r"\S+",
    """
    acoustic afrobeat alt-rock alternative ambient anime black-metal bluegrass blues brazil breakbeat british
    cantopop chicago-house children chill classical club comedy country dance dancehall death-metal deep-house
    detroit-techno disco disney drum-and-bass dub dubstep edm electro electronic emo folk forro french funk garage
    german gospel goth grindcore groove grunge guitar happy hard-rock hardcore hardstyle heavy-metal hip-hop
    honky-tonk house idm indian indie indie-pop industrial iranian j-dance j-idol j-pop j-rock jazz k-pop kids
    latin latino malay mandopop metal metalcore minimal-techno mpb new-age opera pagode party piano pop pop-film
    power-pop progressive-house psych-rock punk punk-rock r-n-b reggae reggaeton rock rock-n-roll rockabilly
    romance sad salsa samba sertanejo show-tunes singer-songwriter ska sleep songwriter soul spanish study swedish
    synth-pop tango techno trance trip-hop turkish world-music
    """,
)

NONE = {"british", "groove", "guitar", "happy", "party", "piano", "romance", "sad", "sleep", "study"}


def test_spotifys_114_genres() -> None:
    assert len(SPOTIFY) == len(set(SPOTIFY)) == 114
    assert {term for term in SPOTIFY if not families([term])} == NONE


def test_fmas_163_genres() -> None:
    tree = shipped_tree()
    assert len(tree.names) == 163
    assert [name for number, name in tree.names.items() if not tree.families([number])] == []


def test_the_table_is_sorted_out() -> None:
    rows = list(csv.DictReader(TABLE.read_text("utf-8").splitlines(), delimiter="\t"))
    assert len(rows) == len(FAMILY) == len({row["term"] for row in rows})
    assert all(row["term"] == row["term"].lower().strip() for row in rows)
    assert len(set(FAMILY.values())) == len(FAMILIES) == 25


def test_common_genius_tags() -> None:
    """Beside what FMA and Spotify have: at least 150 more, which are Genius's."""
    own = {name.lower() for name in shipped_tree().names.values()} | set(SPOTIFY)
    assert len(set(FAMILY) - own) >= 150
    common = "Rap|Pop|R&B|Rock|Trap|Alternative Rock|Deutscher Rap|Rap Français|Latin Trap|K-Pop|Chanson|Drill|Emo Rap"
    assert [tag for tag in common.split("|") if not families([tag])] == []
    assert families(["Genius Romania", "En Español", "Memes", "Non-English"]) == []


def test_a_genre_brings_its_ancestors_root_first() -> None:
    assert shipped_tree().terms(["89", "12"]) == ["Rock", "Punk", "Post-Punk"]
    assert shipped_tree().families(["89", "12"]) == ["punk", "rock"]
    assert shipped_tree().families(["538"]) == ["soundtrack"]


RAW = """genre_id,genre_color,genre_handle,genre_parent_id,genre_title
763,#1,Holiday,763,Holiday
1,#1,A,2,Alpha
2,#1,B,1,Beta
13,#1,Easy,,Easy Listening
810,#1,Nu,9999,Nu-Jazz
"""


@pytest.mark.parametrize(
    ("genre", "path"),
    [
        ("763", ["Holiday"]),  # its own parent
        ("1", ["Beta", "Alpha"]),  # a circle
        ("810", ["Nu-Jazz"]),  # the parent is missing
        ("13", ["Easy Listening"]),
        ("4711", []),
        ("Rock", ["Rock"]),
    ],
)
def test_circles_and_gaps_end_a_path(genre: str, path: list[str]) -> None:
    assert parse(RAW).path(genre) == path


def test_an_empty_tree_knows_nothing() -> None:
    assert GenreTree({}, {}).terms(["12"]) == []
    assert parse("").names == {}


def test_lists_of_terms() -> None:
    frame = pl.DataFrame({"tags": [["Rap", "En Español", "Hip-Hop"], ["nothing"], [], None]})
    assert frame.select(genre_families(pl.col("tags")))["tags"].to_list() == [["hip-hop"], None, None, None]
    assert frame.select(known_terms(pl.col("tags")))["tags"].to_list() == [["Rap", "Hip-Hop"], None, None, None]
