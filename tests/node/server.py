"""A repository on the loopback address that misbehaves as told: it cuts, lies, refuses."""

from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# What happens to one request: gets the handler, the range and the body; True when it has answered.
Fault = Callable[["Handler", int, bytes], bool]


@dataclass
class Repository:
    """What the server has, what it is to do wrong (one fault a request, in order), and what it was asked."""

    path: str
    body: bytes
    faults: list[Fault] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    sent: int = 0
    url: str = ""


class Server(ThreadingHTTPServer):
    """A repository on the loopback address."""

    daemon_threads = True
    repository: Repository

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep quiet about connections that were cut on purpose."""


class Handler(BaseHTTPRequestHandler):
    """Answers ranged requests, as Maven repositories do."""

    server: Server

    def do_GET(self) -> None:
        repository = self.server.repository
        wanted = self.headers.get("Range", "")
        repository.asked.append(wanted)
        start, end = self.thresholds(wanted, len(repository.body))
        body = repository.body[start:end]
        if repository.faults and repository.faults.pop(0)(self, start, body):
            return
        if self.path != repository.path:
            self.send_error(404)
            return
        self.answer(start, body)

    def answer(self, start: int, body: bytes, *, length: int | None = None) -> None:
        """Send a range; `length` is what the header says, where it isn't the body's."""
        length = len(body) if length is None else length
        total = len(self.server.repository.body)
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {start}-{start + length - 1}/{total}")
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.server.repository.sent += len(body)
        self.wfile.write(body)

    @staticmethod
    def thresholds(wanted: str, total: int) -> tuple[int, int]:
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        if not first:
            return max(0, total - int(last)), total
        return int(first), int(last) + 1

    def log_message(self, *_: object) -> None:
        """Say nothing."""
