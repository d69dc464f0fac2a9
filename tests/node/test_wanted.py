"""What a start is to bring about."""

from pathlib import Path

import pytest

from linernotes.node import config, startup
from linernotes.node.config import Peers, Ports
from linernotes.node.state import NodeState
from mappings.errors import InputError


def noted(name: str = "node-1", version: str = "8.19.13", *, secure: bool = False) -> NodeState:
    return NodeState(name, "http://127.0.0.1:1", version, "1g", 1, 2, "stopped", secure=secure)


def test_a_first_start_is_one_open_node_of_the_current_release() -> None:
    found = startup.decide([])
    assert (found.nodes, found.heap, found.secure, found.release.version) == (1, "1g", False, "8.19.13")


def test_what_is_not_asked_for_stays_as_it_was() -> None:
    before = [noted(f"node-{number}", "9.4.3", secure=True) for number in (1, 2, 3)]
    found = startup.decide(before)
    assert (found.nodes, found.secure, found.release.version) == (3, True, "9.4.3")


@pytest.mark.parametrize(
    ("before", "asked"),
    [([noted()] * 3, {"nodes": 1}), ([], {"nodes": 10}), ([], {"version": 7}), ([], {"heap": "9999g"})],
)
def test_what_cannot_be(before: list[NodeState], asked: dict[str, object]) -> None:
    with pytest.raises(InputError):
        startup.decide(before, **asked)  # type: ignore[arg-type]


@pytest.mark.parametrize("asked", [{"nodes": 3}, {"is_secure": True}, {"version": 9}])
def test_what_runs_is_not_changed_silently(asked: dict[str, object]) -> None:
    before = [noted()]
    startup.need_same(before, startup.decide(before))
    with pytest.raises(InputError, match="node stop"):
        startup.need_same(before, startup.decide(before, **asked))  # type: ignore[arg-type]


def test_founders_are_named_once() -> None:
    here, at = config.of(Path("/srv")), Ports(1, 2)
    first = config.settings(here, at, (), peers=Peers({"node-1": 2, "node-2": 4}, founding=True))
    later = config.settings(here, at, (), peers=Peers({"node-1": 2, "node-2": 4}, founding=False))
    assert first["cluster.initial_master_nodes"] == ["node-1", "node-2"]
    assert first["discovery.seed_hosts"] == later["discovery.seed_hosts"] == ["127.0.0.1:2", "127.0.0.1:4"]
    assert "cluster.initial_master_nodes" not in later
    assert "discovery.type" not in first | later
