"""Updates: the difference is exact, and applying it gives what a fresh build of the new release gives."""

import subprocess
import sys
import tempfile
import threading
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from elasticsearch import Elasticsearch
from elasticsearch.helpers import scan

from benchmarks import corpora
from indexer.checks import GateError
from indexer.cluster import audit_log, indices
from indexer.cluster.lease import UPDATE, Lease
from indexer.cluster.ledger import Ledger
from indexer.cluster.status import dataset_status
from indexer.cluster.watchlist import Watchlist
from indexer.documents.bulk_body import EVIDENCE, row_of
from indexer.load.load import LoadResult
from indexer.load.plan import Plan, make
from indexer.records import Totals
from indexer.sources import SOURCES
from indexer.update import strategy, workdir
from indexer.update.strategy import UpdateContext, UpdateOptions
from indexer.update.update import Updated, update_dataset
from mappings.errors import CheckFailedError, InputError
from mappings.index_names import Generation, parse
from tests.indexer import made
from tests.indexer.test_load import load
from tests.queries.tracks import forget

LAION = "laion-disco-12m"
RECORDS = 1_500

Fresh = dict[Path, tuple[LoadResult, dict[str, Any]]]


@pytest.fixture(scope="session")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a release of synthetic records: some come twice, some have no id."""
    folder = tmp_path_factory.mktemp("old")
    corpora.laion(corpora.Corpus(folder, LAION), RECORDS)
    files = sorted((folder / LAION).glob("*.parquet"))
    first = pl.read_parquet(files[0])
    nameless = first.head(2).with_columns(song_id=pl.lit(""))
    again = first.head(30).with_columns(title=pl.lit("Another Title of an Id That Came Before"))
    pl.concat([first, nameless]).write_parquet(files[0])
    pl.concat([pl.read_parquet(files[-1]), again]).write_parquet(files[-1])
    return folder / LAION


@pytest.fixture(scope="session")
def new(old: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the release after: 1 in 100 changed, 1 in 200 added, 1 in 200 removed, some of them first of their id."""
    return after(old, tmp_path_factory.mktemp("new"))


def after(files: Path, to: Path, every: int = 200) -> Path:
    for path in sorted(files.glob("*.parquet")):
        frame = pl.read_parquet(path)
        place = pl.int_range(frame.height, eager=True) % every
        titled = pl.col("title") + pl.when(place.is_in([3, 103])).then(pl.lit(" (Live)")).otherwise(pl.lit(""))
        changed = frame.with_columns(title=titled)
        # White space that normalising takes away again is no change.
        blank = pl.when(place == 60).then(pl.col("title") + "  ").otherwise("title")
        added = frame.filter(place == 50).with_columns(song_id=pl.col("song_id").str.slice(0, 9) + "~~")
        pl.concat([changed.with_columns(title=blank).filter(place != 7), added]).write_parquet(to / path.name)
    return to


@pytest.fixture(scope="session")
def fresh(client: Elasticsearch, old: Path, new: Path) -> Fresh:
    """Return what a load of each release gives, on its own."""
    made_of = {}
    for folder in (old, new):
        prefix = f"t{uuid.uuid4().hex[:10]}"
        result = load(client, prefix, planned(folder))
        made_of[folder] = (result, content(client, result.generation))
        forget(client, prefix)
    return made_of


def planned(folder: Path) -> Plan:
    source = SOURCES[LAION]
    return make(source, source.files([folder]), None)


def update(client: Elasticsearch, prefix: str, plan: Plan, **orders: Any) -> Updated:
    return update_dataset(UpdateContext(client, prefix, plan, UpdateOptions(**{"thresholds": made.LENIENT} | orders)))


def content(client: Elasticsearch, index: str) -> dict[str, Any]:
    """Return what each track is, without where it was read."""
    client.indices.refresh(index=index)
    query = {"query": {"match_all": {}}, "_source": {"excludes": list(EVIDENCE)}}
    return {hit["_id"]: hit["_source"] for hit in scan(client, index=index, query=query)}


def afresh(client: Elasticsearch, prefix: str, plan: Plan) -> LoadResult:
    return load(client, f"{prefix}-whole", plan)


def counts(done: Updated) -> tuple[int, int, int, int]:
    return done.difference.added, done.difference.changed, done.difference.removed, done.difference.unchanged


def totals(result: LoadResult) -> Totals:
    return Totals(result.read, result.indexed, result.duplicates, result.skipped, result.rejected)


@pytest.mark.parametrize(("known", "part_rows"), [("by its sketch", 700), ("by the index", 4_000_000)])
def test_the_difference_makes_what_a_fresh_build_makes(
    client: Elasticsearch,
    prefix: str,
    old: Path,
    new: Path,
    fresh: Fresh,
    known: str,
    part_rows: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workdir, "PART_ROWS", part_rows)
    first = load(client, prefix, planned(old))
    if known == "by the index":
        client.delete_by_query(index=f"{prefix}-ledger", query={"term": {"entry": "sketch"}}, refresh=True)
    done = update(client, prefix, planned(new))
    whole, expected = fresh[new]
    before, now = content(client, first.generation), content(client, str(done.to))
    assert now == expected
    assert counts(done) == (
        len(now.keys() - before.keys()),
        sum(before[name] != now[name] for name in now.keys() & before.keys()),
        len(before.keys() - now.keys()),
        sum(before.get(name) == track for name, track in now.items()),
    )
    assert min(counts(done)) > 5
    assert (done.strategy.name, done.alias_moved, done.totals) == ("difference", True, totals(whole))
    assert done.difference.fields["title"] == done.difference.looked_at == done.difference.changed
    rejected = client.count(index=f"{prefix}-rejected", query={"term": {"generation": done.to}})
    assert rejected["count"] == whole.rejected > 0
    assert all(gate.passed for gate in done.gates)
    assert [view.state for view in dataset_status(client, prefix, LAION).views] == ["kept", "current"]


def test_updates_upon_updates_and_back(client: Elasticsearch, prefix: str, old: Path, new: Path) -> None:
    first = load(client, prefix, planned(old))
    there, back = update(client, prefix, planned(new)), update(client, prefix, planned(old))
    assert counts(back) == (
        there.difference.removed,
        there.difference.changed,
        there.difference.added,
        counts(there)[3],
    )
    assert content(client, str(back.to)) == content(client, first.generation)
    again = update(client, prefix, planned(old))
    assert (again.to, again.alias_moved, again.difference.touched) == (back.to, False, 0)
    assert client.count(index=prefix)["count"] == first.indexed


def test_sent_tracks_have_the_new_releases_evidence_and_a_higher_version(
    client: Elasticsearch, prefix: str, old: Path, new: Path
) -> None:
    load(client, prefix, planned(old))
    done = update(client, prefix, planned(new))
    (changed, *_) = done.difference.examples["changed"]
    hit = client.get(index=str(done.to), id=changed.id)
    before = client.get(index=done.from_, id=changed.id)
    assert hit["_version"] > before["_version"]
    assert row_of(hit["_version"])[1] == hit["_source"]["source_row"]
    assert changed.title == hit["_source"]["title"] != before["_source"]["title"]


def test_a_source_whose_rows_can_not_be_told_apart_alone(client: Elasticsearch, prefix: str) -> None:
    source = made.MadeSource(repeat=10, across=350)
    first = load(client, prefix, made.plan(made.MadeReader("a", 400, 90, damaged=40), source=source))
    # Other rows are damaged, so that other records are the first of their ids.
    plan = made.plan(made.MadeReader("b", 410, 90, damaged=41), source=source)
    done = update(client, prefix, plan)
    assert done.strategy.name == "difference"
    assert content(client, str(done.to)) == content(client, afresh(client, prefix, plan).generation)
    assert first.indexed + done.difference.added - done.difference.removed == done.totals.indexed


def test_a_dry_run_changes_nothing(client: Elasticsearch, prefix: str, old: Path, new: Path) -> None:
    load(client, prefix, planned(old))
    before = set(client.indices.get(index=f"{prefix}*").body), len(audit_log.read(client, prefix))
    shown: list[Any] = []
    job = UpdateContext(
        client, prefix, planned(new), UpdateOptions(dry_run=True), show=lambda *told: shown.append(told)
    )
    done = update_dataset(job)
    assert (done.to, done.alias_moved) == (None, False)
    assert shown == [(done.difference, done.strategy)]
    assert (set(client.indices.get(index=f"{prefix}*").body), len(audit_log.read(client, prefix))) == before


def test_a_large_difference_is_built_afresh_and_the_gate_counts_it(
    client: Elasticsearch, prefix: str, old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strategy, "MOST", 0.2)
    load(client, prefix, planned(old))
    other = planned(after(old, tmp_path, every=8))
    with pytest.raises(GateError, match=r"change: .* added, changed or removed") as told:
        update(client, prefix, other)
    assert [gate.name for gate in told.value.gates if not gate.passed] == ["change"]
    assert client.indices.get_alias(name=f"{prefix}-{LAION}").body.keys() == {f"{prefix}-{LAION}-g000001"}
    done = update(client, prefix, other, thresholds=replace(made.LENIENT, max_change=90))
    assert (done.strategy.name, done.alias_moved) == ("afresh", True)
    assert content(client, str(done.to)) == content(client, afresh(client, prefix, other).generation)


@pytest.mark.parametrize("way", ["difference", "afresh"])
def test_a_new_generation_has_as_many_shards_and_copies(
    client: Elasticsearch, prefix: str, old: Path, new: Path, way: str
) -> None:
    load(client, prefix, planned(old), shards=2, replicas=1)
    done = update(client, prefix, planned(new), strategy=way)
    assert done.strategy.name == way
    to = parse(prefix, str(done.to))
    assert to is not None
    assert [indices.number_of(client, to, what) for what in ("shards", "replicas")] == [2, 1]


@pytest.mark.parametrize("changed", ["normalisation", "mapping"])
def test_what_another_program_made_is_built_afresh(client: Elasticsearch, prefix: str, old: Path, changed: str) -> None:
    first = load(client, prefix, planned(old))
    meta = client.indices.get_mapping(index=first.generation)[first.generation]["mappings"]["_meta"]
    client.indices.put_mapping(index=first.generation, meta=meta | {changed: "another"})
    done = update(client, prefix, planned(old))
    assert (done.strategy.name, done.alias_moved, done.difference.touched) == ("afresh", True, 0)
    assert changed in done.strategy.why
    assert done.to != done.from_


def test_a_refused_document_leads_to_a_fresh_build(client: Elasticsearch, prefix: str, old: Path, new: Path) -> None:
    first = load(client, prefix, planned(old))
    strange = {"field": "surprise", "value": 1, "if": "ctx.title != null && ctx.title.endsWith('(Live)')"}
    client.ingest.put_pipeline(id=prefix, processors=[{"set": strange}])
    try:
        client.indices.put_settings(index=first.generation, settings={"index.final_pipeline": prefix})
        done = update(client, prefix, planned(new))
        assert (done.strategy.name, done.alias_moved) == ("afresh", True)
        assert "surprise" in done.strategy.why
        assert [view.state for view in dataset_status(client, prefix, LAION).views] == ["kept", "current"]
    finally:
        client.indices.put_settings(index=first.generation, settings={"index.final_pipeline": None})
        client.ingest.delete_pipeline(id=prefix)


def test_a_sketch_that_does_not_fit_is_not_believed(
    client: Elasticsearch, prefix: str, old: Path, new: Path, fresh: Fresh
) -> None:
    first = load(client, prefix, planned(old))
    lost = next(iter(content(client, first.generation)))
    client.delete(index=first.generation, id=lost, refresh=True)
    done = update(client, prefix, planned(new))
    assert content(client, str(done.to)) == fresh[new][1]


def _missing(client: Elasticsearch, prefix: str) -> str:
    client.indices.delete_alias(index="_all", name=[f"{prefix}-made", prefix])
    return r"Alias \S+-made is missing, .*linernotes rollback made --to 2"


def _on_two(client: Elasticsearch, prefix: str) -> str:
    client.indices.put_alias(index=f"{prefix}-made-g000001", name=f"{prefix}-made")
    return r"Alias \S+-made is on 2 generations at once: .*linernotes rollback made --to 2"


def _closed(client: Elasticsearch, prefix: str) -> str:
    client.indices.close(index=f"{prefix}-made-g000002")
    return r"g000002 is closed\. Open it"


def _read_only(client: Elasticsearch, prefix: str) -> str:
    client.indices.put_settings(index=f"{prefix}-made-g000002", settings={"index.blocks.read_only": True})
    return r"g000002 is read-only\. Lift the block"


def _name_taken(client: Elasticsearch, prefix: str) -> str:
    _missing(client, prefix)
    client.indices.create(index=f"{prefix}-made")
    return r"An index is called \S+-made, which is the alias's own name\."


def _locked(client: Elasticsearch, prefix: str) -> str:
    assert Lease(client, prefix, "made", UPDATE).take() is None
    return r"made is in other hands: process \d+ on \S+, update since \d{4}-"


def _nothing_loaded(client: Elasticsearch, prefix: str) -> str:
    client.indices.delete(index=[f"{prefix}-made-g000001", f"{prefix}-made-g000002"])
    client.delete_by_query(index=f"{prefix}-ledger", query={"match_all": {}}, refresh=True, conflicts="proceed")
    return "Nothing of made is loaded yet"


@pytest.mark.parametrize(
    "spoil", [_missing, _on_two, _closed, _read_only, _name_taken, _locked, _nothing_loaded], ids=lambda it: it.__name__
)
def test_what_is_in_the_way_is_said(client: Elasticsearch, prefix: str, spoil: Any) -> None:
    for name in "ab":
        load(client, prefix, made.plan(made.MadeReader(name, 60, 30)))
    told = spoil(client, prefix)
    try:
        with pytest.raises(CheckFailedError, match=told):
            update(client, prefix, made.plan(made.MadeReader("c", 61, 30)))
    finally:
        client.options(ignore_status=404).indices.put_settings(
            index=f"{prefix}-made-g*", settings={"index.blocks.read_only": None}
        )


def test_the_lock_of_the_dead_is_taken_over_and_other_sets_go_side_by_side(
    client: Elasticsearch, prefix: str, old: Path, new: Path
) -> None:
    load(client, prefix, planned(old))
    load(client, prefix, made.plan(made.MadeReader("a", 60, 30)))
    gone = Lease(client, prefix, "made", UPDATE)
    assert gone.take() is None
    gone._closed.set()
    script = "ctx._source.pid = 999999"
    client.update(index=f"{prefix}-locks", id="made", script={"source": script}, refresh=True)
    done: list[Updated] = []
    threads = [
        threading.Thread(target=lambda plan=plan: done.append(update(client, prefix, plan)))
        for plan in (planned(new), made.plan(made.MadeReader("b", 62, 30)))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {entry.dataset: entry.alias_moved for entry in done} == {LAION: True, "made": True}


def test_watched_artists_are_told_what_they_gained_and_lost(client: Elasticsearch, prefix: str) -> None:
    watchlist = Watchlist(client, prefix)
    watchlist.add("MADE  BÅND 1")
    watchlist.add("Made Band 99")
    assert watchlist.add("made band 99").name == "Made Band 99"
    load(client, prefix, made.plan(made.MadeReader("a", 300, 100)))
    done = update(client, prefix, made.plan(made.MadeReader("b", 302, 100, damaged=101)))
    (told,) = [entry for entry in done.watched if entry.name == "MADE  BÅND 1"]
    # Rows 101 and 202 can't be read, row 301 is new: of the band's rows 1, 101, 201 there are 1, 201, 301.
    assert (told.before, told.after, told.gained, told.lost) == (3, 3, 1, 1)
    assert (told.gained_examples, told.lost_examples) == (["Synthetic Song 301"], ["Synthetic Song 101"])
    events = [event for event in audit_log.read(client, prefix) if event.event == audit_log.WATCHED]
    assert events[0].text == "MADE  BÅND 1: 3 to 3 tracks, 1 gained, 1 lost"
    watchlist.remove("Made band 1")
    assert [entry.name for entry in watchlist.names()] == ["Made Band 99"]


SPOOLING = """
import time
from indexer.update import workdir
with workdir.work_dir() as mine:
    print(mine.folder, flush=True)
    time.sleep(60)
"""


def test_folders_of_the_dead_are_removed_and_no_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    killed = subprocess.Popen([sys.executable, "-c", SPOOLING], stdout=subprocess.PIPE)
    assert killed.stdout is not None
    dead = Path(killed.stdout.readline().decode().strip())
    with workdir.work_dir() as mine, workdir.work_dir() as other:
        assert set(tmp_path.iterdir()) == {dead, mine.folder, other.folder}
    killed.kill()
    killed.communicate()
    assert list(tmp_path.iterdir()) == [dead]
    (tmp_path / "linernotes-else").mkdir()
    with workdir.work_dir() as mine:
        assert set(tmp_path.iterdir()) == {mine.folder, tmp_path / "linernotes-else"}


def test_a_folder_that_was_swept_before_it_was_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workdir, "temporary", lambda: str(tmp_path))
    swept: list[str] = []
    real = tempfile.mkdtemp

    def mkdtemp(**options: Any) -> str:
        made = str(real(**options))
        if not swept:
            swept.append(made)
            workdir.sweep()
        return made

    monkeypatch.setattr(tempfile, "mkdtemp", mkdtemp)
    with workdir.work_dir() as mine:
        assert [mine.folder] == list(tmp_path.iterdir())
        assert str(mine.folder) not in swept


def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    full = workdir.WorkDir(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"The difference can't be written to .*: .*\. .*TMPDIR"):
        full.put("new", pl.DataFrame({"a": [1]}))


def test_numbers_are_never_used_again(client: Elasticsearch, prefix: str, old: Path, new: Path) -> None:
    load(client, prefix, planned(old))
    for folder in (new, old):
        update(client, prefix, planned(folder))
    numbers = [record.generation.number for record in Ledger(client, prefix).loads(LAION)]
    assert numbers == [3, 2, 1]
    assert Generation(prefix, LAION, 3).index == dataset_status(client, prefix, LAION).current.index  # type: ignore[union-attr]
