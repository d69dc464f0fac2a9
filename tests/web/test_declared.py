"""A declared data set on the pages and in the API: listed, named, filtered by, exported."""

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from elasticsearch import Elasticsearch

from linernotes.cli import main
from linernotes.elastic import connect
from linernotes.settings import from_environment
from linernotes.web.config import Options
from linernotes.web.services.data_version import MAX_AGE_S
from mappings.cards import CARDS
from mappings.errors import UnreachableError
from queries import Searcher
from tests.queries.tracks import forget
from tests.sources.declared_tables import ROWS, TABLES
from tests.web.serving import serving
from tests.web.uploads import checked

TABLE = TABLES["synthetic-lists"]
NAME = f"Table {TABLE.id}"


@dataclass(frozen=True)
class Declared:
    """A client of a server over one declared data set, and the settings of that."""

    web: httpx.Client
    environment: dict[str, str]


@pytest.fixture(scope="module")
def declared(client: Elasticsearch, es_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Declared]:
    prefix, folder = f"t{uuid.uuid4().hex[:10]}", tmp_path_factory.mktemp("declared")
    environment = {"LINERNOTES_URL": es_url, "LINERNOTES_PREFIX": prefix, "LINERNOTES_HOME": str(folder)}
    declaration = folder / "x.toml"
    declaration.write_text(TABLE.declaration)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        assert main.run(["datasets", "add", str(declaration)]) == 0
        assert main.run(["load", TABLE.id, str(TABLE.written(folder))]) == 0
    with connect(from_environment(environment)) as own:
        searcher = Searcher(own, prefix)
        with serving(lambda: searcher, Options()) as url, httpx.Client(base_url=url, timeout=30) as web:
            yield Declared(web, environment)
    forget(client, prefix)


def test_an_export_knows_it_at_once(declared: Declared) -> None:
    """The first request of a server, on a route that isn't cached."""
    answer = declared.web.get("/api/v1/export", params={"dataset": TABLE.id})
    assert answer.status_code == 200, answer.text
    assert len(answer.text.splitlines()) == ROWS


PAGES = ("/", "/datasets", f"/datasets/{TABLE.id}", "/stats", "/overlap", f"/search?dataset={TABLE.id}")


@pytest.mark.parametrize("path", PAGES)
def test_pages_name_it(declared: Declared, path: str) -> None:
    answer = declared.web.get(path)
    assert answer.status_code == 200
    assert NAME in answer.text


def test_its_card(declared: Declared) -> None:
    page = declared.web.get(f"/datasets/{TABLE.id}").text
    assert "written by the operators of this site" in page
    assert "Nobody Inc." in page
    assert "of 0 tracks" not in page
    one = declared.web.get(f"/api/v1/datasets/{TABLE.id}").json()["dataset"]
    assert one["declared"]
    assert one["loaded"]["records"] == ROWS
    listed = [each["id"] for each in declared.web.get("/api/v1/datasets").json()["datasets"]]
    assert listed == [*CARDS, TABLE.id]


def test_a_search_that_finds_nothing_offers_to_leave_it_out(declared: Declared) -> None:
    """The searches without one of the filters are asked in other threads."""
    answer = declared.web.get("/search", params={"q": "Synthetic Song 3", "dataset": TABLE.id, "genre": "classical"})
    assert answer.status_code == 200
    assert NAME in answer.text


def test_an_unknown_one_is_said_with_the_nearest(declared: Declared) -> None:
    answer = declared.web.get("/api/v1/search", params={"dataset": "synthetic-list"})
    assert answer.status_code == 400
    assert TABLE.id in answer.json()["hint"]


def test_a_catalogue_check_names_it(declared: Declared) -> None:
    job = checked(declared.web, b"artist,title\nMade Band 3,Synthetic Song 3\n")
    assert set(job["summary"]["by_dataset"]) == {TABLE.id}
    for kind in ("html", "csv", "ndjson"):
        report = declared.web.get(job["reports"][kind])
        assert (NAME if kind == "html" else TABLE.id) in report.text


def test_a_change_of_the_card_ends_cached_pages(
    declared: Declared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert NAME in declared.web.get("/datasets").text
    changed = tmp_path / "y.toml"
    changed.write_text(TABLE.declaration.replace(f'"{NAME}"', '"Another name"'))
    for name, value in declared.environment.items():
        monkeypatch.setenv(name, value)
    assert main.run(["datasets", "add", str(changed)]) == 0
    time.sleep(MAX_AGE_S)
    until = time.monotonic() + 5  # a busy node takes longer to say so than a request waits for it
    while "Another name" not in declared.web.get("/datasets").text:
        assert time.monotonic() < until


def test_while_elasticsearch_is_away_any_name_may_be_that_of_a_declared_one() -> None:
    def away() -> Searcher:
        raise UnreachableError("Elasticsearch can't be reached.")

    with serving(away, Options()) as url, httpx.Client(base_url=url) as web:
        for path in (f"search?dataset={TABLE.id}", f"stats?dataset=-{TABLE.id}", f"datasets/{TABLE.id}"):
            answer = web.get(f"/api/v1/{path}")
            assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable"), answer.text
        assert web.get("/api/v1/search?dataset=No%20Such").status_code == 400
