"""A recording stand-in for Kibana's API, over real sockets: it keeps what was sent, and answers as it is told to.

Kibana itself can't be run here. What it is asked is what its API documentation asks for; nothing of what it would do
with the objects is tested by this.
"""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import orjson

CUT = "cut"
Answer = tuple[int, Any] | str


@dataclass
class Stub:
    """What was asked (method, path, headers, body), and what is answered first; then it answers as Kibana does."""

    version: str = "8.19.13"
    first: list[Answer] = field(default_factory=list)
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    spaces: tuple[str, ...] = ("music",)
    url: str = ""

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        if self.first:
            return self.first.pop(0)
        if path == "/api/status":
            return 200, {
                "name": "stub",
                "version": {"number": self.version},
                "status": {"overall": {"level": "available"}},
            }
        if path.startswith("/s/") and path.split("/")[2] not in self.spaces:
            return 404, {"statusCode": 404, "error": "Not Found", "message": "Not Found"}
        if method == "POST" and path.endswith("/api/saved_objects/_import?overwrite=true"):
            lines = [
                orjson.loads(line) for line in body.split(b"\r\n") for line in line.split(b"\n") if line[:1] == b"{"
            ]
            made = [{"type": one["type"], "id": one["id"]} for one in lines if "type" in one]
            return 200, {"success": True, "successCount": len(made), "successResults": made, "warnings": []}
        return 404, {"statusCode": 404, "error": "Not Found", "message": "Not Found"}


@contextmanager
def running(stub: Stub) -> Iterator[Stub]:
    """Run it on a port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            stub.asked.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            answer = stub.answer(self.command, self.path, body)
            if isinstance(answer, str):  # a reset, as from a proxy that dies
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                self.close_connection = True
                return
            status, value = answer
            data = value if isinstance(value, bytes) else orjson.dumps(value)
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = _any  # noqa: N815 - the names that http.server calls

        def finish(self) -> None:
            if not self.connection._closed:
                super().finish()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    stub.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
