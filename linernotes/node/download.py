"""How far a transfer is, on stderr: a bar on a terminal, a line now and then elsewhere."""

import hashlib
import os
import shutil
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar
from xml.etree import ElementTree
from zipfile import BadZipFile, ZipFile

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from linernotes.node import remote
from linernotes.node.releases import CURRENT, Release
from linernotes.node.remote import Cut, FileSource, HttpSource, Range, Source, Tail
from linernotes.node.state import locked, need_room, told
from mappings.errors import CheckFailedError, UnreachableError

Advance = Callable[[int], None]
# Seconds between two lines where there is no terminal: often enough to see that it lives.
PAUSE = 5.0


@dataclass
class _Lines:
    """Says a line when the last one is some seconds old."""

    total: int
    report: Callable[[str], None]
    done: int = 0
    started: float = field(default_factory=time.monotonic)
    said: float = field(default_factory=time.monotonic)

    def advance(self, count: int) -> None:
        self.done += count
        now = time.monotonic()
        if now - self.said >= PAUSE:
            self.said = now
            rate = self.done / (now - self.started) / 1e6
            self.report(f"{self.done / 1e6:.0f} of {self.total / 1e6:.0f} MB, {rate:.1f} MB/s")


@contextmanager
def metered(total: int, report: Callable[[str], None], console: Console | None = None) -> Iterator[Advance]:
    """Show how much of `total` bytes is done; the body calls what it is given with the bytes just done."""
    console = console or Console(stderr=True)
    if not console.is_terminal:
        yield _Lines(total, report).advance
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
        task = progress.add_task("Elasticsearch", total=total)
        yield lambda count: progress.advance(task, count)


def files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield each file below `folder`, as its path from there with `/` and where it is, in a fixed order."""
    found = ((path.relative_to(folder).as_posix(), path) for path in folder.rglob("*") if path.is_file())
    yield from sorted(found)


def digest(folder: Path) -> str:
    r"""Return the SHA-256 over the lines `<sha256 of the file>  <path>` of all files, sorted by path.

    It is what `find . -type f -printf '%P\n' | LC_ALL=C sort | xargs sha256sum | sha256sum` prints there.
    """
    whole = hashlib.sha256()
    for name, path in files(folder):
        with path.open("rb") as file:
            one = hashlib.file_digest(file, "sha256").hexdigest()
        whole.update(f"{one}  {name}\n".encode())
    return whole.hexdigest()


def extent(folder: Path) -> tuple[int, int]:
    """Return how many files are below `folder` and their bytes in all: (0, 0) when it isn't there."""
    sizes = [path.stat().st_size for _, path in files(folder)]
    return len(sizes), sum(sizes)


def open_to_read(folder: Path) -> None:
    """Let every user read the tree, and nobody but its owner change it.

    Elasticsearch runs as another user than root, who unpacked it, whatever root's umask was.
    """
    folder.chmod(0o755)
    for path, folders, names in os.walk(folder):
        for name in folders:
            Path(path, name).chmod(0o755)
        for name in names:
            Path(path, name).chmod(0o644)


SETTINGS = Path(".m2/settings.xml")
# The id that Maven itself gives to its default repository.
DEFAULT_ID = "central"


@dataclass(frozen=True)
class Repository:
    """What Maven's settings say: its folder here, and the mirror of its default repository, if any."""

    folder: Path | None = None
    mirror: str | None = None
    credentials: str | None = None


def maven_source(release: Release, home: Path | None = None) -> Source:
    """Return where to read the release's zip: Maven's folder on this machine, else the repository.

    `home` is the user's home folder, whose `.m2/settings.xml` is honoured.
    """
    # Here and not above: it costs 0.1 s, and mostly nothing has to be fetched.
    from jgo.constants import MAVEN_CENTRAL_URL, default_maven_repo

    found = settings(home or Path.home())
    here = (found.folder or default_maven_repo()) / release.path
    if here.is_file():
        return FileSource(here)
    root = found.mirror or MAVEN_CENTRAL_URL
    advice = (
        "Fetch it with Maven, whose own folder is looked into first: "
        f"mvn dependency:get -Dtransitive=false -Dartifact={release.coordinates}"
    )
    return HttpSource(f"{root.rstrip('/')}/{release.path}", found.credentials, advice)


def settings(home: Path) -> Repository:
    """Read `.m2/settings.xml` of a home folder; what can't be read counts as not there."""
    try:
        return parse((home / SETTINGS).read_text(encoding="utf-8"), home)
    except (OSError, ElementTree.ParseError, UnicodeDecodeError):
        return Repository()


def parse(text: str, home: Path) -> Repository:
    """Return what a settings file says about the default repository.

    >>> parse("<settings><mirrors><mirror><mirrorOf>*</mirrorOf><url>u</url></mirror></mirrors></settings>",
    ...       Path("/h")).mirror
    'u'
    """
    root = ElementTree.fromstring(text)  # noqa: S314 - the user's own file, which Maven trusts too
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    folder = (root.findtext("localRepository") or "").strip().replace("${user.home}", str(home))
    for mirror in root.iterfind("mirrors/mirror"):
        if mirrors_default(mirror.findtext("mirrorOf") or ""):
            url = (mirror.findtext("url") or "").strip()
            return Repository(Path(folder) if folder else None, url, _credentials(root, mirror.findtext("id")))
    return Repository(Path(folder) if folder else None)


def mirrors_default(pattern: str) -> bool:
    """Tell whether a `mirrorOf` pattern takes in Maven's default repository.

    >>> [mirrors_default(p) for p in ("central", "*", "external:*", "*,!central", "other")]
    [True, True, True, False, False]
    """
    parts = {part.strip() for part in pattern.split(",")}
    return f"!{DEFAULT_ID}" not in parts and bool(parts & {DEFAULT_ID, "*", "external:*"})


def _credentials(root: ElementTree.Element, server_id: str | None) -> str | None:
    for server in root.iterfind("servers/server"):
        name, secret = server.findtext("username"), server.findtext("password")
        # A password in braces is encrypted with Maven's master password: only Maven can read it.
        if server.findtext("id") == server_id and name and secret and not secret.startswith("{"):
            return f"{name}:{secret}"
    return None


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
    return extent(folder) == (release.files, release.unpacked_bytes)


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
    left = remote.missing(plan.ranges, have)
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
                entries = remote.wanted(archive, release.folder)
                plan = remote.merged(remote.extents(archive, entries), remote.GAP)
        except BROKEN as error:
            raise Damaged("no central directory") from error
    # What the tail brought along isn't asked for again: it saves the second of two ranges in 26.4.0.121862.
    plan = remote.before(plan, tail.total - len(tail.data))
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
            entries = remote.wanted(archive, release.folder)
            # Names that lead elsewhere (`..`, absolute ones) are made harmless by the library.
            archive.extractall(room, entries)
        unpacked = room / entries[0].filename.split("/")[0] / release.folder
        if (found := digest(unpacked)) != release.tree_sha256:
            raise Damaged(f"SHA-256 of the tree is {found}")
        open_to_read(unpacked)
        shutil.rmtree(folder, ignore_errors=True)
        unpacked.rename(folder)
    except BROKEN as error:
        raise Damaged(str(error)) from error
    finally:
        shutil.rmtree(room, ignore_errors=True)
