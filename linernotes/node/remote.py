"""Which bytes of a zip must be fetched to have one folder of it. Pure."""

import re
import ssl
import urllib.request
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit
from zipfile import ZipFile, ZipInfo

import urllib3
from urllib3.exceptions import HTTPError, SSLError

from mappings.errors import CheckFailedError, LinernotesError, UnreachableError

# Two wanted entries with less than this between them are fetched by one request: a request costs about 0.2 s
# (403 requests took 76 s, design section 10), in which this much arrives at 10 MB/s.
GAP = 2 << 20


@dataclass(frozen=True, order=True)
class Range:
    """Bytes `start` (included) to `end` (excluded) of a file."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start


def merged(ranges: Iterable[Range], gap: int) -> list[Range]:
    """Return few ranges, ascending and apart by more than `gap` bytes, that cover all of `ranges`.

    >>> merged([Range(30, 40), Range(0, 10), Range(11, 20)], gap=5)
    [Range(start=0, end=20), Range(start=30, end=40)]
    """
    plan: list[Range] = []
    for one in sorted(ranges):
        if plan and one.start - plan[-1].end <= gap:
            plan[-1] = Range(plan[-1].start, max(plan[-1].end, one.end))
        else:
            plan.append(one)
    return plan


def missing(plan: Iterable[Range], have: int) -> list[Range]:
    """Return what is left of an ascending plan when every byte of it before offset `have` is there.

    >>> missing([Range(0, 10), Range(20, 30)], have=25)
    [Range(start=25, end=30)]
    """
    return [Range(max(one.start, have), one.end) for one in plan if one.end > have]


def before(plan: Iterable[Range], offset: int) -> list[Range]:
    """Return the part of a plan that lies before `offset`, from which on everything is there already.

    >>> before([Range(0, 10), Range(20, 30)], offset=25)
    [Range(start=0, end=10), Range(start=20, end=25)]
    """
    return [Range(one.start, min(one.end, offset)) for one in plan if one.start < offset]


def wanted(archive: ZipFile, folder: str) -> list[ZipInfo]:
    """Return the entries of `*/<folder>/`: the folder is the second step of their path."""
    return [entry for entry in archive.infolist() if entry.filename.split("/")[1:2] == [folder]]


def extents(archive: ZipFile, entries: Iterable[ZipInfo]) -> list[Range]:
    """Return where each of the entries lies: from its header to the next entry's, or to the directory.

    The next header bounds an entry without guessing the length of its own local header, which may carry
    other extra fields than the central directory says.
    """
    starts = sorted({*(entry.header_offset for entry in archive.infolist()), archive.start_dir})
    ends = dict(pairwise(starts))
    return [Range(entry.header_offset, ends[entry.header_offset]) for entry in entries]


CHUNK = 1 << 18
TIMEOUT = urllib3.Timeout(connect=20, read=30)
# What a repository answers when it is busy rather than unwilling.
BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})


class Cut(Exception):
    """The transfer ended early; asking again for what is missing may help."""


@dataclass(frozen=True)
class Tail:
    """The last bytes of a file, and how long the whole file is."""

    data: bytes
    total: int


class Source(Protocol):
    """Something that can be read in pieces."""

    name: str

    def tail(self, length: int) -> Tail:
        """Return the last `length` bytes, or all when there are fewer."""

    def read(self, wanted: Range) -> Iterator[bytes]:
        """Yield the bytes of a range, in order; may end early with `Cut`."""


class FileSource:
    """A zip that is on this machine already."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._path = path

    def tail(self, length: int) -> Tail:
        """Return the last `length` bytes."""
        total = self._path.stat().st_size
        with self._path.open("rb") as file:
            file.seek(max(0, total - length))
            return Tail(file.read(), total)

    def read(self, wanted: Range) -> Iterator[bytes]:
        """Yield the bytes of a range."""
        with self._path.open("rb") as file:
            file.seek(wanted.start)
            left = len(wanted)
            while left and (chunk := file.read(min(CHUNK, left))):
                left -= len(chunk)
                yield chunk


class HttpSource:
    """A zip behind HTTP(S), read by ranged requests. `requests` counts them.

    Certificates are checked against the machine's own authorities (`SSL_CERT_FILE`, `SSL_CERT_DIR`), and
    the usual proxy variables are honoured. `advice` is what to do when the repository can't be used.
    """

    def __init__(self, url: str, credentials: str | None = None, advice: str = "") -> None:
        self.name = urlsplit(url).hostname or url
        self.requests = 0
        self._url = url
        self._advice = advice
        self._pool = _pool(url)
        self._headers = {"Accept-Encoding": "identity", "User-Agent": "linernotes"}
        if credentials:
            self._headers |= urllib3.make_headers(basic_auth=credentials)
        self._tag: str | None = None

    def tail(self, length: int) -> Tail:
        """Return the last `length` bytes, and remember which state of the file they belong to."""
        response = self._ask(f"bytes=-{length}")
        start, total = _content_range(response)
        data = b"".join(self._stream(response))
        if start + len(data) != total:
            raise Cut(f"{self.name} sent {len(data)} of {total - start} bytes")
        self._tag = response.headers.get("ETag")
        return Tail(data, total)

    def read(self, wanted: Range) -> Iterator[bytes]:
        """Yield the bytes of a range; `Cut` when they end early."""
        response = self._ask(f"bytes={wanted.start}-{wanted.end - 1}")
        start, _ = _content_range(response)
        if start != wanted.start:
            response.close()
            raise Cut(f"{self.name} sent bytes from {start} instead of {wanted.start}")
        left = len(wanted)
        for chunk in self._stream(response):
            yield chunk[:left]
            left -= len(chunk)
            if left <= 0:
                return

    def _ask(self, wanted: str) -> urllib3.BaseHTTPResponse:
        headers = self._headers | {"Range": wanted}
        if self._tag and not self._tag.startswith("W/"):
            headers["If-Range"] = self._tag
        self.requests += 1
        try:
            response = self._pool.request("GET", self._url, headers=headers, preload_content=False)
        except SSLError as error:
            raise _untrusted(self.name, error) from error
        except HTTPError as error:
            raise _unanswered(self.name, error) from error
        if response.status != 206:
            # Closed unread: the body may be the whole file of hundreds of megabytes.
            response.close()
            raise _refused(self.name, response.status, self._advice)
        return response

    def _stream(self, response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
        try:
            yield from response.stream(CHUNK, decode_content=False)
        except HTTPError as error:
            raise Cut(f"{self.name} cut the transfer") from error
        finally:
            # A body that wasn't read to its end leaves a connection that can't be used again.
            response.close()


def _pool(url: str) -> urllib3.PoolManager:
    redirects = urllib3.Retry(total=5, connect=0, read=0, status=0, other=0, redirect=5)
    context = ssl.create_default_context()
    target = urlsplit(url)
    proxy = urllib.request.getproxies().get(target.scheme)
    if proxy and not urllib.request.proxy_bypass(target.netloc):
        return urllib3.ProxyManager(proxy, retries=redirects, timeout=TIMEOUT, ssl_context=context)
    return urllib3.PoolManager(retries=redirects, timeout=TIMEOUT, ssl_context=context)


def _content_range(response: urllib3.BaseHTTPResponse) -> tuple[int, int]:
    """Return the first byte's offset and the length of the whole file."""
    header = response.headers.get("Content-Range", "")
    if match := re.fullmatch(r"bytes (\d+)-\d+/(\d+)", header.strip()):
        return int(match[1]), int(match[2])
    response.close()
    raise Cut(f"the answer says {header!r} about its range")


def _unanswered(name: str, error: HTTPError) -> Exception:
    root: BaseException = error
    while isinstance(getattr(root, "reason", None), BaseException):
        root = root.reason  # type: ignore[attr-defined]
    if isinstance(root, SSLError):
        return _untrusted(name, root)
    return Cut(f"{name} can't be reached ({type(root).__name__})")


def _untrusted(name: str, error: Exception) -> LinernotesError:
    return UnreachableError(
        f"The certificate of {name} isn't trusted here ({error}).",
        "Set SSL_CERT_FILE to the file with your network's certificate authority.",
    )


def _refused(name: str, status: int, advice: str) -> Exception:
    if status in BUSY:
        return Cut(f"{name} answered {status}")
    if status == 200:
        return CheckFailedError(f"{name} doesn't answer ranged requests.", advice)
    return UnreachableError(f"{name} refuses the file (HTTP {status}).", advice)
