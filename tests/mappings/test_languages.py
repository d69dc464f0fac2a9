"""Each language's analyzer by behaviour: an inflected form finds a title of its language, and of no other."""

import uuid
from collections.abc import Iterator

import pytest
from elasticsearch import Elasticsearch

import queries
from mappings.languages import CODES, LANGUAGES
from queries import Match, Searcher
from tests.queries.tracks import forget, load, track

# Language, a word as in a title, another form of it that is asked for, another language of the same script.
CASES = [
    ("ar", "الكتاب", "كتاب", "fa"),
    ("bg", "звездите", "звезда", "sr"),
    ("bn", "গান", "গানের", "und"),
    ("ca", "paraules", "paraula", "tr"),
    ("ckb", "کتێبەکان", "کتێب", "fa"),
    ("cs", "písničky", "písnička", "en"),
    ("da", "drømmene", "drømme", "en"),
    ("de", "Lieder", "Lied", "en"),
    ("el", "τραγούδια", "τραγούδι", "und"),
    ("en", "dancing", "danced", "de"),
    ("es", "canciones", "canción", "tr"),
    ("et", "lilled", "lille", "tr"),
    ("eu", "abestiak", "abesti", "en"),
    ("fa", "ستاره‌ها", "ستاره", "ar"),
    ("fi", "laulut", "laulu", "en"),
    ("fr", "chansons", "chanson", "tr"),
    ("ga", "gcailín", "cailín", "en"),
    ("gl", "estrelas", "estrela", "tr"),
    ("hi", "लड़कियाँ", "लड़की", "und"),
    ("hu", "dal", "dalok", "en"),
    ("hy", "ծաղիկներ", "ծաղիկ", "und"),
    ("id", "nyanyian", "nyanyi", "en"),
    ("it", "canzoni", "canzone", "en"),
    ("lt", "dainos", "daina", "en"),
    ("lv", "dziesmas", "dziesma", "tr"),
    ("nl", "dromen", "droom", "en"),
    ("no", "sangene", "sang", "en"),
    ("pt", "canções", "canção", "en"),
    ("pt-br", "meninos", "menino", "tr"),
    ("ro", "florilor", "florile", "en"),
    ("ru", "песни", "песня", "sr"),
    ("sr", "песме", "песма", "und"),
    ("sv", "sångerna", "sång", "en"),
    ("tr", "şarkılar", "şarkı", "en"),
]

KANA = ["ガラス", "カラス"]
ACCENTS = ["Ros", "Rós"]


@pytest.fixture(scope="module")
def searcher(client: Elasticsearch) -> Iterator[Searcher]:
    prefix = f"t{uuid.uuid4().hex[:10]}"
    made = [
        track(3 * number + which, f"{word} zzz", ["Somebody"], language=language)
        for number, (own, word, _, other) in enumerate(CASES)
        for which, language in enumerate((own, other, "und"))
    ]
    made += [track(900 + number, title, ["Somebody"], language="ja") for number, title in enumerate(KANA)]
    made += [track(910 + number, title, ["Somebody"], language="und") for number, title in enumerate(ACCENTS)]
    try:
        load(client, prefix, made)
        yield Searcher(client, prefix)
    finally:
        forget(client, prefix)


def hits(searcher: Searcher, text: str, *matches: Match) -> list[str]:
    """Return the source ids of what is found for one of these reasons, the best first."""
    found = searcher.search(queries.request(text, size=100)).hits
    return [hit.track["source_id"] for hit in found if hit.match in matches]


@pytest.mark.parametrize(("number", "case"), list(enumerate(CASES)), ids=[case[0] for case in CASES])
def test_another_form_finds_a_title_of_its_language_only(
    searcher: Searcher, number: int, case: tuple[str, str, str, str]
) -> None:
    _, word, asked, _ = case
    assert hits(searcher, asked, Match.STEMMED) == [f"t{3 * number:05d}"]
    written = hits(searcher, word, Match.FOLDED)
    assert {f"t{3 * number + which:05d}" for which in range(3)} <= set(written)


def test_every_language_that_stems_has_a_case() -> None:
    # `cjk` makes pairs, `thai` words: neither has forms of a word.
    assert {entry.code for entry in LANGUAGES} - {case[0] for case in CASES} == {"ja", "ko", "zh", "th"}
    assert set(CODES) >= {case[0] for case in CASES}


@pytest.mark.parametrize("number", [0, 1])
def test_voicing_is_kept(searcher: Searcher, number: int) -> None:
    assert hits(searcher, KANA[number], Match.EXACT, Match.FOLDED) == [f"t{900 + number:05d}"]


@pytest.mark.parametrize(("half_width", "number"), [("ｶﾞﾗｽ", 0), ("ｶﾗｽ", 1)])
def test_half_width_is_full_width(searcher: Searcher, half_width: str, number: int) -> None:
    assert hits(searcher, half_width, Match.EXACT, Match.FOLDED) == [f"t{900 + number:05d}"]


def test_accents_rank_and_do_not_exclude(searcher: Searcher) -> None:
    assert hits(searcher, "rós", Match.EXACT, Match.FOLDED) == ["t00911", "t00910"]
    assert hits(searcher, "ros", Match.EXACT, Match.FOLDED) == ["t00910", "t00911"]
