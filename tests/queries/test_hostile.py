"""Whatever is typed, Elasticsearch answers: user text is never a syntax error."""

import random
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import orjson
import pytest
from elasticsearch import Elasticsearch

import queries
from mappings.errors import InputError, LinernotesError
from queries import cursor, text
from queries.cursor import Cursor
from queries.model import Stage
from queries.search.search_request import SearchRequest
from tests.queries import made
from tests.queries.conftest import Collection
from tests.queries.tracks import forget, load, track

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


FUZZED_TEXTS, FUZZED_CURSORS, FUZZED_COMMANDS = 700, 300, 40
LONGEST_S = 2.0
"""Nothing that anybody types may take longer."""

SIGNS = (
    *"\"'“”„«»:;,.!?*~^()[]{}<>/\\|&+-=#@$%_`´♥👩‍👩‍👧‍👦🏳️‍🌈½①\x00\x1b\x7f\x85\u200f\u202e\u2066\u2069\ufeff\ufdd0\ufdd1\uffff\ud800\udfff",
    *(
        "artist:",
        "title:",
        "album:",
        "year:",
        "-artist:",
        "-year:1990..",
        'title:"',
        '-"',
        "year:..",
        "AND",
        "OR",
        "NOT",
    ),
    *(
        "&&",
        "||",
        "*:*",
        "_id:",
        "/.*/",
        "\\u0000",
        "\u0301" * 40,
        "שלום",
        "مرحبا",
        "東京",
        "เพลง",
        "İ",
        "ß",
        "ﬃ",
        "\u200d",
    ),
)


def fuzzed(rng: random.Random) -> str:
    """Return a text of signs, words and any characters, joined anyhow; few are long, one in a hundred has 100 kB."""
    pieces = [
        rng.choice((rng.choice(SIGNS), rng.choice(SIGNS), rng.choice(made.WORDS), chr(rng.randrange(0x110000))))
        for _ in range(rng.choice((*(1, 1, 2, 2, 3, 3, 4, 5, 6, 8), rng.choice((12, 24, 60)))))
    ]
    typed = "".join(piece + rng.choice(("", "", " ")) for piece in pieces)
    return typed * (100_000 // len(typed)) if rng.random() < 0.01 else typed


def forged(rng: random.Random, request: SearchRequest, real: str) -> str:
    """Return a cursor that is damaged, or whole but of keys that no hit has."""
    at = rng.randrange(len(real))
    keys: tuple[Any, ...] = (
        1.5,
        -1,
        0,
        2**63,
        1e308,
        float("nan"),
        None,
        True,
        "",
        "x" * 3_000,
        "\x00",
        [],
        {},
        "laion-disco-12m",
        [1],
    )
    stage = rng.choice(list(Stage))
    odd = Cursor(stage, tuple(rng.choice(keys) for _ in range(rng.choice((0, 1, 3, 4, 4, 4, 5)))))
    ways: list[Callable[[], str]] = [
        lambda: real[:at],
        lambda: real[:at] + rng.choice("AZaz09-_=+/ \x00é\ud800") + real[at + 1 :],
        lambda: real * rng.randint(2, 200),
        lambda: fuzzed(rng),
        lambda: cursor.write_cursor(odd, request.fingerprint),
        lambda: cursor.write_cursor(odd, request.fingerprint),
        lambda: cursor.write_cursor(
            Cursor(stage, tuple(rng.choices(keys[:5], k=rng.choice((3, 4))))), request.fingerprint
        ),
    ]
    return rng.choice(ways)()


@pytest.fixture(scope="module")
def few(client: Elasticsearch) -> Iterator[Collection]:
    """Return 400 tracks in one shard: what is hostile costs in every shard, and is the same in each."""
    prefix = f"t{uuid.uuid4().hex[:10]}"
    tracks = [one | {"dataset": made.DATASETS[0]} for one in made.tracks(400, seed=2)]
    try:
        load(client, prefix, tracks)
        yield Collection(tracks, queries.Searcher(client, prefix), prefix)
    finally:
        forget(client, prefix)


def in_time(collection: Collection, request: SearchRequest) -> None:
    """Ask; what took too long is asked once more, as the machine is shared."""
    for last in (False, True):
        began = time.monotonic()
        try:
            collection.searcher.search(request)
        except InputError as problem:
            one_sentence(problem)
        if (took := time.monotonic() - began) <= LONGEST_S:
            return
        assert not last, (took, request.text.name[:300])


@pytest.mark.slow
def test_fuzzed_texts_are_answered_in_time(few: Collection) -> None:
    rng = random.Random(60)
    for number in range(FUZZED_TEXTS):
        names = queries.DEFAULT_FACETS if number % 4 == 0 else ()
        in_time(few, queries.request(fuzzed(rng), facet_names=names, size=3, highlight=number % 3 == 0))


def test_fuzzed_cursors_are_answered_in_time(few: Collection) -> None:
    rng = random.Random(61)
    requests = [queries.request(typed, size=3, sort=sort) for typed in ("", made.WORDS[0]) for sort in queries.Sort]
    known = [(request, few.searcher.search(request).next or "") for request in requests]
    for _ in range(FUZZED_CURSORS):
        request, real = rng.choice(known)
        assert real
        in_time(few, replace(request, after=forged(rng, request, real)))


@pytest.mark.parametrize("command", ["search", "facet artist", "suggest", "artist", "stats"])
def test_fuzzed_commands_are_answered(
    few: Collection,
    command: str,
    es_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    from linernotes.cli import main  # the rest of this module is for the library alone

    monkeypatch.setenv("LINERNOTES_URL", es_url)
    monkeypatch.setenv("LINERNOTES_PREFIX", few.prefix)
    rng, answered = random.Random(62), 0
    for _ in range(FUZZED_COMMANDS // 5):
        typed = fuzzed(rng)
        for option in (["--json"], []):
            code = main.run([*command.split(), *option, "--", typed])
            out, err = capfd.readouterr()
            assert code in (0, 1), (typed[:300], err)
            assert len(err.splitlines()) == code, (typed[:300], err)
            assert not (option and out and not orjson.loads(out))
            answered += code == 0
    assert answered


@pytest.mark.parametrize("typed", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_answered(collection: Collection, typed: str) -> None:
    for facets in ((), queries.FACETS):
        request = queries.request(typed, facet_names=facets, highlight=True)
        answer = collection.searcher.search(request)
        assert answer.text_truncated == (len(typed) > 5_000 or request.text.truncated)
        assert answer.total.value < len(collection.tracks) or not request.text.words


def test_random_bytes_are_answered(collection: Collection) -> None:
    rng = random.Random(3)
    for _ in range(50):
        raw = rng.randbytes(rng.randint(1, 60))
        for typed in (raw.decode("utf-8", "surrogateescape"), raw.decode("utf-16", "replace"), raw.decode("latin-1")):
            collection.searcher.search(queries.request(typed, size=3))


def test_hostile_filter_values_are_answered(collection: Collection) -> None:
    sent, refused = 0, list[str]()
    for name, value in HOSTILE.items():
        literal = f"\\{value}"
        for facet in ("artist", "genre"):
            try:
                request = queries.request(filters_by_facet={facet: [literal]}, facet_names=["artist"])
            except InputError as problem:
                one_sentence(problem)
                refused.append(name)
                continue
            assert collection.searcher.search(request).total.value == 0
            sent += 1
    assert sent > 2 * len(HOSTILE) / 2
    # What no record can hold, and what is longer than any name.
    assert {"nul", "lone surrogates", "one long word", "combining"} <= set(refused)
    assert not {"quotes", "wildcards", "json", "emoji", "turkish", "one letter"} & set(refused)


def one_sentence(problem: LinernotesError) -> None:
    said = str(problem)
    assert said
    assert len(said) < 600
    assert said.isprintable()


def test_a_long_text_is_cut_and_says_so(collection: Collection) -> None:
    many = " ".join([made.WORDS[0]] * 1000)
    answer = collection.searcher.search(queries.request(many))
    assert answer.text_truncated
    assert answer.total.value == collection.searcher.search(queries.request(made.WORDS[0])).total.value
    assert len(text.parse(many).words) == text.MAX_WORDS


def test_signs_beside_words_dont_keep_names_from_being_found(client: Elasticsearch, prefix: str) -> None:
    titles = ("Bakolu ♥ Dremon", "Bakolu Dremon", "Fithas ½", "♥")
    load(client, prefix, [track(number, title, ["Horzin"]) for number, title in enumerate(titles)])
    searcher = queries.Searcher(client, prefix)

    def total(typed: str) -> int:
        return searcher.search(queries.request(typed)).total.value

    assert total("bakolu - dremon") == 2
    assert total("?? bakolu !!!") == 2
    assert total("♥") == 1  # as a whole name: inside of one it is no word
    assert total("½") == total("fithas 1/2") == 1  # a number is a word
    assert total("bakolu ½ dremon") == 0
