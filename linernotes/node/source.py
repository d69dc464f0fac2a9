"""Where the bytes of a zip come from: a file on this machine, or a repository that answers ranged requests."""

import re
import ssl
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError, SSLError

from linernotes.node.ranges import Range
from mappings.errors import CheckFailedError, LinernotesError, UnreachableError

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
