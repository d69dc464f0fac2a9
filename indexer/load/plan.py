"""The plan of a load: which files, which chunks of them, and how many records."""

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.metadata import version
from math import ceil
from pathlib import Path, PurePath
from typing import Any

import polars as pl

from indexer.checks.sample import EXTRA, FETCHED, MAX_CHUNKS, SPREAD, Expected, Sampler, expected
from indexer.documents.bulk_body import LINE, finalise, lines
from indexer.normalise.track import normalisation
from indexer.records import SOURCE_ROW, Chunk, ChunkId, RawBatch, Reader, Source, SourceFile, TrackBatch
from mappings.cards import SYNTHETIC, SYNTHETIC_SAMPLE
from mappings.index import mapping_hash
from mappings.index_names import Generation


@dataclass(frozen=True)
class PlannedFile:
    """A source file with its reader, its chunks, and its number in the plan."""

    source: Source
    file: SourceFile
    reader: Reader
    chunks: tuple[Chunk, ...]
    number: int = 0

    @property
    def rows(self) -> int:
        """Return the number of records that will be read."""
        return sum(chunk.rows for chunk in self.chunks)

    def read(self, chunk: Chunk) -> RawBatch:
        """Return the raw records of a chunk; all of them, unless `--limit` ends in it."""
        raw = self.reader.read(chunk)
        if raw.frame.height + len(raw.rejections) + raw.skipped == chunk.rows:
            return raw
        end = chunk.first_row + chunk.rows
        rejections = tuple(entry for entry in raw.rejections if entry.row < end)
        frame = raw.frame.filter(pl.col(SOURCE_ROW) < end)
        return RawBatch(frame, rejections, chunk.rows - frame.height - len(rejections))

    def tracks(self, raw: RawBatch) -> TrackBatch:
        """Return raw records as the tracks that are encoded."""
        return finalise(self.source.normalise(raw, self.file), self.file.name)

    def lines(self, tracks: pl.DataFrame, epoch: int = 0) -> pl.DataFrame:
        """Return action, document and fingerprint of each track."""
        return lines(tracks, self.number, epoch)


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

    @property
    def synthetic(self) -> bool:
        """Tell whether all files hold made-up rows."""
        names = (PurePath(entry.file.member or entry.file.name).name for entry in self.files)
        return all(name.startswith(SYNTHETIC) for name in names)

    @property
    def revision(self) -> str:
        """Return which revision of the data set the files are of."""
        return SYNTHETIC_SAMPLE if self.synthetic else self.source.card.revision

    def chunks(self) -> Iterator[tuple[ChunkId, Chunk]]:
        """Yield every chunk with its key, in the order that decides which duplicate is the first."""
        for entry in self.files:
            for chunk in entry.chunks:
                yield ChunkId(entry.number, chunk.number), chunk

    def identity(self) -> dict[str, Any]:
        """Return what must be equal for a load to be resumed: files, limit, mapping, normalisation, this program."""
        files = [{"name": entry.file.name, "sha256": entry.file.sha256, "rows": entry.rows} for entry in self.files]
        made_by = {"mapping": mapping_hash(), "normalisation": normalisation(), "tool": version("linernotes")}
        if self.source.definition:
            made_by["declaration"] = self.source.definition
        return {"files": files, "limit": self.limit} | made_by


def make(source: Source, files: list[SourceFile], limit: int | None) -> Plan:
    """Read through the files once and return the plan; raises InputError for a file that can't be read."""
    planned: list[PlannedFile] = []
    left = limit
    hashes: dict[Path, str] = {}
    for number, file in enumerate(files):
        if file.path not in hashes:  # an archive with several members is hashed once
            with file.path.open("rb") as stream:
                hashes[file.path] = hashlib.file_digest(stream, "sha256").hexdigest()
        hashed = replace(file, sha256=hashes[file.path])
        reader = source.reader(hashed)
        entry = PlannedFile(source, hashed, reader, tuple(first(reader.chunks(), left)), number)
        planned.append(entry)
        left = None if left is None else left - entry.rows
        if left == 0:
            break
    return Plan(source, tuple(planned), limit)


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


def sampler(plan: Plan, generation: Generation, number: int) -> Sampler:
    """Return a sampler that reads source files once more: some rows of each of a few chunks, then all their rows."""

    def sample() -> Iterator[list[Expected]]:
        chance = random.Random(generation.index)  # noqa: S311 - a sample that can be drawn again, no secret
        chunks = [entry for entry in plan.chunks() if entry[1].rows]
        chance.shuffle(chunks)
        chunks = chunks[:MAX_CHUNKS]
        each = ceil(EXTRA * number / max(1, min(len(chunks), SPREAD)))
        for key, chunk in chunks:
            yield from _expected(plan.files[key.file], chunk, each)
        for key, chunk in chunks:
            if chunk.rows > each:
                yield from _expected(plan.files[key.file], chunk, chunk.rows)

    return sample


def _expected(entry: PlannedFile, chunk: Chunk, rows: int) -> Iterator[list[Expected]]:
    """Yield records of a chunk as they are sent: read, normalised and encoded by the same code as in a load."""
    raw = entry.read(chunk)
    if rows < raw.frame.height and entry.source.row_independent:  # only those sampled need be normalised
        raw = RawBatch(raw.frame.sample(rows, seed=chunk.number))
    tracks = entry.tracks(raw).tracks
    if rows < tracks.height:
        tracks = tracks.sample(rows, seed=chunk.number)
    for piece in tracks.iter_slices(FETCHED):
        yield [expected(line) for line in entry.lines(piece)[LINE]]
