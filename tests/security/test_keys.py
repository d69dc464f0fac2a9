"""`keys` as other programs run it: the JSON of the contract, from a real node."""

import json

import pytest
from jsonschema import validate

from tests.cli.conftest import Run
from tests.cli.test_contract import schema
from tests.security.conftest import ROLES, Node


@pytest.fixture
def known(node: Node) -> dict[str, str]:
    return node.environment(USERNAME="elastic", PASSWORD_FILE=str(node.own.password))


@pytest.mark.parametrize("role", ROLES)
def test_the_life_of_a_key(run: Run, node: Node, known: dict[str, str], role: str) -> None:
    ran = run(known, "keys", "create", "--role", role, "--name", f"of-{role}", "--days", "2", "--json")
    assert ran.code == 0, ran.err
    made = json.loads(ran.out)
    validate(made, schema("keys_create"))
    assert (made["name"], made["role"], list(made)) == (f"of-{role}", role, ["id", "name", "role", "encoded"])
    assert made["encoded"] not in ran.err
    assert run(node.environment(API_KEY=made["encoded"]), "search", "--size", "1").code == 0

    ran = run(known, "keys", "list", "--json")
    told = json.loads(ran.out)
    validate(told, schema("keys_list"))
    (listed,) = [key for key in told["keys"] if key["id"] == made["id"]]
    assert (listed["role"], listed["state"], listed["expires"] > listed["created"]) == (role, "active", True)
    assert made["encoded"] not in ran.out

    ran = run(known, "keys", "revoke", made["id"], "--json")
    revoked = json.loads(ran.out)
    validate(revoked, schema("keys_revoke"))
    assert revoked == listed | {"state": "revoked"}
    assert run(node.environment(API_KEY=made["encoded"]), "search").code == 3


def test_the_plain_output_is_the_key_alone(run: Run, known: dict[str, str]) -> None:
    """So that it may be written to a file; who it is goes to standard error."""
    ran = run(known, "keys", "create", "--role", "reader")
    assert ran.out.strip().isascii()
    assert len(ran.out.split()) == 1
    assert "secured-reader" in ran.err


def test_the_status_of_a_node_with_security_on(run: Run, node: Node) -> None:
    told = json.loads(run({"LINERNOTES_HOME": str(node.home)}, "node", "status", "--json").out)
    validate(told, schema("node_status"))
    assert told["secure"]
    assert told["nodes"][0]["url"].startswith("https://")
