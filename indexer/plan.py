"""The plan of a load: which files, which stretches of them, and how many records."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from indexer.ledger import Key
from indexer.records import Reader, Source, SourceFile, Stretch


@dataclass(frozen=True)
class PlannedFile:
    """A source file with its reader and its stretches."""

    file: SourceFile
    reader: Reader
    stretches: tuple[Stretch, ...]

    @property
    def rows(self) -> int:
        """Return the number of records that will be read."""
        return sum(stretch.rows for stretch in self.stretches)


@dataclass(frozen=True)
class Plan:
    """What one load reads. The same files give the same plan on every machine."""

    source: Source
    files: tuple[PlannedFile, ...]
    limit: int | None

    @property
    def rows(self) -> int:
        """Return the number of records of all files."""
        return sum(entry.rows for entry in self.files)

    def stretches(self) -> Iterator[tuple[Key, Stretch]]:
        """Yield every stretch with its key, in the order that decides which duplicate is the first."""
        for number, entry in enumerate(self.files):
            for stretch in entry.stretches:
                yield Key(number, stretch.number), stretch

    def identity(self) -> dict[str, Any]:
        """Return what must be equal for a load to go on: the files' contents and the limit."""
        files = [{"name": entry.file.name, "sha256": entry.file.sha256, "rows": entry.rows} for entry in self.files]
        return {"files": files, "limit": self.limit}


def make(source: Source, files: list[SourceFile], limit: int | None) -> Plan:
    """Read through the files once and return the plan; raises InputError for a file that can't be read."""
    planned: list[PlannedFile] = []
    left = limit
    hashes: dict[Path, str] = {}
    for file in files:
        if file.path not in hashes:  # an archive with several members is hashed once
            hashes[file.path] = sha256(file)
        entry = _planned(source, replace(file, sha256=hashes[file.path]), left)
        planned.append(entry)
        left = None if left is None else left - entry.rows
        if left == 0:
            break
    return Plan(source, tuple(planned), limit)


def _planned(source: Source, file: SourceFile, left: int | None) -> PlannedFile:
    reader = source.reader(file)
    return PlannedFile(file, reader, tuple(first(reader.stretches(), left)))


def first(stretches: list[Stretch], records: int | None) -> Iterator[Stretch]:
    """Yield the stretches of the first `records` records, the last one cut short."""
    if records is None:
        yield from stretches
        return
    for stretch in stretches:
        if records <= 0:
            return
        yield replace(stretch, rows=min(stretch.rows, records))
        records -= stretch.rows


def sha256(file: SourceFile) -> str:
    """Return the SHA-256 of a file's bytes, in hex."""
    with file.path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
