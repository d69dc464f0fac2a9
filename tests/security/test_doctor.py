"""`doctor` with the rights of each role: what may not be seen is unknown, and no fault; what is wrong is one."""

from collections.abc import Iterator

import orjson
import pytest
from jsonschema import validate

from tests.cli.conftest import Ran, Run
from tests.cli.test_contract import schema
from tests.conftest import RELEASE
from tests.security.conftest import PREFIX, Node
from tests.security.test_midway import after, new_key, revoke

ASTRAY = f"{PREFIX}-diary"

OF_THE_MACHINE = frozenset({"health", "disks", "heap", "clock"})
"""These judge the machine that the tests run on, which may be short of something indeed."""

HIDDEN: dict[str, set[str]] = {
    "reader": {"licence", "health", "disks", "heap", "clock", "blocks", "shards", "generations", "ledger"},
    "loader": {"licence", "disks", "heap", "clock", "blocks"},
    "operator": set(),
    "elastic": set(),
}
"""The checks that can't be made with the rights of each."""


def environment(node: Node, actor: str, **changes: str) -> dict[str, str]:
    known = {"API_KEY": node.keys[actor].encoded} if actor in node.keys else {}
    if actor == "elastic":
        known = {"USERNAME": "elastic", "PASSWORD_FILE": str(node.own.password)}
    return node.environment(**(known | changes))


def asked(run: Run, settings: dict[str, str]) -> tuple[Ran, dict[str, object], dict[str, dict[str, str]]]:
    """Return what `doctor --json` did and said, and its findings by kind, less those of the machine."""
    ran = run(settings, "doctor", "--json")
    assert ran.out, ran.err
    told = orjson.loads(ran.out)
    validate(told, schema("doctor"))
    assert ran.code == (0 if told["well"] else 5), ran.err
    hidden = [one for one in told["findings"] if one["severity"] == "unknown"]
    wrong = [one for one in told["findings"] if one["severity"] != "unknown" and one["check"] not in OF_THE_MACHINE]
    assert {one["kind"] for one in hidden} <= {"not_allowed"}
    return ran, told, {one["kind"]: one for one in wrong}


@pytest.mark.parametrize("actor", HIDDEN)
def test_a_right_that_is_missing_is_no_fault(node: Node, run: Run, actor: str) -> None:
    _, told, wrong = asked(run, environment(node, actor))
    assert (told["version"], wrong) == (RELEASE.version, {})
    checks: list[dict[str, str]] = told["checks"]  # type: ignore[assignment]
    assert {check["name"] for check in checks if check["unknown"]} == HIDDEN[actor]
    assert {check["name"] for check in checks if check["state"] == "unknown"} == HIDDEN[actor]


def test_what_a_newcomer_reads(node: Node, run: Run) -> None:
    ran = run(environment(node, "reader"), "doctor")
    (name,) = {node.keys["reader"].name}
    assert f"The API key {name} may not see the licence (unchecked: licence)." in ran.out
    assert f"The API key {name} may not see the nodes (unchecked: disks, heap, clock)." in ran.out
    assert ran.out.count("Ask an operator to run linernotes doctor") == 1
    assert "403" not in ran.out + ran.err
    assert f"No problem was seen. {len(HIDDEN['reader'])} of 16 checks could not be made." in ran.out
    assert run(environment(node, "elastic"), "doctor").out.rstrip().splitlines()[-1].count("could not be made") == 0


@pytest.fixture
def astray(node: Node) -> Iterator[None]:
    """An index that is no generation stands behind the alias that all searches ask."""
    with node.client("elastic") as client:
        client.indices.create(index=ASTRAY, settings={"number_of_replicas": 0}, aliases={PREFIX: {}})
        yield
        client.indices.delete(index=ASTRAY)


@pytest.mark.usefixtures("astray")
@pytest.mark.parametrize("actor", HIDDEN)
def test_what_is_wrong_is_found_by_all_who_may_see_it(node: Node, run: Run, actor: str) -> None:
    ran, told, wrong = asked(run, environment(node, actor))
    assert (ran.code, told["well"]) == (5, False)
    assert {kind: (one["severity"], one["subject"]) for kind, one in wrong.items()} == {
        "alias_astray": ("error", ASTRAY)
    }


@pytest.fixture
def another(node: Node) -> Iterator[str]:
    """A data set's alias is taken by an index: what the state of its generations is judged by."""
    name = f"{PREFIX}-free-music-archive"
    with node.client("elastic") as client:
        client.indices.create(index=name, settings={"number_of_replicas": 0})
        yield name
        client.indices.delete(index=name)


@pytest.mark.usefixtures("another")
@pytest.mark.parametrize(
    ("actor", "kinds"), [("reader", set()), ("loader", {"name_taken"}), ("operator", {"name_taken"})]
)
def test_a_fault_that_only_some_may_see(node: Node, run: Run, actor: str, kinds: set[str]) -> None:
    _, _, wrong = asked(run, environment(node, actor))
    assert wrong.keys() == kinds


def test_a_key_of_another_prefix_sees_nothing_and_says_so(node: Node, run: Run) -> None:
    """An answer without indices would look like a system without faults."""
    _, told, wrong = asked(run, environment(node, "operator", PREFIX="somebody-elses"))
    assert wrong == {}
    checks: list[dict[str, str]] = told["checks"]  # type: ignore[assignment]
    unseen = {check["name"] for check in checks if check["state"] == "unknown"}
    assert {"bookkeeping", "generations", "aliases", "mappings", "ledger", "settings"} <= unseen


def test_nobody_in_particular_is_told_what_to_set(node: Node, run: Run) -> None:
    ran = run(environment(node, "anonymous"), "doctor", "--json")
    told = orjson.loads(ran.out)
    validate(told, schema("doctor"))
    assert ran.code == 3
    assert "asks for credentials, and none are set" in told["findings"][0]["evidence"]


def test_a_key_that_is_revoked_meanwhile_ends_the_examination(node: Node, run: Run) -> None:
    """Half an examination would look like a system of which little is known, and not like a key that is gone."""
    key = new_key(node, "operator")
    with after(4, ".", lambda: revoke(node, key.id)):
        ran = run(node.environment(API_KEY=key.encoded), "doctor", "--json")
    told = orjson.loads(ran.out)
    validate(told, schema("doctor"))
    assert (ran.code, [one["kind"] for one in told["findings"]]) == (3, ["unreachable"])
    assert "it was revoked" in told["findings"][0]["evidence"]
