"""Whatever is typed, Elasticsearch answers: user text is never a syntax error."""

import random

import pytest
from elasticsearch import Elasticsearch

import queries
from queries import text
from tests.queries import made
from tests.queries.conftest import Collection
from tests.queries.tracks import load, track

HOSTILE = {
    "quotes": "\"unbalanced 'quotes",
    "operators": "AND OR NOT && || ! ( ) { } [ ] ^ ~ * ? : \\ /",
    "leading operators": "-bakolu +dremon ~fithas",
    "wildcards": "* ? b*k?l* *:*",
    "regular expression": "/.*(a+)+$/",
    "json": '{"query": {"match_all": {}}}',
    "ranges": "[2000 TO *] year:>1990",
    "field": "title:bakolu _id:x _exists_:title",
    "script": "<script>alert(1)</script> ${jndi:x} {{7*7}} %s %n",
    "nul": "bak\x00olu",
    "all controls": "".join(map(chr, range(32))) + "".join(map(chr, range(127, 160))),
    "lone surrogates": "\ud800 \udfff a\udc80b",
    "noncharacters": "\ufdd0bakolu\ufdd1 \uffff \U0010ffff",
    "private use": "\ue000\uf8ff",
    "bidi": "\u202ebakolu\u202c \u2066x\u2069",
    "combining": "b" + "\u0301" * 1000,
    "only combining": "\u0301\u0302",
    "joiners": "\u200d\u200c\u200b",
    "emoji": "👩‍👩‍👧‍👦 🏳️‍🌈 ♥ 🎵",
    "fractions": "½ ① Ⅷ ²",
    "maybe a term and a word": "bakolu ½ ♥",
    "astral": "𝕭𝖆𝖐𝖔𝖑𝖚 𐍈 \U00018cd6",
    "one letter": "a",
    "one long word": "x" * 100_000,
    "many words": "bakolu " * 15_000,
    "many signs": "! " * 50_000,
    "many odd words": " ".join(f"{letter}é$š!ñ-{letter}o.ü" for letter in "abcdefghijklmnopqrstuvwx"),
    "eight odd words": " ".join(f"{letter}é$š!ñ-{letter}o.ü" for letter in "abcdefgh"),
    "many slips": "bakollu dremmon fithhas gwellph horzzin jaktturo kelvvum lobbrast mungiito",
    "long han": "東京事変" * 200,
    "long thai": "เพลงไทย" * 100,
    "dots": "." * 1000,
    "dotted": ".".join("abcdefghijklmnopqrstuvwxyz" * 10),
    "hyphenated": "-".join(["bakolu"] * 40),
    "articles": "the a an le la les el los las il gli der die das os as",
    "spaces": " \t\n\r\v\f\u00a0\u3000\u2028",
    "none": "none null undefined NaN true",
    "turkish": "İIıi ŞARKI",
    "ligatures": "ﬁ ﬃ ǆ ß",
}


@pytest.mark.parametrize("typed", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_answered(collection: Collection, typed: str) -> None:
    for facets in ((), queries.FACETS):
        asked = queries.request(typed, facet_names=facets, marked=True)
        answer = collection.searcher.search(asked)
        assert answer.text_cut == (len(typed) > 5_000 or asked.text.cut)
        assert answer.total.value < len(collection.tracks) or not asked.text.words


def test_random_bytes_are_answered(collection: Collection) -> None:
    rng = random.Random(3)
    for _ in range(50):
        raw = rng.randbytes(rng.randint(1, 60))
        for typed in (raw.decode("utf-8", "surrogateescape"), raw.decode("utf-16", "replace"), raw.decode("latin-1")):
            collection.searcher.search(queries.request(typed, size=3))


def test_hostile_filter_values_are_answered(collection: Collection) -> None:
    for value in HOSTILE.values():
        if len(value) < 5_000 and value.isprintable():
            literal = f"\\{value}"
            asked = queries.request(filters_by_facet={"artist": [literal], "genre": [literal]}, facet_names=["artist"])
            assert collection.searcher.search(asked).total.value == 0


def test_a_long_text_is_cut_and_says_so(collection: Collection) -> None:
    many = " ".join([made.WORDS[0]] * 1000)
    answer = collection.searcher.search(queries.request(many))
    assert answer.text_cut
    assert answer.total.value == collection.searcher.search(queries.request(made.WORDS[0])).total.value
    assert len(text.read(many).words) == text.MAX_WORDS


def test_signs_beside_words_dont_keep_names_from_being_found(client: Elasticsearch, prefix: str) -> None:
    load(client, prefix, [track(0, "Bakolu ♥ Dremon", ["Horzin"]), track(1, "Bakolu Dremon", ["Horzin"])])
    searcher = queries.Searcher(client, prefix)

    def total(typed: str) -> int:
        return searcher.search(queries.request(typed)).total.value

    assert total("bakolu - dremon") == 2
    assert total("bakolu ½ dremon") == 2
    assert total("?? bakolu !!!") == 2
    assert total("♥") == 1
    assert total("½") == 0
