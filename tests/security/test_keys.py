"""`keys` as other programs run it: the JSON of the contract, from a real node."""

import json

import pytest
from jsonschema import validate

from linernotes.security.roles import ROLES as ROLE
from tests.cli.conftest import Run
from tests.cli.test_contract import schema
from tests.security.conftest import PREFIX, ROLES, Node


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


def test_a_user_with_the_right_to_own_keys_manages_these_alone(run: Run, node: Node, known: dict[str, str]) -> None:
    """The service `admin` of docker-compose.yml is such a user: an operator who may make keys of his own."""
    roles = {
        "linernotes-keys": {"cluster": ["manage_own_api_key"]},
        "secured-operator": ROLE["operator"].descriptor(PREFIX),
    }
    with node.client("elastic") as client:
        for name, body in roles.items():
            client.security.put_role(name=name, **body)
        client.security.put_user(username="admin", password="a-password-of-his", roles=list(roles))
    admin = node.environment(USERNAME="admin", PASSWORD="a-password-of-his")
    others = json.loads(run(known, "keys", "create", "--role", "reader", "--json").out)

    made = json.loads(run(admin, "keys", "create", "--role", "reader", "--json").out)
    assert run(node.environment(API_KEY=made["encoded"]), "search", "--limit", "1").code == 0
    listed = json.loads(run(admin, "keys", "list", "--json").out)["keys"]
    assert [key["id"] for key in listed] == [made["id"]]
    assert {made["id"], others["id"]} <= {
        key["id"] for key in json.loads(run(known, "keys", "list", "--json").out)["keys"]
    }

    refused = run(admin, "keys", "revoke", others["id"])
    assert (refused.code, "There is no key with the id" in refused.err) == (1, True), refused.err
    assert json.loads(run(admin, "keys", "revoke", made["id"], "--json").out)["state"] == "revoked"
    assert run(node.environment(API_KEY=others["encoded"]), "search", "--limit", "1").code == 0
    assert run(node.environment(API_KEY=made["encoded"]), "search", "--limit", "1").code == 3
