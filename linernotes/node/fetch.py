"""Get Elasticsearch out of its Maven artifact into a folder, whole and verified, or not at all.

    central directory -> plan of few ranges -> part file -> unpacked beside -> pinned hash -> renamed into place

Killed at any point it goes on: the part file is filled in ascending order, so its length says what it has.
"""

import shutil
import tempfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar
from zipfile import BadZipFile, ZipFile

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from linernotes.node import ranges, tree
from linernotes.node.files import locked, need_room, told
from linernotes.node.meter import Advance, metered
from linernotes.node.ranges import Range
from linernotes.node.releases import CURRENT, Release
from linernotes.node.repository import source as maven_source
from linernotes.node.source import Cut, Source, Tail
from mappings.errors import CheckFailedError, UnreachableError

T = TypeVar("T")
Report = Callable[[str], None]

# Enough for the central directory (99 kB in 26.4.0.121862), and no more than one answer.
TAIL = 1 << 18
# Attempts in a row that bring nothing; each one that brings something starts the count again.
ATTEMPTS = 6
# Seconds: pauses are by chance, up to 2, 4, 8, 16, 30, so that many who were cut don't come back at once.
FIRST_PAUSE = 2.0
# What the zip and deflate libraries raise about bytes that aren't what they should be.
BROKEN = (BadZipFile, zlib.error, EOFError, NotImplementedError, IndexError)


class Damaged(Exception):
    """What arrived isn't what the archive's checksums or the pinned hash say: it is fetched again, once."""


@dataclass(frozen=True)
class Plan:
    """What to fetch of an archive: where it is, and how much room it takes."""

    ranges: list[Range]
    unpacked: int

    @property
    def packed(self) -> int:
        """Return the bytes to fetch."""
        return sum(map(len, self.ranges))


def distribution(
    home: Path,
    report: Report,
    release: Release = CURRENT,
    source: Source | None = None,
) -> Path:
    """Return the folder of an unpacked, verified Elasticsearch below `home`, fetching it when it isn't there.

    Raises `LinernotesError`: no room, no repository, or something else than what is pinned.
    """
    folder = home / "elasticsearch" / release.version
    if is_whole(folder, release):
        return folder
    busy = partial(report, "Another process is fetching Elasticsearch: waiting for it.")
    with told(folder.parent), locked(folder.parent / ".lock", busy):
        if not is_whole(folder, release):
            _fetch(folder, release, source or maven_source(release), report)
    return folder


def is_whole(folder: Path, release: Release) -> bool:
    """Tell, in some milliseconds, whether all files are there at their full length."""
    return tree.extent(folder) == (release.files, release.unpacked_bytes)


def _fetch(folder: Path, release: Release, source: Source, report: Report) -> None:
    part = folder.parent / f".{release.version}.part"
    for last_try in (False, True):
        try:
            _fill(part, release, source, report)
            _unpack(part, folder, release)
        except Damaged as damage:
            part.unlink(missing_ok=True)
            if last_try:
                raise CheckFailedError(
                    f"What {source.name} sent isn't the Elasticsearch {release.version} that is pinned ({damage}).",
                    "Nothing of it was kept. A proxy in between may change downloads.",
                ) from damage
            report(f"What arrived is damaged ({damage}): fetching it again.")
        else:
            part.unlink()
            return


def _fill(part: Path, release: Release, source: Source, report: Report) -> None:
    """Bring the part file up to all wanted ranges, the central directory, and the archive's length."""
    tail = _patiently(lambda: source.tail(TAIL))
    plan = _plan(tail, release, part.parent)
    part.touch()
    have = part.stat().st_size
    left = ranges.missing(plan.ranges, have)
    size = sum(map(len, left))
    need_room(part.parent, size + plan.unpacked, "Fetching Elasticsearch")
    if left:
        again = " that are still missing" if have else ""
        report(f"Fetching Elasticsearch {release.version} from {source.name}: {size / 1e6:.0f} MB{again}.")
    with part.open("r+b") as file, metered(size, report) as advance:
        for one in left:
            _fill_range(file, one, source, advance)
        file.truncate(tail.total)
        file.seek(tail.total - len(tail.data))
        file.write(tail.data)


def _plan(tail: Tail, release: Release, folder: Path) -> Plan:
    """Read the central directory, which lies in the archive's tail."""
    with tempfile.TemporaryFile(dir=folder) as skeleton:
        skeleton.truncate(tail.total)
        skeleton.seek(tail.total - len(tail.data))
        skeleton.write(tail.data)
        try:
            with ZipFile(skeleton) as archive:
                entries = ranges.wanted(archive, release.folder)
                plan = ranges.merged(ranges.extents(archive, entries), ranges.GAP)
        except BROKEN as error:
            raise Damaged("no central directory") from error
    # What the tail brought along isn't asked for again: it saves the second of two ranges in 26.4.0.121862.
    plan = ranges.before(plan, tail.total - len(tail.data))
    return Plan(plan, sum(entry.file_size for entry in entries))


def _fill_range(file: BinaryIO, wanted: Range, source: Source, advance: Advance) -> None:
    while wanted:
        reached = _patiently(partial(_copy, file, wanted, source, advance))
        wanted = Range(reached, wanted.end)


def _copy(file: BinaryIO, wanted: Range, source: Source, advance: Advance) -> int:
    """Write what arrives of a range and return the offset reached; raise `Cut` only when nothing arrived."""
    reached = wanted.start
    file.seek(reached)
    try:
        for chunk in source.read(wanted):
            file.write(chunk)
            reached += len(chunk)
            advance(len(chunk))
    except Cut:
        if reached == wanted.start:
            raise
    if reached == wanted.start:
        raise Cut(f"{source.name} sent nothing")
    return reached


def _patiently(step: Callable[[], T]) -> T:
    """Try a step again while it is cut, with growing pauses; give up when nothing comes for about a minute."""
    attempts = Retrying(
        retry=retry_if_exception_type(Cut),
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_random_exponential(multiplier=FIRST_PAUSE, max=30),
        reraise=True,
    )
    try:
        return attempts(step)
    except Cut as cut:
        raise UnreachableError(
            f"Elasticsearch can't be fetched: {cut}.",
            "What has arrived is kept: the next start goes on from there.",
        ) from cut


def _unpack(part: Path, folder: Path, release: Release) -> None:
    """Unpack beside the final folder, check against the pinned hash, then rename: it is whole or absent."""
    room = folder.with_name(f".{release.version}.new")
    shutil.rmtree(room, ignore_errors=True)
    try:
        with ZipFile(part) as archive:
            entries = ranges.wanted(archive, release.folder)
            # Names that lead elsewhere (`..`, absolute ones) are made harmless by the library.
            archive.extractall(room, entries)
        unpacked = room / entries[0].filename.split("/")[0] / release.folder
        if (found := tree.digest(unpacked)) != release.tree_sha256:
            raise Damaged(f"SHA-256 of the tree is {found}")
        tree.open_to_read(unpacked)
        shutil.rmtree(folder, ignore_errors=True)
        unpacked.rename(folder)
    except BROKEN as error:
        raise Damaged(str(error)) from error
    finally:
        shutil.rmtree(room, ignore_errors=True)
