"""Import, against a stand-in for Kibana's API that records what it is sent."""

import base64
import email.parser
import email.policy
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from elasticsearch import Elasticsearch
from jsonschema import validate

from linernotes.cli import main
from linernotes.kibana.client import Kibana
from linernotes.kibana.objects import ndjson, objects
from mappings.errors import CheckFailedError, InputError, LinernotesError, UnreachableError
from tests.cli.test_contract import schema
from tests.indexer.test_generations import build
from tests.kibana.stub import CUT, Answer, Stub, running

DATA = ndjson(objects("linernotes"))
SECRET = "hush-this-is-secret"


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    for name in (
        "API_KEY",
        "API_KEY_FILE",
        "USERNAME",
        "PASSWORD",
        "PASSWORD_FILE",
        "CA_CERTS",
        "URL",
        "KIBANA_URL",
        "PREFIX",
    ):
        monkeypatch.delenv(f"LINERNOTES_{name}", raising=False)
    with running(Stub()) as found:
        yield found


def kibana(stub: Stub, **options: object) -> Kibana:
    return Kibana(stub.url, first_wait_s=0.01, **{"deadline_s": 5.0, **options})  # type: ignore[arg-type]


def parts(headers: dict[str, str], body: bytes) -> list[tuple[str, str | None, bytes]]:
    """Return the parts of a form as a mail parser reads them: name, file name, content."""
    head = f"Content-Type: {headers['content-type']}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    return [
        (
            str(part.get_param("name", header="content-disposition")),
            part.get_filename(),
            bytes(part.get_payload(decode=True)),
        )
        for part in message.iter_parts()
    ]


def test_it_sends_what_the_documentation_asks_for(stub: Stub) -> None:
    done = kibana(stub).import_objects(DATA)
    assert (done.objects, done.version) == (10, "8.19.13")
    assert done.kinds == {"index-pattern": 4, "search": 4, "dashboard": 2}
    (_, status, _, _), (method, path, headers, body) = stub.asked
    assert (status, method, path) == ("/api/status", "POST", "/api/saved_objects/_import?overwrite=true")
    assert headers["kbn-xsrf"] == "true"
    assert headers["content-type"].startswith("multipart/form-data; boundary=")
    assert parts(headers, body) == [("file", "linernotes.ndjson", DATA)]
    assert "authorization" not in headers


def test_the_space_is_in_the_path(stub: Stub) -> None:
    kibana(stub, space="music").import_objects(DATA)
    assert stub.asked[-1][1] == "/s/music/api/saved_objects/_import?overwrite=true"
    with pytest.raises(InputError, match="no space elsewhere"):
        kibana(stub, space="elsewhere").import_objects(DATA)


@pytest.mark.parametrize(
    "first",
    [
        [(503, b"Kibana server is not ready yet")],
        [CUT],
        [(429, {}), CUT, (502, b"<html>"), (504, b"")],
        [(200, {"version": {"number": "8.19.13"}}), CUT],
        [(200, {"version": {"number": "8.19.13"}}), (503, b"not ready"), CUT],
    ],
)
def test_it_survives_what_passes(stub: Stub, first: list[Answer]) -> None:
    failures = [answer for answer in first if answer == CUT or answer[0] != 200]
    told: list[str] = []
    stub.first = list(first)
    done = kibana(stub, report=told.append).import_objects(DATA)
    assert (done.objects, len(told)) == (10, len(failures))
    assert parts(stub.asked[-1][2], stub.asked[-1][3])[0][2] == DATA  # whole again, after a cut


@pytest.mark.parametrize(
    ("answers", "kind", "said"),
    [
        ([(401, {})], UnreachableError, "rejected the credentials"),
        ([(302, b"")], UnreachableError, "rejected the credentials"),
        ([(200, b"<html>hello</html>")], UnreachableError, "is no Kibana"),
        ([(200, {"version": "8.19"})], UnreachableError, "is no Kibana"),
        ([(200, {"version": {"number": "8.19.1"}}), (400, {"message": "no file"})], CheckFailedError, "no file"),
        (
            [
                (200, {"version": {"number": "8.19.1"}}),
                (200, {"success": False, "errors": [{"type": "search", "id": "x", "error": {"type": "conflict"}}]}),
            ],
            CheckFailedError,
            r"search x \(conflict\)",
        ),
    ],
)
def test_what_no_retry_mends_is_said_at_once(
    stub: Stub, answers: list[Answer], kind: type[LinernotesError], said: str
) -> None:
    stub.first = list(answers)
    with pytest.raises(kind, match=said):
        kibana(stub).import_objects(DATA)
    assert len(stub.asked) == len(answers)


@pytest.mark.parametrize("version", ["7.17.9", "8.11.0", "8.18.4", "10.0.0"])
def test_a_version_that_can_not_take_them_is_refused_in_one_sentence(stub: Stub, version: str) -> None:
    stub.version = version
    with pytest.raises(CheckFailedError) as refused:
        kibana(stub).import_objects(DATA)
    assert version in refused.value.message
    assert refused.value.message.count(".  ") == 0
    assert [path for _, path, _, _ in stub.asked] == ["/api/status"]


def test_nobody_there_is_given_up_after_the_deadline() -> None:
    with pytest.raises(UnreachableError, match="can't be reached"):
        Kibana("http://127.0.0.1:9", deadline_s=0.2, first_wait_s=0.05).import_objects(DATA)


def run(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capfd.readouterr()
    code = main.run(list(arguments))
    out, err = capfd.readouterr()
    assert "Traceback" not in err
    return code, out, err


def test_the_command(stub: Stub, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINERNOTES_USERNAME", "someone")
    monkeypatch.setenv("LINERNOTES_PASSWORD", SECRET)
    code, out, err = run(capfd, "kibana", "import", "--url", stub.url, "--json")
    told = orjson.loads(out)
    validate(told, schema("kibana_import"))
    assert (code, told["imported"], sum(told["kinds"].values()), told["space"]) == (0, 10, 10, "default")
    sent = stub.asked[-1][2]["authorization"]
    assert base64.b64decode(sent.removeprefix("Basic ")).decode() == f"someone:{SECRET}"
    assert SECRET not in out + err
    monkeypatch.setenv("LINERNOTES_API_KEY", SECRET)
    monkeypatch.setenv("LINERNOTES_KIBANA_URL", stub.url)
    code, out, err = run(capfd, "kibana", "import", "--space", "music")
    assert (code, stub.asked[-1][2]["authorization"]) == (0, f"ApiKey {SECRET}")
    assert SECRET not in out + err
    stub.version = "8.1.0"
    code, out, err = run(capfd, "kibana", "import")
    assert (code, out, err.count("\n")) == (5, "", 1)


def test_a_flawed_file_is_not_sent(stub: Stub, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    flawed = tmp_path / "flawed.ndjson"
    flawed.write_bytes(DATA.replace(b"commercial_use", b"commercial_usage"))
    code, _, err = run(capfd, "kibana", "import", str(flawed), "--url", stub.url)
    assert (code, stub.asked) == (5, [])
    assert "has no field commercial_usage" in err
    code, out, _ = run(capfd, "kibana", "check", str(flawed), "--json")
    told = orjson.loads(out)
    validate(told, schema("kibana_check"))
    assert (code, told["objects"]) == (5, 10)
    assert any("commercial_usage" in flaw["sentence"] for flaw in told["flaws"])
    code, out, _ = run(capfd, "kibana", "check", "--json")
    validate(orjson.loads(out), schema("kibana_check"))
    assert (code, orjson.loads(out)["flaws"]) == (0, [])
    assert run(capfd, "kibana", "check", str(tmp_path / "nothing"))[0] == 1


@pytest.mark.parametrize(
    "arguments",
    [("--url", f"http://me:{SECRET}@127.0.0.1:1"), ("--url", "nonsense"), ("--space", "../other"), ("--space", "")],
)
def test_addresses_and_spaces_that_can_not_be(
    stub: Stub, capfd: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    code, out, err = run(capfd, "kibana", "import", *arguments)
    assert code == 1
    assert SECRET not in out + err


def test_a_password_is_not_sent_in_the_open(
    stub: Stub, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINERNOTES_API_KEY", SECRET)
    code, out, err = run(capfd, "kibana", "import", "--url", "http://192.0.2.1:5601")
    assert code == 3
    assert SECRET not in out + err


@pytest.mark.usefixtures("cli_environment")
def test_check_against_the_indices_as_they_are(
    client: Elasticsearch, prefix: str, capfd: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capfd, "kibana", "check", "--live")
    assert code == 5
    assert "has no field genre" in out
    build(client, prefix)
    code, out, _ = run(capfd, "kibana", "check", "--live")
    assert code == 0, out
    assert "nothing is missing" in out
