"""Import, against a stand-in for Kibana's API that records what it is sent."""

import base64
import email.parser
import email.policy
import os
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from elasticsearch import Elasticsearch
from jsonschema import validate

from linernotes.cli import main
from linernotes.kibana.client import Kibana
from linernotes.kibana.objects import ndjson, objects
from linernotes.security.credentials import Credentials
from mappings.errors import CheckFailedError, InputError, LinernotesError, UnreachableError
from tests.cli.test_contract import schema
from tests.indexer.test_generations import build
from tests.kibana.stub import CUT, FORBIDDEN, Answer, Stub, running
from tests.sources.declared_tables import TABLES

DATA = ndjson(objects("linernotes"))
SECRET = "hush-this-is-secret"


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Stub]:
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
    monkeypatch.setenv("LINERNOTES_HOME", str(tmp_path))  # without a local node
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


STATUS: Answer = (200, {"version": {"number": "8.19.13"}, "status": {"overall": {"level": "available"}}})
SPACE: Answer = (200, {"id": "default", "name": "Default", "disabledFeatures": []})


def test_it_sends_what_the_documentation_asks_for(stub: Stub) -> None:
    done = kibana(stub).import_objects(DATA)
    assert (done.objects, done.version, done.new_ids, done.refused) == (12, "8.19.13", 0, [])
    assert done.kinds == {"index-pattern": 4, "search": 4, "dashboard": 4}
    (_, status, _, _), (_, space, _, _), (method, path, headers, body) = stub.asked
    assert (status, space) == ("/api/status", "/api/spaces/space/default")
    assert (method, path) == ("POST", "/api/saved_objects/_import?overwrite=true")
    assert headers["kbn-xsrf"] == "true"
    assert headers["content-type"].startswith("multipart/form-data; boundary=")
    assert parts(headers, body) == [("file", "linernotes.ndjson", DATA)]
    assert "authorization" not in headers


def test_the_space_is_in_the_path(stub: Stub) -> None:
    kibana(stub, space="music").import_objects(DATA)
    assert stub.asked[-1][1] == "/s/music/api/saved_objects/_import?overwrite=true"


def test_nothing_is_sent_into_a_space_that_is_not_there(stub: Stub) -> None:
    with pytest.raises(InputError, match="no space elsewhere"):
        kibana(stub, space="elsewhere").import_objects(DATA)
    assert [method for method, *_ in stub.asked] == ["GET", "GET"]  # Kibana would take it, and it would be lost


def test_a_space_that_this_user_may_not_use(stub: Stub) -> None:
    stub.first = [STATUS, FORBIDDEN]
    with pytest.raises(UnreachableError, match="doesn't let this user") as refused:
        kibana(stub, space="music").import_objects(DATA)
    assert "Unauthorized to get music space" in refused.value.message


def test_wrong_credentials_are_told_from_something_that_is_no_kibana(stub: Stub) -> None:
    stub.user = ("someone", SECRET)
    with pytest.raises(UnreachableError, match="Kibana needs credentials"):
        kibana(stub).import_objects(DATA)
    with pytest.raises(UnreachableError, match="Kibana rejected the credentials"):
        kibana(stub, credentials=Credentials(username="someone", password="wrong")).import_objects(DATA)
    assert {method for method, *_ in stub.asked} == {"GET"}
    done = kibana(stub, credentials=Credentials(username="someone", password=SECRET)).import_objects(DATA)
    assert (done.objects, done.version) == (12, "8.19.13")


def test_a_kibana_that_hides_its_version_takes_the_objects(stub: Stub) -> None:
    stub.shows_version = False
    lines: list[str] = []
    done = kibana(stub, report=lines.append).import_objects(DATA)
    assert (done.objects, done.version) == (12, None)
    assert "doesn't tell its version" in lines[0]


def test_a_base_path_belongs_to_the_address() -> None:
    with running(Stub(base_path="/kibana")) as stub:
        assert kibana(stub).import_objects(DATA).objects == 12
        with pytest.raises(UnreachableError) as refused:
            Kibana(stub.url.removesuffix("/kibana")).import_objects(DATA)
    assert "Nothing is at /api/status" in refused.value.message
    assert "base path" in refused.value.hint


def test_elasticsearch_is_told_from_kibana(es_url: str) -> None:
    with pytest.raises(UnreachableError, match="is Elasticsearch"):
        Kibana(es_url).import_objects(DATA)


@pytest.mark.parametrize(
    "first",
    [
        [(503, b"Kibana server is not ready yet")],
        [CUT],
        [(429, {}), CUT, (502, b"<html>"), (504, b"")],
        [STATUS, CUT],
        [STATUS, SPACE, (503, b"not ready"), CUT],
    ],
)
def test_it_survives_what_passes(stub: Stub, first: list[Answer]) -> None:
    failures = [answer for answer in first if answer == CUT or answer[0] != 200]
    lines: list[str] = []
    stub.first = list(first)
    done = kibana(stub, report=lines.append).import_objects(DATA)
    assert (done.objects, len(lines)) == (12, len(failures))
    assert parts(stub.asked[-1][2], stub.asked[-1][3])[0][2] == DATA  # whole again, after a cut


@pytest.mark.parametrize(
    ("answers", "kind", "said"),
    [
        ([(401, {})], UnreachableError, "needs credentials"),
        ([(302, b"")], UnreachableError, "leads elsewhere"),
        ([(200, b"<html>hello</html>")], UnreachableError, "is no Kibana"),
        ([(200, {"version": "8.19"})], UnreachableError, "is no Kibana"),
        ([(200, {"status": "green"})], UnreachableError, "is no Kibana"),
        ([(404, {"detail": "Not Found"})], UnreachableError, "is no Kibana"),
        ([STATUS, (200, {"id": "another"})], UnreachableError, "is no Kibana"),
        ([STATUS, SPACE, (400, {"message": "no file"})], CheckFailedError, "no file"),
    ],
)
def test_what_no_retry_mends_is_said_at_once(
    stub: Stub, answers: list[Answer], kind: type[LinernotesError], said: str
) -> None:
    stub.first = list(answers)
    with pytest.raises(kind, match=said):
        kibana(stub).import_objects(DATA)
    assert len(stub.asked) == len(answers)


BOARD = "linernotes-board-sets"
UNKNOWN = {"type": "unknown", "message": "Document dashboard has a newer version", "statusCode": 400}
LOST = {"type": "missing_references", "references": [{"type": "index-pattern", "id": "linernotes-tracks"}]}


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (UNKNOWN, "Document dashboard has a newer version"),
        ({"type": "unsupported_type"}, "unsupported type"),
    ],
)
def test_the_other_objects_are_imported_and_it_says_so(
    stub: Stub, capfd: pytest.CaptureFixture[str], error: dict[str, object], said: str
) -> None:
    stub.refused = {BOARD: error}
    code, out, _ = run(capfd, "kibana", "import", "--url", stub.url)
    assert code == 4
    assert "11 of 12 objects were imported" in out
    assert f"Not imported: dashboard {BOARD} ({said})" in out
    code, out, _ = run(capfd, "kibana", "import", "--url", stub.url, "--json")
    answer = orjson.loads(out)
    validate(answer, schema("kibana_import"))
    assert (code, answer["imported"]) == (4, 11)
    assert answer["refused"] == [{"type": "dashboard", "id": BOARD, "reason": said}]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (LOST, "missing references: index-pattern linernotes-tracks"),
        ({"type": "conflict"}, "conflict"),
        ({"type": "ambiguous_conflict", "destinations": [{"id": "a"}, {"id": "b"}]}, "ambiguous conflict"),
    ],
)
def test_an_error_with_which_kibana_imports_nothing(
    stub: Stub, capfd: pytest.CaptureFixture[str], error: dict[str, object], said: str
) -> None:
    stub.refused = {BOARD: error}
    code, out, err = run(capfd, "kibana", "import", "--url", stub.url)
    assert (code, out) == (5, "")  # although Kibana counts 11 successes
    assert f"dashboard {BOARD} ({said})" in err
    assert "None of the objects was imported" in err


def test_new_ids_in_a_second_space_are_explained(stub: Stub, capfd: pytest.CaptureFixture[str]) -> None:
    stub.new_ids = True
    code, out, _ = run(capfd, "kibana", "import", "--url", stub.url, "--space", "music")
    assert (code, "gave 12 of them new ids" in out) == (0, True)
    code, out, _ = run(capfd, "kibana", "import", "--url", stub.url, "--space", "music", "--json")
    assert orjson.loads(out)["new_ids"] == 12


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
    assert (code, told["imported"], sum(told["kinds"].values()), told["space"]) == (0, 12, 12, "default")
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
    assert (code, out, err.count("\n")) == (5, "", 2)  # the first is of data sets that were declared


def test_declared_data_sets_are_coloured(
    stub: Stub,
    capfd: pytest.CaptureFixture[str],
    es_url: str,
    prefix: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    table = TABLES["synthetic-tabs"]
    (tmp_path / "x.toml").write_text(table.declaration)

    def sent() -> bytes:
        code, _, err = run(capfd, "kibana", "import", "--url", stub.url)
        assert (code, "no colours" in err) == (0, "LINERNOTES_URL" not in os.environ)
        ((_, _, file),) = parts(stub.asked[-1][2], stub.asked[-1][3])
        return file

    assert b"synthetic-tabs" not in sent()  # and says so, as Elasticsearch isn't there
    monkeypatch.setenv("LINERNOTES_URL", es_url)
    monkeypatch.setenv("LINERNOTES_PREFIX", prefix)
    assert b"synthetic-tabs" not in sent()
    assert run(capfd, "datasets", "add", str(tmp_path / "x.toml"))[0] == 0
    assert sent().count(b"synthetic-tabs") == 4


def test_a_flawed_file_is_not_sent(stub: Stub, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    flawed = tmp_path / "flawed.ndjson"
    flawed.write_bytes(DATA.replace(b"commercial_use", b"commercial_usage"))
    code, _, err = run(capfd, "kibana", "import", str(flawed), "--url", stub.url)
    assert (code, stub.asked) == (5, [])
    assert "has no field commercial_usage" in err
    code, out, _ = run(capfd, "kibana", "check", str(flawed), "--json")
    told = orjson.loads(out)
    validate(told, schema("kibana_check"))
    assert (code, told["objects"]) == (5, 12)
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
