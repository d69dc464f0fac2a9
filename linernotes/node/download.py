"""Downloads Elasticsearch: one folder of a zip in a Maven repository, by ranged requests, verified by a pinned hash.

`zipfile` reads the archive as if it were here: a file object fetches the blocks that are read, so that of 632 MB the
145 MB of the folder arrive, and a few kilobytes of the directory.
"""

import hashlib
import io
import os
import re
import shutil
import ssl
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit
from xml.etree import ElementTree
from zipfile import BadZipFile, ZipFile, ZipInfo

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from linernotes.node.releases import CURRENT, Release
from linernotes.node.state import exclusive, need_free, translated_os_errors
from linernotes.output import terminal
from linernotes.output.progress import progress
from mappings.errors import CheckFailedError, UnreachableError

Report = Callable[[str], None]

# Bytes that are read at a time.
BUFFER = 1 << 16
TIMEOUT = httpx.Timeout(30, connect=20)
# What a repository answers when it is busy rather than unwilling.
BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
# Attempts in a row that bring nothing; each one that brings something starts the count again.
ATTEMPTS = 6
# Seconds: pauses are by chance, up to 2, 4, 8, 16, 30, so that many who were cut don't come back at once.
FIRST_PAUSE_S = 2.0
# What the zip and deflate libraries raise about bytes that aren't what they should be.
BROKEN = (BadZipFile, zlib.error, EOFError, NotImplementedError, IndexError)


class TransferInterruptedError(Exception):
    """The transfer ended early; asking again may help."""


class DamagedError(Exception):
    """What arrived isn't what the archive's checksums or the pinned hash say: it is fetched again, once."""


def distribution(home: Path, report: Report, release: Release = CURRENT, source: "Source | None" = None) -> Path:
    """Return the folder of an unpacked, verified Elasticsearch below `home`, fetching it when it isn't there.

    Raises `LinernotesError`: no room, no repository, or something else than what is pinned.
    """
    folder = home / "elasticsearch" / release.version
    if is_complete(folder, release):
        return folder
    lock = folder.parent / ".lock"
    busy = "Another process is fetching Elasticsearch: waiting for it."
    with translated_os_errors(folder.parent), exclusive(lock, lambda: report(busy)):
        if not is_complete(folder, release):
            _fetch(folder, release, source or maven_source(release), report)
    return folder


def is_complete(folder: Path, release: Release) -> bool:
    """Tell, in some milliseconds, whether all files are there at their full length."""
    sizes = [path.stat().st_size for _, path in _files(folder)]
    return (len(sizes), sum(sizes)) == (release.files, release.unpacked_bytes)


def _fetch(folder: Path, release: Release, source: "Source", report: Report) -> None:
    """Unpack beside the final folder, verify, then rename: it is complete or absent."""
    fresh = folder.with_name(f".{release.version}.new")
    for is_last in (False, True):
        try:
            with source.open() as file, ZipFile(file) as archive:
                unpacked = _extract(archive, fresh, release, source.name, report)
            if (digest := tree_digest(unpacked)) != release.tree_sha256:
                raise DamagedError(f"SHA-256 of the tree is {digest}")
        except (DamagedError, *BROKEN) as damage:
            shutil.rmtree(fresh, ignore_errors=True)
            if is_last:
                raise CheckFailedError(
                    f"What {source.name} sent isn't the Elasticsearch {release.version} that is pinned ({damage}).",
                    "Nothing of it was kept. A proxy in between may change downloads.",
                ) from damage
            report(f"What arrived is damaged ({damage}): fetching it again.")
        else:
            _open_to_all(unpacked)
            shutil.rmtree(folder, ignore_errors=True)
            unpacked.rename(folder)
            shutil.rmtree(fresh)
            return


def _extract(archive: ZipFile, target: Path, release: Release, name: str, report: Report) -> Path:
    """Extract the release's folder, the second step of the paths in the archive; return where it is.

    What an attempt before this one has extracted is not fetched again: the tree's hash is verified at the end.
    """
    inside = [entry for entry in archive.infolist() if entry.filename.split("/")[1:2] == [release.folder]]
    if not inside:
        raise DamagedError(f"it has no folder {release.folder}")
    # In the order of the archive, so that a block is read once.
    missing = sorted((entry for entry in inside if not _is_there(target, entry)), key=lambda entry: entry.header_offset)
    need_free(target.parent, sum(entry.file_size for entry in missing), "Fetching Elasticsearch")
    rest = "" if len(missing) == len(inside) else " that are still missing"
    total, done = sum(entry.compress_size for entry in missing), 0
    report(f"Fetching Elasticsearch {release.version} from {name}: {total / 1e6:.0f} MB{rest}.")
    with progress(terminal.console(stderr=True), "MB") as step:
        for entry in missing:
            # Names that lead elsewhere (`..`, absolute ones) are made harmless by the library.
            archive.extract(entry, target)
            done += entry.compress_size
            step("Elasticsearch", round(done / 1e6), round(total / 1e6))
    return target / inside[0].filename.split("/")[0] / release.folder


def _is_there(target: Path, entry: ZipInfo) -> bool:
    path = target / entry.filename
    return path.is_file() and path.stat().st_size == entry.file_size


def tree_digest(folder: Path) -> str:
    r"""Return the SHA-256 over the lines `<sha256 of the file>  <path>` of all files, sorted by path.

    It is what `find . -type f -printf '%P\n' | LC_ALL=C sort | xargs sha256sum | sha256sum` prints there.
    """
    digest = hashlib.sha256()
    for name, path in _files(folder):
        with path.open("rb") as file:
            digest.update(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {name}\n".encode())
    return digest.hexdigest()


def _files(folder: Path) -> list[tuple[str, Path]]:
    return sorted((path.relative_to(folder).as_posix(), path) for path in folder.rglob("*") if path.is_file())


def _open_to_all(folder: Path) -> None:
    """Let every user read the tree, and nobody but its owner change it, whatever root's umask was."""
    folder.chmod(0o755)
    for path, folders, names in os.walk(folder):
        for name in folders:
            Path(path, name).chmod(0o755)
        for name in names:
            Path(path, name).chmod(0o644)


@dataclass(frozen=True)
class Source:
    """Where an archive is: a file of this machine, or an address, whose credentials are sent to its host alone."""

    location: Path | str
    credentials: tuple[str, str] | None = None
    hint: str = ""

    @property
    def name(self) -> str:
        """Return the path, or the address's host."""
        return str(self.location) if isinstance(self.location, Path) else urlsplit(self.location).hostname or ""

    def open(self) -> BinaryIO:
        """Return the archive as a file that can be read anywhere."""
        if isinstance(self.location, Path):
            return self.location.open("rb")
        return io.BufferedReader(RemoteFile(self, self.location), BUFFER)


class RemoteFile(io.RawIOBase):
    """A file behind HTTP(S), by ranged requests: one for all that is read in a row, and again where it was cut.

    Certificates are checked against the machine's own authorities (`SSL_CERT_FILE`, `SSL_CERT_DIR`), and the usual
    proxy variables are honoured.
    """

    def __init__(self, source: Source, url: str) -> None:
        self._source, self._url = source, url
        self._client = httpx.Client(
            auth=source.credentials,
            headers={"Accept-Encoding": "identity", "User-Agent": "linernotes"},
            timeout=TIMEOUT,
            follow_redirects=True,
            verify=ssl.create_default_context(),
        )
        self._response: httpx.Response | None = None
        # What has arrived and wasn't read yet, and where it stands in the file.
        self._chunks: Iterator[bytes] = iter(())
        self._rest, self._rest_at = b"", -1
        # The first byte's answer says how many there are.
        self._position, self._length = 0, 1
        self.readinto(bytearray(1))

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Change the position; nothing is fetched for it."""
        self._position = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._length}[whence]
        return self._position

    def readinto(self, buffer: Any, /) -> int:
        """Read some bytes from the present position; no more than have arrived."""
        if self._position >= self._length:
            return 0
        attempts = Retrying(
            retry=retry_if_exception_type(TransferInterruptedError),
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_random_exponential(multiplier=FIRST_PAUSE_S, max=30),
            reraise=True,
        )
        try:
            arrived = attempts(self._receive)
        except TransferInterruptedError as error:
            raise UnreachableError(
                f"Elasticsearch can't be fetched: {error}.", "Try again later: the files that have arrived are kept."
            ) from error
        count = min(len(arrived), len(buffer))
        buffer[:count], self._rest = arrived[:count], arrived[count:]
        self._position = self._rest_at = self._position + count
        return count

    def close(self) -> None:
        """Close the connection."""
        self._client.close()
        super().close()

    def _receive(self) -> bytes:
        """Return what comes next at the present position, after a new request where the last one doesn't lead on."""
        try:
            if self._rest_at != self._position:
                self._request()
            arrived = self._rest or next(self._chunks, b"")
        except httpx.RequestError as error:
            self._rest_at = -1
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise UnreachableError(
                    f"The certificate of {self._source.name} isn't trusted here ({error}).",
                    "Set SSL_CERT_FILE to the file with your network's certificate authority.",
                ) from error
            raise TransferInterruptedError(f"{self._source.name} can't be reached ({type(error).__name__})") from error
        if not arrived:
            self._rest_at = -1
            raise TransferInterruptedError(f"{self._source.name} sent nothing")
        return arrived

    def _request(self) -> None:
        """Ask for all bytes from the present position on; what follows the last one that is read is never received."""
        if self._response:
            self._response.close()
        headers = {"Range": f"bytes={self._position}-{self._length - 1}"}
        self._response = self._client.send(self._client.build_request("GET", self._url, headers=headers), stream=True)
        self._length = self._check(self._response)
        self._chunks, self._rest, self._rest_at = self._response.iter_raw(), b"", self._position

    def _check(self, response: httpx.Response) -> int:
        """Return the file's length from an answer with the bytes that were asked for; raise for any other answer."""
        name, status, hint = self._source.name, response.status_code, self._source.hint
        if status in BUSY:
            raise TransferInterruptedError(f"{name} answered {status}")
        if status == httpx.codes.OK:
            raise CheckFailedError(f"{name} doesn't answer ranged requests.", hint)
        if status != httpx.codes.PARTIAL_CONTENT:
            raise UnreachableError(f"{name} refuses the file (HTTP {status}).", hint)
        content_range = response.headers.get("Content-Range", "")
        match = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", content_range.strip())
        if not match or int(match[1]) != self._position:
            raise TransferInterruptedError(f"{name} sent another range ({content_range!r})")
        return int(match[2])


# The id that Maven itself gives to its default repository.
DEFAULT_ID = "central"


def maven_source(release: Release, home: Path | None = None) -> Source:
    """Return where to read the release's zip: in Maven's folder on this machine, else from the repository.

    `home` is the user's home folder, whose `.m2/settings.xml` may name another folder, or a mirror.
    """
    # Here and not above: it costs 0.1 s, and mostly nothing has to be fetched.
    from jgo.constants import MAVEN_CENTRAL_URL, default_maven_repo

    home = home or Path.home()
    folder, url, credentials = default_maven_repo(), MAVEN_CENTRAL_URL, None
    with suppress(OSError, ElementTree.ParseError):
        root = ElementTree.parse(home / ".m2" / "settings.xml").getroot()  # noqa: S314 - the user's own file
        if local := _text(root, "localRepository"):
            folder = Path(local.replace("${user.home}", str(home)))
        mirrors = (one for one in root.iterfind("{*}mirrors/{*}mirror") if mirrors_default(_text(one, "mirrorOf")))
        if (mirror := next(mirrors, None)) is not None:
            url, credentials = _text(mirror, "url"), _credentials(root, _text(mirror, "id"))
    if (folder / release.path).is_file():
        return Source(folder / release.path)
    hint = (
        "Fetch it with Maven, whose own folder is looked into first: "
        f"mvn dependency:get -Dtransitive=false -Dartifact={release.coordinates}"
    )
    return Source(f"{url.rstrip('/')}/{release.path}", credentials, hint)


def _text(element: ElementTree.Element, name: str) -> str:
    return (element.findtext(f"{{*}}{name}") or "").strip()


def _credentials(settings: ElementTree.Element, server_id: str) -> tuple[str, str] | None:
    for server in settings.iterfind("{*}servers/{*}server"):
        name, password = _text(server, "username"), _text(server, "password")
        # A password in braces is encrypted with Maven's master password: only Maven can read it.
        if _text(server, "id") == server_id and name and password and not password.startswith("{"):
            return name, password
    return None


def mirrors_default(pattern: str) -> bool:
    """Tell whether a `mirrorOf` pattern takes in Maven's default repository.

    >>> [mirrors_default(p) for p in ("central", "*", "external:*", "*,!central", "other")]
    [True, True, True, False, False]
    """
    parts = {part.strip() for part in pattern.split(",")}
    return f"!{DEFAULT_ID}" not in parts and bool(parts & {DEFAULT_ID, "*", "external:*"})
