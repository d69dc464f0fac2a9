"""Several addresses in LINERNOTES_URL: one that is away is passed over, and errors speak of what is set."""

import orjson
import pytest

from tests.cli.conftest import Run
from tests.cli.test_bad_input import one_sentence

NOBODY = "http://127.0.0.1:9"


@pytest.mark.usefixtures("on_samples")
@pytest.mark.parametrize("text", [f"{NOBODY},{{}}", f"{{}} , {NOBODY}/", f"{NOBODY},http://127.0.0.1:1,{{}},"])
def test_an_address_where_nobody_listens_is_passed_over(
    run: Run, es_url: str, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("LINERNOTES_URL", text.format(es_url))
    for _ in range(3):  # the client library begins with another node each time
        ran = run("search", "--limit", "1", "--json")
        assert ran.code == 0, ran.err
        assert orjson.loads(ran.out)["hits"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{NOBODY},https://127.0.0.1:9", "both http:// and https://"),
        ("https://ann:secret1@127.0.0.1:9,https://bob:secret2@127.0.0.1:9", "more than one user"),
        (f"{NOBODY},nonsense", "LINERNOTES_URL can't be used"),
    ],
)
def test_addresses_that_do_not_go_together(run: Run, monkeypatch: pytest.MonkeyPatch, text: str, words: str) -> None:
    monkeypatch.setenv("LINERNOTES_URL", text)
    ran = run("search", "x")
    assert ran.code == 1
    assert words in one_sentence(ran.err)
    assert "secret" not in ran.err


def test_when_no_address_answers_the_local_node_is_not_mentioned(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINERNOTES_URL", f"{NOBODY},http://127.0.0.1:1")
    ran = run("search", "x")
    assert ran.code == 3
    assert one_sentence(ran.err).endswith("See: linernotes doctor")
    ran = run("doctor")
    assert ran.code == 3
    shown = " ".join(ran.out.split())
    assert "LINERNOTES_URL" in shown
    assert "node status" not in shown
