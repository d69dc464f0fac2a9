"""Who may do what: each cell of the table, against a real node."""

import uuid
from collections.abc import Callable

import pytest
from elasticsearch import Elasticsearch

from indexer.cluster import declarations
from indexer.sources.declaration import parse
from mappings.cards import CARDS
from mappings.errors import UnreachableError
from queries.client import all_cards
from tests.security.conftest import PREFIX, Node
from tests.sources.declared_tables import TABLES

GENERATION = f"{PREFIX}-spotify-tracks-dataset-g000001"
OTHER = "somebody-elses"
ALL = "*,-.*"
"""Elasticsearch's own indices begin with a dot, and to ask for them is deprecated."""


def search(client: Elasticsearch, _: str) -> None:
    assert client.search(index=PREFIX, query={"match_all": {}})["hits"]["total"]["value"] > 0


def declare(client: Elasticsearch, name: str) -> None:
    text = f"{TABLES['synthetic-tabs'].declaration}\n# {name}\n"
    assert declarations.add(client, PREFIX, parse(text, "x.toml"))


def read_cards(client: Elasticsearch, _: str) -> None:
    assert len(all_cards(client, PREFIX)) >= len(CARDS)


def load(client: Elasticsearch, name: str) -> None:
    client.indices.create(index=f"{name}-new", settings={"number_of_replicas": 0})
    answer = client.bulk(operations=[{"index": {}}, {"title": "x"}], index=f"{name}-new", refresh=True)
    assert answer.get("errors", False) is False


def swap(client: Elasticsearch, name: str) -> None:
    moves = [{"remove": {"index": GENERATION, "alias": f"{name}-not", "must_exist": False}}]
    client.indices.update_aliases(actions=[*moves, {"add": {"index": GENERATION, "alias": f"{name}-alias"}}])


def delete(client: Elasticsearch, name: str) -> None:
    client.indices.delete(index=name)


class HiddenError(Exception):
    """What may not be seen is left out of an answer, without a word."""


def see_others(client: Elasticsearch, _: str) -> None:
    for seen in (
        client.indices.get(index=ALL).body,
        client.indices.get_alias(index=ALL).body,
        client.indices.get_mapping(index=ALL).body,
        {entry["name"] for entry in client.indices.resolve_index(name=ALL)["indices"]},
    ):
        if OTHER not in seen:
            raise HiddenError


def name_others(client: Elasticsearch, _: str) -> None:
    """The cluster's health names all indices, and nothing but them: a right of the whole cluster, or of nobody."""
    if OTHER not in client.cluster.health(level="indices")["indices"]:
        raise HiddenError


def read_others(client: Elasticsearch, _: str) -> None:
    client.search(index=OTHER)


def change_others(client: Elasticsearch, _: str) -> None:
    client.index(index=OTHER, document={"title": "x"})


def manage(client: Elasticsearch, _: str) -> None:
    client.cluster.put_settings(transient={"cluster.routing.allocation.enable": None})


def manage_keys(client: Elasticsearch, name: str) -> None:
    client.security.create_api_key(name=name)


def read_passwords(client: Elasticsearch, _: str) -> None:
    client.search(index=".security")


Deed = Callable[[Elasticsearch, str], None]
ACTORS = ("anonymous", "reader", "loader", "operator")
TABLE: dict[Deed, tuple[str, ...]] = {
    search: ("reader", "loader", "operator"),
    read_cards: ("reader", "loader", "operator"),
    declare: ("loader", "operator"),
    load: ("loader", "operator"),
    swap: ("loader", "operator"),
    delete: ("operator",),
    see_others: (),
    name_others: ("loader", "operator"),
    read_others: (),
    change_others: (),
    manage: ("operator",),
    manage_keys: (),
    read_passwords: (),
}


@pytest.fixture
def name(node: Node) -> str:
    """Return the name of an index of the prefix that is there to be deleted; another's index is there too."""
    found = f"{PREFIX}-{uuid.uuid4().hex[:8]}"
    with node.client("elastic") as client:
        client.indices.create(index=found, settings={"number_of_replicas": 0})
        client.options(ignore_status=400).indices.create(index=OTHER, settings={"number_of_replicas": 0})
    return found


def state(node: Node) -> object:
    """Return what a deed that is refused must leave as it was: indices, their aliases and documents."""
    with node.client("elastic") as client:
        client.indices.refresh(index=f"{PREFIX}*,{OTHER}")
        aliases = client.indices.get_alias(index=f"{PREFIX}*,{OTHER}").body
        return aliases, {index: client.count(index=index)["count"] for index in sorted(aliases)}


@pytest.mark.parametrize("actor", ACTORS)
@pytest.mark.parametrize("deed", TABLE, ids=lambda deed: deed.__name__)
def test_who_may_do_what(node: Node, name: str, actor: str, deed: Deed) -> None:
    with node.client(actor) as client:
        if actor in TABLE[deed]:
            deed(client, name)
            return
        before = state(node)
        with pytest.raises((UnreachableError, HiddenError)) as refused:
            deed(client, name)
        why = "asks for credentials" if actor == "anonymous" else "is not allowed to do this"
        assert refused.type is HiddenError or why in str(refused.value), "not for any other reason"
        assert state(node) == before


def test_each_deed_can_be_done_at_all(node: Node, name: str) -> None:
    """A deed that fails for everybody would prove nothing: the superuser can do each of them."""
    with node.client("elastic") as client:
        for deed in TABLE.keys() - {read_passwords}:
            deed(client, name)


@pytest.mark.parametrize("actor", ["reader", "loader", "operator"])
def test_a_key_opens_one_prefix_only(node: Node, actor: str) -> None:
    """A prefix that merely begins with the same letters is another one."""
    index = f"{PREFIX}er-{uuid.uuid4().hex[:8]}"
    with node.client("elastic") as client:
        client.indices.create(index=index, settings={"number_of_replicas": 0})
    with node.client(actor) as client, pytest.raises(UnreachableError):
        client.search(index=index)
