"""A proxy in front of the real node that does what networks and tired servers do. Loopback only."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import orjson
import urllib3

TIMEOUT_S = 0.75
"""How long the client under test waits for an answer. Without faults the slowest takes 0.05 s here, on two cores that
do nothing else; a request that really takes longer is one more fault."""
HELD_S = SLOW_S = 1.0
"""How long an answer, or a request, is held back."""
TOO_LARGE = 60_000
CALM = 2
"""Untroubled requests between two that are troubled on purpose: waits double while nothing gets through."""

JSON = "application/vnd.elasticsearch+json;compatible-with=8"


@dataclass
class Answer:
    """What the client gets: None as a status closes the connection without a word."""

    status: int | None
    body: bytes = b""
    content_type: str = JSON
    cut: bool = False


@dataclass
class Faults:
    """Which faults happen, how often, and how many did. The seed makes a run repeatable, but for its timing."""

    target: str
    kinds: tuple[str, ...]
    share: float = 0.3
    seed: int = 0
    calm: int = 0
    happened: Counter[str] = field(default_factory=Counter)
    pool: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(maxsize=16))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """Forward a request, or do something else to it."""
        kind = self.chosen(path, body)
        return KINDS[kind](self, method, path, headers, body) if kind else self.forward(method, path, headers, body)

    def chosen(self, path: str, body: bytes) -> str:
        """Return what happens to this request: each kind once as soon as it can be, then by chance."""
        possible = [kind for kind in self.kinds if FITS.get(kind, _always)(path, body)]
        with self.lock:
            self.calm += 1
            new = [kind for kind in possible if not self.happened[kind] and self.calm > CALM]
            by_chance = possible if self.random.random() < self.share else []
            kind = self.random.choice(new or by_chance) if new or by_chance else ""
            if kind:
                self.happened[kind] += 1
                self.calm = 0
        return kind

    def forward(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        found = self.pool.request(method, self.target + path, headers=headers, body=body, retries=False)
        return Answer(found.status, found.data, found.headers.get("content-type", JSON))


Fault = Callable[[Faults, str, str, dict[str, str], bytes], Answer]


def _says(status: int, reason: str) -> Fault:
    body = orjson.dumps({"error": {"type": "made_by_the_proxy", "reason": reason}, "status": status})
    return lambda *_: Answer(status, body)


def _reset_after(faults: Faults, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
    faults.forward(method, path, headers, body)
    return Answer(None)


def _timeout_after(faults: Faults, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
    found = faults.forward(method, path, headers, body)
    time.sleep(HELD_S)
    return found


def _slow(faults: Faults, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
    time.sleep(SLOW_S)
    return faults.forward(method, path, headers, body)


def _cut(faults: Faults, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
    found = faults.forward(method, path, headers, body)
    found.cut = True
    return found


def _not_json(faults: Faults, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
    faults.forward(method, path, headers, body)
    return Answer(200, b"<html>It works!</html>", "text/html")


def _items_429(faults: Faults, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
    """Keep every third document from the server, and say that it had no room for it."""
    lines = body.strip(b"\n").split(b"\n")
    pairs = list(zip(lines[::2], lines[1::2], strict=True))
    passed = [pair for number, pair in enumerate(pairs) if number % 3]
    if not passed:
        return _says(429, "no room")(faults, method, path, headers, body)
    found = faults.forward(method, path, headers, b"\n".join(line for pair in passed for line in pair) + b"\n")
    answered = orjson.loads(found.body)
    if "items" not in answered:
        return found
    answers = iter(answered["items"])
    error = {"type": "es_rejected_execution_exception", "reason": "made by the proxy"}
    items = [
        next(answers) if number % 3 else {"index": {"status": 429, "error": error}} for number in range(len(pairs))
    ]
    return Answer(200, orjson.dumps({"errors": True, "items": items}))


KINDS: dict[str, Fault] = {
    "items_429": _items_429,
    "429": _says(429, "too many requests"),
    "502": _says(502, "bad gateway"),
    "503": _says(503, "not now"),
    "413": _says(413, "too large"),
    "reset_before": lambda *_: Answer(None),
    "reset_after": _reset_after,
    "timeout_after": _timeout_after,
    "cut": _cut,
    "not_json": _not_json,
    "slow": _slow,
}


def _always(_path: str, _body: bytes) -> bool:
    return True


FITS: dict[str, Callable[[str, bytes], bool]] = {
    "items_429": lambda path, body: "_bulk" in path and body.count(b"\n") > 3,
    "413": lambda _, body: len(body) > TOO_LARGE,
}
"""To which requests a kind can happen, where that isn't every one."""


def _handler(faults: Faults) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            own = ("host", "connection", "content-length")  # a fault may send on less than came
            kept = {name: value for name, value in self.headers.items() if name.lower() not in own}
            answer = faults.answer(self.command, self.path, kept, body)
            try:
                self._write(answer)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def _write(self, answer: Answer) -> None:
            if answer.status is None:
                self.close_connection = True
                return
            self.send_response_only(answer.status)
            self.send_header("content-type", answer.content_type)
            self.send_header("x-elastic-product", "Elasticsearch")
            self.send_header("content-length", str(len(answer.body)))
            self.end_headers()
            if self.command == "HEAD":
                return
            self.wfile.write(answer.body[: len(answer.body) // 2] if answer.cut else answer.body)
            self.close_connection |= answer.cut

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _any

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that hangs up is what these tests are about."""


@contextmanager
def running(faults: Faults) -> Iterator[str]:
    """Serve on a free port; give the address."""
    server = _Server(("127.0.0.1", 0), _handler(faults))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        faults.pool.clear()
