"""The sources' tables: what they declare is what is read and made, and what the documentation says is true."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from indexer.normalise.track import COLUMNS, CONSTANT, DERIVED, EVIDENCE, INPUTS
from indexer.records import SOURCE_ROW, RawBatch, SourceFile
from indexer.sources import TABLES
from indexer.sources.dataset import DataSource
from linernotes import samples

FILE = SourceFile(Path("x.csv"), "x.csv")
NOT_CANONICAL = {"popularity"}  # decides which of Spotify's repeats is kept


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_table_makes_only_fields_that_there_are_from_columns_that_it_names(table: DataSource) -> None:
    made = [entry.field for entry in table.given]
    assert len(made) == len(set(made))
    assert set(made) - NOT_CANONICAL <= set(INPUTS)
    for entry in table.given:
        used = set(entry.of(FILE).meta.root_names())
        assert used == set(entry.columns), entry.field
        if entry.stated is not None:
            assert entry.lost
            assert set(entry.stated.meta.root_names()) <= set(entry.columns)
    assert set(table.required) <= set(table.columns)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Return the fields that the sample rows of each data set fill."""
    found: dict[str, set[str]] = {}
    for dataset, paths in samples.write(tmp_path_factory.mktemp("samples")).items():
        table = TABLES[dataset]
        for file in table.files(paths):
            reader = table.reader(file)
            for chunk in reader.chunks():
                tracks = table.normalise(reader.read(chunk), file).tracks
                found.setdefault(dataset, set()).update(
                    name for name in tracks.columns if tracks[name].null_count() < tracks.height
                )
    return found


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_what_is_filled_is_what_the_documentation_says(table: DataSource, filled: dict[str, set[str]]) -> None:
    given = {entry.field for entry in table.given}
    derived = {name for name, made in DERIVED.items() if given.intersection(made.inputs)}
    said = (given | derived | set(CONSTANT) | set(EVIDENCE)) & set(COLUMNS)
    assert filled[table.dataset] <= said
    assert said - filled[table.dataset] <= {"source_file", "fingerprint", "tags", "contributors"}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_row_of_nothing_but_an_id_counts_no_change(table: DataSource) -> None:
    row: dict[str, Any] = dict.fromkeys(table.columns)
    key = next(entry.columns[0] for entry in table.given if entry.field == "source_id")
    row[key] = "12345678901"
    frame = pl.DataFrame({SOURCE_ROW: [1]} | {name: [value] for name, value in row.items()}).with_columns(
        pl.col(name).cast(table.kind(name)) for name in table.columns
    )
    batch = table.normalise(RawBatch(frame), FILE)
    assert batch.tracks.height == 1
    assert batch.changed == ({"licence: missing": 1} if table.dataset == "free-music-archive" else {})
