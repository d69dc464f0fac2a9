"""One real Elasticsearch with security on, for all tests of this folder: its own home, password, authority and keys."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from linernotes import samples, settings
from linernotes.cli import main
from linernotes.elastic import connect
from linernotes.node import security, service, status
from linernotes.security import keys
from tests.cli.conftest import Ran, Run
from tests.conftest import MAJOR, node_home

PREFIX = "secured"
ROLES = ("reader", "loader", "operator")
RECORDS = "400"


@dataclass(frozen=True)
class Node:
    """The node, and a key of each role. Some real rows are loaded, with the loader's own key."""

    home: Path
    url: str
    own: security.SecurityFiles
    keys: dict[str, keys.NewKey]
    sample: Path

    def environment(self, **changes: str) -> dict[str, str]:
        """Return the settings that lead to the node by its address, with these changes."""
        table = {"URL": self.url, "CA_CERTS": str(self.own.authority), "PREFIX": PREFIX, "HOME": str(self.home)}
        return {f"LINERNOTES_{name}": value for name, value in (table | changes).items()}

    def client(self, actor: str) -> Elasticsearch:
        """Return a client for a role, for `elastic`, or for `anonymous`."""
        known = {"API_KEY": self.keys[actor].encoded} if actor in self.keys else {}
        if actor == "elastic":
            known = {"USERNAME": "elastic", "PASSWORD": self.own.read_password()}
        return connect(settings.from_environment(self.environment(**known)))


@pytest.fixture(scope="session")
def node(distribution: Path) -> Iterator[Node]:
    with node_home() as home:
        service.start(home, heap="512m", is_secure=True, version=MAJOR, distribution=distribution, report=print)
        url = status.url_of(home)
        assert url is not None
        with connect(settings.from_environment({"LINERNOTES_HOME": str(home)})) as client:
            made = {role: keys.create(client, PREFIX, role, None, None) for role in ROLES}
        sample = samples.write(home / "samples")["spotify-tracks-dataset"][0]
        found = Node(home, url, security.of(home), made, sample)
        with pytest.MonkeyPatch.context() as patch:
            for name, value in found.environment(API_KEY=made["loader"].encoded).items():
                patch.setenv(name, value)
            assert main.run(["load", "spotify-tracks-dataset", str(sample), "--limit", RECORDS]) == 0
        yield found


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command with the given settings and no others."""

    def ran(environment: dict[str, str], *arguments: str | Path) -> Ran:
        for name in settings.VARIABLES:
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        capfd.readouterr()
        code = main.run([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return Ran(code, out, err)

    return ran
