"""Five declared data sets, from the draft to the removal, beside the built-in ones, by the command line alone."""

import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from elasticsearch import Elasticsearch

from indexer.cluster.declarations import add, get_source, remove
from indexer.cluster.progress import Progress
from indexer.load.load import Options, load_dataset
from indexer.load.plan import make
from indexer.sources.declaration import parse, schema
from linernotes.cli import main
from mappings.cards import CARDS
from mappings.errors import CheckFailedError
from mappings.index_names import declarations
from tests.cli.conftest import Run
from tests.queries.tracks import forget
from tests.sources.declared_tables import ROWS, SONGS, TABLES

FMA = "free-music-archive"
TABS = TABLES["synthetic-tabs"]


@pytest.fixture(scope="module")
def five(
    client: Elasticsearch, es_url: str, sample_files: dict[str, list[Path]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Return a prefix under which the five tables and the sample rows of the four are loaded."""
    prefix, folder = f"t{uuid.uuid4().hex[:10]}", tmp_path_factory.mktemp("tables")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LINERNOTES_URL", es_url)
        patch.setenv("LINERNOTES_PREFIX", prefix)
        for table in TABLES.values():
            declaration = folder / f"{table.id}.toml"
            declaration.write_text(table.declaration)
            assert main.run(["datasets", "add", str(declaration)]) == 0
            assert main.run(["load", table.id, str(table.written(folder))]) == 0
        for dataset, paths in sample_files.items():
            assert main.run(["load", dataset, *map(str, paths)]) in (0, 4)
    yield prefix
    forget(client, prefix)


@pytest.fixture
def on_five(five: str, es_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("LINERNOTES_URL", es_url)
    monkeypatch.setenv("LINERNOTES_PREFIX", five)
    return five


def answer(run: Run, *arguments: str | Path, code: int = 0) -> Any:
    ran = run(*arguments, "--json")
    assert ran.code == code, ran.err
    return orjson.loads(ran.out.splitlines()[-1])


def counted(result: Any, facet: str) -> dict[str, int]:
    return {str(bucket["value"]): bucket["count"] for bucket in result["facets"][facet]["buckets"]}


@pytest.mark.usefixtures("on_five")
@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_facets_equal_brute_force(run: Run, table: Any) -> None:
    result = answer(run, "search", "--dataset", table.id, "--facets", "genre,licence,year,artist,platform")
    assert result["total"] == {"value": ROWS, "exact": True}
    tracks = [table.track(song) for song in SONGS]
    for facet, field in (("genre", "genre"), ("licence", "licence"), ("year", "year")):
        if field in table.has:
            values = [track[field] for track in tracks if track[field] is not None]
            expected = Counter(
                str(item) for value in values for item in (value if isinstance(value, list) else [value])
            )
            assert counted(result, facet) == dict(expected)
    assert counted(result, "platform") == {"Synthetic Platform": ROWS}
    if "artists" in table.has:
        expected = Counter(name for track in tracks for name in track["artists"])
        assert counted(result, "artist") == dict(expected.most_common())


@pytest.mark.usefixtures("on_five")
def test_all_data_sets_are_listed(run: Run) -> None:
    rows = {row["id"]: row for row in answer(run, "datasets")["datasets"]}
    assert list(rows) == [*CARDS, *sorted(TABLES)]
    for table in TABLES:
        assert rows[table]["declared"]
        assert rows[table]["name"] == f"Table {table}"
        assert rows[table]["loaded"]["records"] == ROWS
        assert rows[table]["loaded"]["revision"] == "synthetic sample"
        assert [claim["user"] for claim in rows[table]["used_by"]] == ["Nobody Inc."]
    assert "Table synthetic-tabs" in run("datasets").out
    assert counted(answer(run, "search", "--facets", "dataset"), "dataset").keys() == {*CARDS, *TABLES}


@pytest.mark.usefixtures("on_five")
def test_overlap_counts_them_with_the_four(run: Run) -> None:
    result = answer(run, "overlap")["recordings"]
    shared = {frozenset(pair["datasets"]): pair["shared"]["value"] for pair in result["pairs"]}
    # By the key of artist and title; a guest is none, so the first artist counts in all five.
    for one in TABLES:
        for other in TABLES:
            if one < other:
                assert shared[frozenset((one, other))] == ROWS
        assert shared[frozenset((one, FMA))] == 1
    assert len(result["datasets"]) == 9
    assert len(result["in_datasets"]) == 9


@pytest.mark.usefixtures("on_five")
def test_a_catalogue_is_checked_against_them(run: Run, tmp_path: Path) -> None:
    catalogue = tmp_path / "catalogue.csv"
    catalogue.write_text("artist,title\nAWOL,Food\nMade Band 3,Synthetic Song 3\nNobody,Nothing of the Kind\n")
    rows = [orjson.loads(line) for line in run("check", catalogue, "--json").out.splitlines()]
    assert [row["verdict"] for row in rows[:-1]] == ["found", "found", "not found"]
    assert {match["dataset"] for match in rows[0]["matches"]} >= {FMA, *TABLES}
    assert {match["dataset"] for match in rows[1]["matches"]} == set(TABLES)
    assert set(rows[-1]["summary"]["by_dataset"]) == {*CARDS, *TABLES}
    assert "Table synthetic-lists" in run("check", catalogue).out


@pytest.mark.usefixtures("on_five")
def test_an_artist_has_what_is_known_of_the_use(run: Run) -> None:
    artist = answer(run, "artist", "Made", "Band", "3")["artist"]
    assert set(artist["used_by"]) == set(TABLES)
    assert {claim["user"] for claims in artist["used_by"].values() for claim in claims} == {"Nobody Inc."}
    shown = run("artist", "Made", "Band", "3").out
    assert "Nobody Inc." in shown
    assert "without a card" not in shown


@pytest.mark.usefixtures("on_five")
def test_other_commands_know_them(run: Run) -> None:
    assert "Did you mean synthetic-tabs?" in run("search", "--dataset", "synthetic-tab").err
    assert run("search", "--dataset", "no-such-set").code == 1
    generations = answer(run, "generations", "synthetic-tabs")["generations"]
    assert [row["state"] for row in generations] == ["current"]
    assert answer(run, "rejected", "list", "synthetic-tabs")["total"] == 0
    assert run("doctor").code in (0, 5)
    assert "declaration added, version 1" in run("history", "synthetic-tabs").out


@pytest.mark.parametrize("table", ["synthetic-semicolons", "synthetic-tabs"])
def test_an_update_shows_the_right_difference(run: Run, table: str, cli_environment: None, tmp_path: Path) -> None:
    kind = TABLES[table]
    (tmp_path / "x.toml").write_text(kind.declaration)
    assert run("datasets", "add", tmp_path / "x.toml").code == 0
    assert answer(run, "load", table, kind.written(tmp_path, SONGS[:50]))["indexed"] == 50
    difference = answer(run, "update", table, kind.written(tmp_path, SONGS[5:]), "--dry-run")
    assert {name: difference[name] for name in ("added", "changed", "removed", "unchanged")} == {
        "added": 10, "changed": 0, "removed": 5, "unchanged": 45,
    }  # fmt: skip
    done = answer(run, "update", table, kind.written(tmp_path, SONGS[5:]), "--max-change", "100")
    assert done["alias_moved"]
    assert answer(run, "search", "--dataset", table)["total"]["value"] == 55
    assert answer(run, "rollback", table)["alias_moved"]
    assert answer(run, "search", "--dataset", table)["total"]["value"] == 50


@pytest.mark.usefixtures("cli_environment")
def test_another_declaration_changes_tracks_whose_rows_are_the_same(run: Run, tmp_path: Path) -> None:
    table = TABLES["synthetic-lists"]
    declaration, path = tmp_path / "x.toml", table.written(tmp_path)
    declaration.write_text(table.declaration)
    assert run("datasets", "add", declaration).code == 0
    assert run("load", table.id, path).code == 0
    declaration.write_text(
        table.declaration.replace('duration_s = "seconds"', 'duration_s = {column = "seconds", unit = "min"}')
    )
    assert answer(run, "datasets", "add", declaration) == {
        "dataset": table.id, "name": f"Table {table.id}", "version": 2, "changed": True,
    }  # fmt: skip
    difference = answer(run, "update", table.id, path, "--dry-run")
    assert {name: difference[name] for name in ("added", "changed", "removed", "unchanged")} == {
        "added": 0, "changed": ROWS, "removed": 0, "unchanged": 0,
    }  # fmt: skip


@pytest.mark.usefixtures("cli_environment")
def test_a_reindexed_one_is_known_again(run: Run, client: Elasticsearch, tmp_path: Path) -> None:
    table = TABLES["synthetic-lists"]
    declaration, path = tmp_path / "x.toml", table.written(tmp_path)
    declaration.write_text(table.declaration)
    assert run("datasets", "add", declaration).code == 0
    index = answer(run, "load", table.id, path)["generation"]
    meta = client.indices.get_mapping(index=index)[index]["mappings"]["_meta"]
    client.indices.put_mapping(index=index, meta=meta | {"mapping": "another"})
    assert answer(run, "reindex", table.id)["alias_moved"]
    assert not answer(run, "load", table.id, path)["alias_moved"]


@pytest.mark.usefixtures("cli_environment")
def test_a_mistake_changes_nothing(run: Run, client: Elasticsearch, prefix: str, tmp_path: Path) -> None:
    table = TABLES["synthetic-lists"]
    declaration = tmp_path / "x.toml"
    declaration.write_text(table.declaration.replace('title = "name"', 'titel = "name"'))
    ran = run("datasets", "add", declaration)
    assert ran.code == 1
    assert ran.err.startswith("x.toml, line")
    assert ran.err.count("\n") == 1
    assert not client.indices.exists(index=declarations(prefix))
    declaration.write_text(table.declaration.replace('title = "name"', 'title = "titel"'))
    assert run("datasets", "add", declaration).code == 0
    ran = run("load", table.id, table.written(tmp_path))
    assert ran.code == 1
    assert "x.toml, line" in ran.err
    assert "fields.title" in ran.err
    assert answer(run, "generations", table.id)["generations"] == []
    assert run("datasets", "add", tmp_path / "none.toml").code == 1
    (tmp_path / "latin.toml").write_bytes('name = "Ä"'.encode("latin-1"))
    assert "is not in UTF-8" in run("datasets", "add", tmp_path / "latin.toml").err


@pytest.mark.usefixtures("cli_environment")
def test_remove(run: Run, client: Elasticsearch, prefix: str, tmp_path: Path) -> None:
    table = TABLES["synthetic-tabs"]
    declaration = tmp_path / "x.toml"
    declaration.write_text(table.declaration)
    added = answer(run, "datasets", "add", declaration)
    assert added == {"dataset": table.id, "name": f"Table {table.id}", "version": 1, "changed": True}
    assert not answer(run, "datasets", "add", declaration)["changed"]
    assert run("load", table.id, table.written(tmp_path)).code == 0
    refused = run("datasets", "remove", table.id)
    assert refused.code == 1
    assert f"{prefix}-{table.id}-g000001" in refused.err
    assert answer(run, "search", "--dataset", table.id)["total"]["value"] == ROWS
    removed = answer(run, "datasets", "remove", table.id, "--delete-tracks")
    assert removed == {"dataset": table.id, "removed": True, "deleted": [f"{prefix}-{table.id}-g000001"]}
    assert not client.indices.exists(index=f"{prefix}-{table.id}-g000001")
    assert run("load", table.id, table.written(tmp_path)).code == 1
    assert run("datasets", "remove", table.id).code == 1
    assert "declaration removed, version 2" in run("history").out
    assert run("datasets", "remove", FMA).code == 1
    # It may come back; its generations are numbered on.
    assert answer(run, "datasets", "add", declaration)["version"] == 3
    assert answer(run, "load", table.id, table.written(tmp_path))["generation"].endswith("-g000002")


@pytest.fixture
def loaded(run: Run, cli_environment: None, tmp_path: Path) -> Path:
    """Load a declared data set, and return its file."""
    declaration, path = tmp_path / "x.toml", TABS.written(tmp_path)
    declaration.write_text(TABS.declaration)
    assert run("datasets", "add", declaration).code == 0
    assert run("load", TABS.id, path).code == 0
    return path


def stored(client: Elasticsearch, prefix: str, **changed: Any) -> None:
    """Change what is stored of the declaration."""
    client.update(index=declarations(prefix), id=f"{TABS.id}:1", doc=changed, refresh=True)


@pytest.mark.usefixtures("loaded")
def test_a_declaration_that_holds_no_more_can_be_removed(run: Run, client: Elasticsearch, prefix: str) -> None:
    stored(client, prefix, text="name = 7")
    assert answer(run, "datasets", "remove", TABS.id, "--delete-tracks")["removed"]
    assert not client.indices.exists(index=f"{prefix}-{TABS.id}-g000001")


@pytest.mark.usefixtures("loaded")
def test_a_removal_that_was_interrupted_goes_on(run: Run, client: Elasticsearch, prefix: str) -> None:
    remove(client, prefix, TABS.id)
    assert answer(run, "datasets", "remove", TABS.id, "--delete-tracks")["deleted"] == [f"{prefix}-{TABS.id}-g000001"]
    assert run("datasets", "remove", TABS.id).code == 1


@pytest.mark.parametrize("change", ["removed", "declared anew"])
def test_no_load_begins_after_its_declaration_was_changed(
    client: Elasticsearch, prefix: str, tmp_path: Path, change: str
) -> None:
    add(client, prefix, parse(TABS.declaration, "x.toml"))
    source = get_source(client, prefix, TABS.id)
    plan = make(source, source.files([TABS.written(tmp_path)]), None)
    if change == "removed":
        remove(client, prefix, TABS.id)
    else:
        add(client, prefix, parse(TABS.declaration.replace('year = "jaar"', ""), "x.toml"))
    with pytest.raises(CheckFailedError, match=change):
        load_dataset(client, prefix, plan, Options(), Progress(), threading.Event())
    assert not client.indices.exists(index=f"{prefix}-{TABS.id}-*", allow_no_indices=False)


def test_a_comment_changes_no_document(run: Run, loaded: Path, tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(TABS.declaration + "\n# a comment\n")
    assert answer(run, "datasets", "add", tmp_path / "x.toml")["changed"]
    assert not answer(run, "load", TABS.id, loaded)["alias_moved"]
    assert not answer(run, "update", TABS.id, loaded)["alias_moved"]


@pytest.mark.parametrize(
    ("card", "name"),
    [
        ({"id": TABS.id, "name": "Of a newer version", "colour": "red", "used_by": [{"kind": "rumour"}]}, None),
        ({"id": TABS.id, "name": "Of a newer version", "colour": "red"}, "Of a newer version"),
        ({"id": TABS.id}, None),
        ({"id": TABS.id, "name": "x", "notes": 7}, None),
        ({"id": TABS.id, "name": "x", "golden": [{"artist": "a", "title": "b", "sampled": False, "why": "new"}]}, "x"),
    ],
)
@pytest.mark.usefixtures("loaded")
def test_a_card_of_another_version_stops_nobody(
    run: Run, client: Elasticsearch, prefix: str, card: dict[str, Any], name: str | None
) -> None:
    document = client.get(index=declarations(prefix), id=f"{TABS.id}:1")["_source"] | {"card": card}
    client.index(index=declarations(prefix), id=f"{TABS.id}:1", document=document, refresh=True)
    rows = {row["id"]: row["name"] for row in answer(run, "datasets")["datasets"]}
    assert rows.keys() >= CARDS.keys()
    assert rows.get(TABS.id) == name
    assert run("datasets").code == 0


@pytest.mark.usefixtures("loaded")
def test_a_set_that_is_built_in_by_now_is_the_built_in_one(run: Run, client: Elasticsearch, prefix: str) -> None:
    document = client.get(index=declarations(prefix), id=f"{TABS.id}:1")["_source"]
    client.create(index=declarations(prefix), id=f"{FMA}:1", document=document | {"dataset": FMA}, refresh=True)
    rows = {row["id"]: row for row in answer(run, "datasets")["datasets"]}
    assert rows[FMA]["name"] == CARDS[FMA].name
    assert answer(run, "datasets", "remove", FMA) == {"dataset": FMA, "removed": True, "deleted": []}
    assert "is built in" in run("datasets", "remove", FMA).err


@pytest.mark.usefixtures("cli_environment")
def test_an_id_whose_alias_is_of_another_prefix_is_refused(
    run: Run, client: Elasticsearch, prefix: str, tmp_path: Path
) -> None:
    index = f"{prefix}-{TABS.id}-{FMA}-g000001"
    client.indices.create(index=index, aliases={f"{prefix}-{TABS.id}": {}})
    (tmp_path / "x.toml").write_text(TABS.declaration)
    refused = run("datasets", "add", tmp_path / "x.toml")
    assert refused.code == 1
    assert f"{prefix}-{TABS.id} is the name of something else ({index})" in refused.err
    assert not client.indices.exists(index=declarations(prefix))


@pytest.mark.usefixtures("cli_environment")
def test_a_draft_is_added_and_loaded_as_it_stands(run: Run, tmp_path: Path) -> None:
    path, draft = TABLES["synthetic-spreadsheet"].written(tmp_path), tmp_path / "draft.toml"
    guessed = answer(run, "datasets", "guess", path, "--out", draft)
    assert guessed["holds"]
    assert guessed["fields"]["artists"]["separator"] == ";"
    assert run("datasets", "guess", path).out == draft.read_text() == guessed["declaration"]
    assert run("datasets", "guess", path, "--out", draft).code == 1  # it is there
    assert run("datasets", "add", draft).code == 0
    assert answer(run, "load", "synthetic-sheet", path)["indexed"] == ROWS


def test_a_draft_leads_editors_to_the_schema_beside_it(run: Run, tmp_path: Path) -> None:
    path, draft = TABLES["synthetic-tabs"].written(tmp_path), tmp_path / "draft.toml"
    assert run("datasets", "guess", path, "--out", draft).code == 0
    first, second = draft.read_text().splitlines()[:2]
    assert first == "#:schema ./declaration.schema.json"  # Taplo: relative to the document
    assert second.endswith("linernotes datasets schema > declaration.schema.json")
    assert orjson.loads(run("datasets", "schema").out) == schema() == answer(run, "datasets", "schema")


@pytest.mark.usefixtures("cli_environment")
def test_the_guide_holds(run: Run, tmp_path: Path) -> None:
    """Follow docs/own-data-set.md with its own rows and its own declaration."""
    docs = Path(__file__).parents[2] / "docs"
    text = (docs / "own-data-set.md").read_text()
    declaration = docs / "examples" / "fma-excerpt.toml"
    assert declaration.read_text() in text
    assert run("datasets", "guess", docs / "examples" / "fma-excerpt.csv").code == 0
    assert run("datasets", "add", declaration).code == 0
    assert answer(run, "load", "fma-excerpt", docs / "examples" / "fma-excerpt.csv")["indexed"] == 40
    hits = answer(run, "search", "kurt vile")["hits"]
    assert hits[0]["title"] == "Freeway"
    assert hits[0]["duration_s"] == pytest.approx(160.8, abs=0.1)
