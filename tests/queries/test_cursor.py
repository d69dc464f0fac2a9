import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

import queries
from mappings.errors import InputError
from queries import Stage, cursor
from queries.cursor import Cursor
from queries.model import Json
from queries.search import run

KEYS = st.lists(
    st.one_of(st.text(), st.floats(allow_nan=False, allow_infinity=False), st.integers(-(2**63), 2**63 - 1)), max_size=5
)


@given(st.sampled_from(Stage), KEYS.map(tuple), st.text())
def test_what_is_written_is_read(stage: Stage, keys: tuple[object, ...], fingerprint: str) -> None:
    try:
        written = cursor.write_cursor(Cursor(stage, keys), fingerprint)
    except TypeError:  # lone surrogates: never part of a key that Elasticsearch gave
        return
    assert cursor.read_cursor(written, fingerprint) == Cursor(stage, keys)
    assert set(written) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(st.text())
def test_anything_else_is_a_bad_cursor(text: str) -> None:
    with pytest.raises(InputError, match="Bad cursor"):
        cursor.read_cursor(text, "x")


@given(st.data())
def test_a_changed_letter_is_noticed(data: st.DataObject) -> None:
    good = cursor.write_cursor(Cursor(Stage.STRICT, (1.5, 3, "a", "b")), "x")
    at = data.draw(st.integers(0, len(good) - 2))  # of the last letter not all bits count
    letter = data.draw(st.sampled_from("ABCxyz019-_").filter(lambda other: other != good[at]))
    with pytest.raises(InputError, match="Bad cursor"):
        cursor.read_cursor(good[:at] + letter + good[at + 1 :], "x")


@pytest.mark.parametrize(
    "keys",
    [
        (),
        ("a",),
        (1.0,),
        (1.0, 1, 2),
        (1.0, 1, 2, 3, 4),
        ("a", 1, 2, 3),
        (None, 1, 2, 3),
        (1.0, True, 2, 3),
        ({}, 1, 2, 3),
    ],
)
def test_forged_keys_never_reach_elasticsearch(keys: tuple[object, ...]) -> None:
    request = queries.request("x")
    forged = cursor.write_cursor(Cursor(Stage.STRICT, keys), request.fingerprint)
    with pytest.raises(InputError, match="Bad cursor"):
        run.run(nobody, queries.request("x", after=forged))


def nobody(*bodies: Json) -> list[Json]:
    raise AssertionError(bodies)


def test_forged_contents_are_a_bad_cursor() -> None:
    for content in (b"", b"{}", b"[1]", b"nonsense", b'[1,"x","unheard of",[]]', b'[1,"x","strict",5]'):
        raw = cursor._checksum(content) + content
        with pytest.raises(InputError, match="Bad cursor"):
            cursor.read_cursor(base64.urlsafe_b64encode(raw).decode().rstrip("="), "x")
