"""What keeps a command out: one sentence and exit code 3 each, against a real node with security on."""

import http.server
import json
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from linernotes.node import security
from linernotes.node.process import current_account
from linernotes.node.state import Layout
from linernotes.security import certificates, keys
from linernotes.security.credentials import write_private
from linernotes.security.roles import ROLES
from tests.cli.conftest import Ran, Run
from tests.security.conftest import PREFIX, Node

# Seconds until Elasticsearch has noticed a new certificate: it looks every 5 s.
RELOAD = 30


def one_sentence(ran: Ran, code: int, words: str) -> None:
    assert ran.code == code, ran.err
    assert words in ran.err
    assert len(ran.err.strip().splitlines()) == 1, ran.err
    assert "Traceback" not in ran.err
    assert ran.out == ""


def with_key(node: Node, role: str = "reader", **changes: str) -> dict[str, str]:
    return node.environment(API_KEY=node.keys[role].encoded, **changes)


def test_the_right_way_in(node: Node, run: Run) -> None:
    key, password = with_key(node), node.environment(USERNAME="elastic", PASSWORD_FILE=str(node.own.password))
    local = {
        name: value for name, value in node.environment().items() if name in ("LINERNOTES_HOME", "LINERNOTES_PREFIX")
    }
    for environment in (key, password, local):
        ran = run(environment, "search", "--size", "1", "--json")
        assert ran.code == 0, ran.err


def test_wrong_authority(node: Node, run: Run, tmp_path: Path) -> None:
    wrong = tmp_path / "ca.crt"
    wrong.write_bytes(certificates.authority("another authority").certificate)
    words = "is not signed by a certificate authority that is trusted here"
    one_sentence(run(with_key(node, CA_CERTS=str(wrong)), "search"), 3, words)
    # Its name alone doesn't make an authority.
    wrong.write_bytes(certificates.authority(f"linernotes local authority {Layout(node.home).cluster}").certificate)
    one_sentence(run(with_key(node, CA_CERTS=str(wrong)), "search"), 3, words)
    # Nor do those that the machine trusts.
    one_sentence(run(with_key(node, CA_CERTS=""), "search"), 3, words)


def test_nobody_listens_there(node: Node, run: Run) -> None:
    url = node.url.replace("127.0.0.1", "127.0.0.2")
    one_sentence(run(with_key(node, URL=url), "search"), 3, "can't be reached")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"USERNAME": "elastic", "PASSWORD": "not-the-password"}, "refuses the password of the user elastic"),
        ({"USERNAME": "nobody-here", "PASSWORD": "x"}, "refuses the password of the user nobody-here"),
        ({}, "asks for credentials, and none are set"),
        ({"API_KEY": "bm90OmtleQ=="}, "refuses the API key: it is not known here"),
        ({"API_KEY": "nonsense"}, "refuses the API key"),
    ],
)
def test_wrong_credentials(node: Node, run: Run, changes: dict[str, str], words: str) -> None:
    one_sentence(run(node.environment(**changes), "search"), 3, words)


def test_revoked_key(node: Node, run: Run) -> None:
    operator = node.environment(USERNAME="elastic", PASSWORD_FILE=str(node.own.password))
    made = run(operator, "keys", "create", "--role", "reader", "--name", "short-lived", "--days", "1", "--json").out
    key = json.loads(made)
    environment = node.environment(API_KEY=key["encoded"])
    assert run(environment, "search", "--size", "1").code == 0
    assert run(operator, "keys", "revoke", key["id"]).code == 0
    one_sentence(run(environment, "search"), 3, "refuses the API key: it was revoked")
    assert "revoked" in run(operator, "keys", "list").out
    assert run(operator, "keys", "revoke", key["id"]).code == 0, "twice is no error"
    for key_id in ("no-such-id", "-itWAAaIBd7FS2QEpY7QM", "--WAAaIBd7FS2QEpY7QM"):  # Elasticsearch makes such ids
        one_sentence(run(operator, "keys", "revoke", key_id), 1, f"no key with the id {key_id}")


def test_expired_key(node: Node, run: Run) -> None:
    """`keys create` counts in days; what ends sooner is made by Elasticsearch itself."""
    role, metadata = ROLES["reader"].descriptor(PREFIX), {keys.MADE_BY: {"role": "reader", "prefix": PREFIX}}
    with node.client("elastic") as client:
        made = client.security.create_api_key(
            name="a-moment", expiration="1ms", role_descriptors={"reader": role}, metadata=metadata
        )
    time.sleep(0.1)
    one_sentence(run(node.environment(API_KEY=made["encoded"]), "search"), 3, "refuses the API key: it has expired")
    listed = run(node.environment(USERNAME="elastic", PASSWORD_FILE=str(node.own.password)), "keys", "list", "--json")
    assert {"a-moment": "expired"}.items() <= {
        one["name"]: one["state"] for one in json.loads(listed.out)["keys"]
    }.items()


LOAD = ("load", "spotify-tracks-dataset", "{sample}", "--limit", "10")
KEYS = "Keys are managed by a user, not by a key"
A_LOADER = "That takes a key of the role loader"
A_READER = "That takes a key of the role reader or higher, for the same LINERNOTES_PREFIX"


@pytest.mark.parametrize(
    ("role", "command", "words"),
    [
        ("reader", LOAD, A_LOADER),
        ("reader", ("update", *LOAD[1:3]), A_LOADER),
        ("reader", ("reindex", LOAD[1]), A_LOADER),
        ("reader", ("rollback", LOAD[1]), A_LOADER),
        ("reader", ("prune", LOAD[1], "--keep", "1"), A_LOADER),
        ("reader", ("rejected", "replay", LOAD[1]), A_LOADER),
        ("reader", ("watch", "add", "Somebody"), A_LOADER),
        ("reader", ("keys", "list"), KEYS),
        ("loader", ("keys", "list"), KEYS),
        ("operator", ("keys", "create", "--role", "reader"), KEYS),
        ("operator", ("keys", "revoke", "some-id"), KEYS),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, tuple) else "",
)
def test_a_key_without_the_right(node: Node, run: Run, role: str, command: tuple[str, ...], words: str) -> None:
    ran = run(with_key(node, role), *(part.format(sample=node.sample) for part in command))
    one_sentence(ran, 3, words)
    assert f"The API key is not allowed to do this at {where(node)} (" in ran.err


@pytest.mark.parametrize("command", [("search",), ("stats",), ("facet", "genre"), ("export", "--out", "{out}")])
def test_a_key_of_another_prefix(node: Node, run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    """Elasticsearch refuses each search of several by itself, in an answer that is a success."""
    arguments = (part.format(out=tmp_path / "all.csv") for part in command)
    one_sentence(run(with_key(node, PREFIX="somebody-elses"), *arguments), 3, A_READER)
    assert list(tmp_path.iterdir()) == []


def where(node: Node) -> str:
    return node.url.partition("//")[2]


def test_an_unknown_role(node: Node, run: Run) -> None:
    one_sentence(run(node.environment(), "keys", "create", "--role", "king"), 2, "'reader', 'loader', 'operator'")


def test_plain_http_to_a_port_that_speaks_tls(node: Node, run: Run) -> None:
    url = node.url.replace("https:", "http:")
    one_sentence(run(with_key(node, URL=url), "search"), 3, "speaks TLS, and was asked over plain HTTP")


class Silent(http.server.BaseHTTPRequestHandler):
    """Answers in plain HTTP, and says nothing on standard error."""

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def plain_port() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Silent) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_tls_to_a_plain_port(node: Node, run: Run, plain_port: int) -> None:
    one_sentence(run(with_key(node, URL=f"https://127.0.0.1:{plain_port}"), "search"), 3, "does not speak TLS")


@pytest.mark.parametrize("url", ["http://192.0.2.1:9200", "http://elastic:pass@192.0.2.1:9200"])
def test_credentials_are_not_sent_in_the_open(node: Node, run: Run, url: str) -> None:
    began = time.monotonic()
    ran = run(with_key(node, URL=url), "search")
    one_sentence(ran, 3, "Credentials are not sent over plain HTTP to another machine (192.0.2.1)")
    assert time.monotonic() - began < 5, "it was not even tried"
    assert "pass" not in ran.err.replace("password", "")


def test_a_secret_in_a_file_that_others_may_read(node: Node, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(node.keys["reader"].encoded)
    file.chmod(0o640)
    environment = node.environment(API_KEY_FILE=str(file))
    one_sentence(run(environment, "search"), 1, "which other users may read or write. Run: chmod 600")
    file.chmod(0o600)
    assert run(environment, "search", "--size", "1").code == 0
    file.unlink()
    one_sentence(run(environment, "search"), 1, "can't be read: No such file")


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_an_authority_that_is_none(node: Node, run: Run, tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "ca.crt"
    if content is not None:
        file.write_bytes(content)
    one_sentence(run(with_key(node, CA_CERTS=str(file)), "search"), 1, "which can't be used")


@pytest.fixture
def replaced(node: Node) -> Iterator[Callable[[certificates.Pair], None]]:
    """Give the running node another certificate, which it takes up by itself; its own one comes back afterwards."""
    layout, account = Layout(node.home), current_account()
    owner = (account.uid, account.gid) if account.switch else None

    def replace(pair: certificates.Pair) -> None:
        write_private(layout.config / "node.key", pair.key, owner)
        write_private(layout.config / "node.crt", pair.certificate, owner)

    yield replace
    security.install_certificate(layout, account)


@pytest.mark.parametrize(
    ("options", "words"),
    [({"days": -1}, "has expired"), ({"hosts": ["elsewhere.example.org"]}, "is made for another name")],
)
def test_certificate_that_has_ended_or_is_of_another_host(
    node: Node, run: Run, replaced: Callable[[certificates.Pair], None], options: dict[str, Any], words: str
) -> None:
    signer = certificates.Pair(node.own.authority.read_bytes(), node.own.authority_key.read_bytes())
    replaced(certificates.issue(signer, "node-1", **options))
    one_sentence(later(lambda: run(with_key(node), "search", "--size", "1"), 3), 3, words)
    # The node's own one comes back, and with it everything works again.
    security.install_certificate(Layout(node.home), current_account())
    assert later(lambda: run(with_key(node), "search", "--size", "1"), 0).code == 0


def later(ask: Callable[[], Ran], code: int) -> Ran:
    """Return the answer with an exit code, or the last one: Elasticsearch takes up a certificate by itself."""
    deadline = time.monotonic() + RELOAD
    while (ran := ask()).code != code and time.monotonic() < deadline:
        time.sleep(0.5)
    return ran


def test_the_files_of_a_secure_node(node: Node) -> None:
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in node.own.folder.iterdir()}
    assert modes == {"ca.crt": 0o644, "ca.key": 0o600, "password": 0o600}
    config = Layout(node.home).config
    assert stat.S_IMODE((config / "node.key").stat().st_mode) == 0o600
    assert not stat.S_IMODE((config / "elasticsearch.keystore").stat().st_mode) & stat.S_IRWXO
    password = node.own.read_password()
    texts = [path for path in config.iterdir() if path.is_file()]
    assert len(password) == 32
    assert not [path for path in texts if password.encode() in path.read_bytes()]
