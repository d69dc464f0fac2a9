"""`serve` asks with a reader's rights: with a key of its own where it would be the superuser, else with what is set."""

import signal
import time
from pathlib import Path

import httpx
import pytest

from linernotes.elastic import connect, is_superuser
from linernotes.security import keys
from linernotes.settings import from_environment
from linernotes.web.api import PREFIX as API
from linernotes.web.services.elasticsearch_client import MAY_WRITE, ClientProvider
from tests.security.conftest import PREFIX, Node
from tests.web.serving import command

NAME = f"{PREFIX}-serve"


def own(node: Node) -> list[keys.Key]:
    """Return the keys that servers made for themselves, the newest first."""
    with node.client("elastic") as client:
        return [key for key in keys.listed(client, PREFIX) if key.name == NAME]


def local(node: Node) -> dict[str, str]:
    """Return the settings of somebody who has the local node, and names nobody."""
    return {"LINERNOTES_HOME": str(node.home), "LINERNOTES_PREFIX": PREFIX}


def test_it_makes_itself_a_readers_key_and_revokes_it(node: Node, tmp_path: Path) -> None:
    with command(tmp_path / "log", local(node)) as served:
        assert httpx.get(f"{served.url}{API}/search?size=1").json()["total"]["value"] > 0
        key = own(node)[0]
        assert (key.role, key.state) == ("reader", "active")
        assert key.expires is not None
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(20) == 0
        assert own(node)[0].id == key.id
        assert own(node)[0].state == "revoked"
        assert MAY_WRITE not in served.log.read_text()


def test_a_key_that_isnt_known_any_more_is_made_anew(node: Node) -> None:
    connection = ClientProvider(from_environment(local(node)), 15.0)
    try:
        assert connection().loaded()
        first = own(node)[0]
        with node.client("elastic") as client:
            keys.revoke(client, PREFIX, first.id)
        connection._checked_at = 0.0
        assert connection().loaded()
        assert own(node)[0].id != first.id
    finally:
        connection.close()
    assert {key.state for key in own(node)} == {"revoked"}


@pytest.mark.parametrize(("actor", "warned"), [("reader", 0), ("loader", 1), ("operator", 1), ("elastic", 1)])
def test_it_says_where_credentials_may_write(node: Node, tmp_path: Path, actor: str, warned: int) -> None:
    known = {"API_KEY": node.keys[actor].encoded} if actor in node.keys else {}
    known |= {"USERNAME": "elastic", "PASSWORD_FILE": str(node.own.password)} if actor == "elastic" else {}
    before = len(own(node))
    with command(tmp_path / "log", node.environment(**known)) as served:
        assert httpx.get(f"{served.url}{API}/search?size=1").status_code == 200
        assert [line["message"] for line in served.lines()].count(MAY_WRITE) == warned
    assert len(own(node)) == before


def test_credentials_that_are_refused_are_told(node: Node, tmp_path: Path) -> None:
    with command(tmp_path / "log", node.environment(API_KEY="bm90OmFrZXk=")) as served:
        answer = httpx.get(f"{served.url}{API}/search")
        assert answer.status_code == 503
        assert "API key" not in answer.text  # visitors needn't know how the server gets in
        deadline = time.monotonic() + 10  # the log has it after the client has the answer
        while "API key" not in (tmp_path / "log").read_text():
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_who_is_a_superuser(node: Node) -> None:
    assert is_superuser(from_environment(local(node)))
    assert not is_superuser(from_environment(node.environment()))
    with connect(from_environment(local(node))) as client:
        assert client.security.authenticate()["username"] == "elastic"
