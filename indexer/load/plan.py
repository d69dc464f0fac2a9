"""The plan of a load: which files, which chunks of them, and how many records."""

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.metadata import version
from math import ceil
from pathlib import Path, PurePath
from typing import Any

from indexer.checks.sample import EXTRA, FETCHED, MAX_CHUNKS, SPREAD, Expected, Sampler, expected
from indexer.cluster.ledger import ChunkId
from indexer.documents.bulk_body import LINE, lines
from indexer.documents.finalize import cut, ready
from indexer.normalise.track import normalisation
from indexer.records import Chunk, RawBatch, Reader, Source, SourceFile
from mappings.cards import CARDS, SYNTHETIC
from mappings.index import mapping_hash
from mappings.index_names import Generation


@dataclass(frozen=True)
class PlannedFile:
    """A source file with its reader and its chunks."""

    file: SourceFile
    reader: Reader
    chunks: tuple[Chunk, ...]

    @property
    def rows(self) -> int:
        """Return the number of records that will be read."""
        return sum(chunk.rows for chunk in self.chunks)


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

    def chunks(self) -> Iterator[tuple[ChunkId, Chunk]]:
        """Yield every chunk with its key, in the order that decides which duplicate is the first."""
        for number, entry in enumerate(self.files):
            for chunk in entry.chunks:
                yield ChunkId(number, chunk.number), chunk

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
    return PlannedFile(file, reader, tuple(first(reader.chunks(), left)))


def first(chunks: list[Chunk], records: int | None) -> Iterator[Chunk]:
    """Yield the chunks of the first `records` records, the last one cut short."""
    if records is None:
        yield from chunks
        return
    for chunk in chunks:
        if records <= 0:
            return
        yield replace(chunk, rows=min(chunk.rows, records))
        records -= chunk.rows


def sha256(file: SourceFile) -> str:
    """Return the SHA-256 of a file's bytes, in hex."""
    with file.path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def identity(plan: Plan) -> dict[str, Any]:
    """Return what must be equal for a load to go on: files, limit, mapping, normalisation, version of this program."""
    made_by = {"mapping": mapping_hash(), "normalisation": normalisation(), "tool": version("linernotes")}
    return plan.identity() | made_by


def is_synthetic(plan: Plan) -> bool:
    """Tell whether all files hold made-up rows."""
    return all(_is_synthetic(entry.file.member or entry.file.name) for entry in plan.files)


def revision(plan: Plan) -> str:
    """Return of which revision of the data set the files are."""
    card = CARDS.get(plan.source.dataset)
    if card is None:
        return ""
    return f"{SYNTHETIC} sample" if is_synthetic(plan) else card.revision


def _is_synthetic(name: str) -> bool:
    return PurePath(name).name.startswith(SYNTHETIC)


def from_plan(plan: Plan, generation: Generation, wanted: int) -> Sampler:
    """Return a sampler that reads source files once more: some rows of each of a few chunks, then all their rows."""

    def sampler() -> Iterator[list[Expected]]:
        chance = random.Random(generation.index)  # noqa: S311 - a sample that can be drawn again, no secret
        chunks = [entry for entry in plan.chunks() if entry[1].rows]
        chance.shuffle(chunks)
        chunks = chunks[:MAX_CHUNKS]
        each = ceil(EXTRA * wanted / max(1, min(len(chunks), SPREAD)))
        for key, chunk in chunks:
            yield from _chunk(plan, key, chunk, each)
        for key, chunk in chunks:
            if chunk.rows > each:
                yield from _chunk(plan, key, chunk, None)

    return sampler


def _chunk(plan: Plan, key: ChunkId, chunk: Chunk, rows: int | None) -> Iterator[list[Expected]]:
    """Yield records of a chunk as they are sent: read, normalised and encoded by the same code as in a load."""
    entry = plan.files[key.file]
    raw = cut(entry.reader.read(chunk), chunk)
    if rows is not None and rows < raw.frame.height and _row_by_row(plan.source):
        raw = RawBatch(raw.frame.sample(rows, seed=chunk.number))
    tracks = ready(plan.source.normalise(raw, entry.file), entry.file.name).tracks
    if rows is not None and rows < tracks.height:
        tracks = tracks.sample(rows, seed=chunk.number)
    for piece in tracks.iter_slices(FETCHED):
        yield [expected(line) for line in lines(piece, key.file)[LINE]]


def _row_by_row(source: Source) -> bool:
    """Tell whether a record's track depends on that record alone, so that only those sampled need be normalised."""
    return getattr(source, "merge", None) is None
