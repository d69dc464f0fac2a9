"""A recording stand-in for Kibana's API, over real sockets: it stores what was sent, and answers as Kibana does.

Kibana itself can't be run here. Each answer names the place in Kibana's public source (github.com/elastic/kibana) that
makes it; nothing of what Kibana would do with the objects is tested by this.
"""

import base64
import re
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

# Hapi's own answer to a path that no route has, and what `response.notFound()` gives without a body:
# src/core/packages/http/router-server-internal/src/response_adapter.ts (boom.notFound)
NOT_FOUND: Answer = (404, {"statusCode": 404, "error": "Not Found", "message": "Not Found"})

# x-pack/platform/plugins/shared/security/server/authentication/authentication_service.ts: no valid credentials on a
# route with the tag `api`, or with credentials in a header
UNAUTHORIZED: Answer = (
    401,
    {
        "statusCode": 401,
        "error": "Unauthorized",
        "message": "[security_exception]: unable to authenticate user [someone] for REST request",
    },
)

# x-pack/platform/plugins/shared/spaces/server/spaces_client (security's wrapper): somebody who may not see the space
FORBIDDEN: Answer = (403, {"statusCode": 403, "error": "Forbidden", "message": "Unauthorized to get music space"})

# What the sources call the redacted status: `getRedactedStatusResponse` in
# src/core/packages/status/server-internal/src/routes/status.ts
REDACTED = {"status": {"overall": {"level": "available"}}}

IMPORT = re.compile(r"(?:/s/(?P<space>[^/]+))?/api/saved_objects/_import\?overwrite=true")


@dataclass
class Stub:
    """What was asked (method, path, headers, body), and what is answered first; then it answers as Kibana does.

    `user` is whose credentials are valid, none where everybody may; `shows_version` is False as from 9.5 on for users
    without the cluster privilege `monitor`; `refused` are errors of the import, by object.
    """

    version: str = "8.19.13"
    first: list[Answer] = field(default_factory=list)
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    spaces: tuple[str, ...] = ("default", "music")
    user: tuple[str, str] | None = None
    shows_version: bool = True
    base_path: str = ""
    refused: dict[str, dict[str, Any]] = field(default_factory=dict)
    new_ids: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    url: str = ""

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        if self.first:
            return self.first.pop(0)
        if not path.startswith(self.base_path):
            return NOT_FOUND
        path = path.removeprefix(self.base_path)
        expected = "" if self.user is None else base64.b64encode(":".join(self.user).encode()).decode()
        known = self.user is None or headers.get("authorization") == f"Basic {expected}"
        if path == "/api/status":  # `authRequired: 'optional'`: strangers are answered too
            return 200, self._status() if known and self.shows_version else REDACTED
        if not known:
            return UNAUTHORIZED
        if method == "GET" and path.startswith("/api/spaces/space/"):
            # x-pack/platform/plugins/shared/spaces/server/routes/api/external/get.ts
            space = path.removeprefix("/api/spaces/space/")
            return (200, {"id": space, "name": space, "disabledFeatures": []}) if space in self.spaces else NOT_FOUND
        if method == "POST" and IMPORT.fullmatch(path):  # of any space, also of one that isn't there
            return 200, self._imported(body)
        return NOT_FOUND

    def _status(self) -> dict[str, Any]:
        # `getFullStatusResponse` of the same file
        return {
            "name": "stub",
            "uuid": "5b2de169-2785-441b-ae8c-186a1936b17d",
            "version": {"number": self.version, "build_hash": "x", "build_number": 1, "build_snapshot": False},
            "status": {"overall": {"level": "available", "summary": "All services are available"}},
        }

    def _imported(self, body: bytes) -> dict[str, Any]:
        # src/core/packages/saved-objects/import-export-server-internal/src/import/import_saved_objects.ts and
        # lib/create_saved_objects.ts: with an error that a user could resolve (conflict, ambiguous_conflict,
        # missing_references) nothing is written, and the other objects are listed as successes all the same
        lines = [orjson.loads(line) for line in body.replace(b"\r\n", b"\n").split(b"\n") if line[:1] == b"{"]
        objects = [one for one in lines if "type" in one]
        errors = [
            {"type": one["type"], "id": one["id"], "meta": {"title": one["id"]}, "error": self.refused[one["id"]]}
            for one in objects
            if one["id"] in self.refused
        ]
        made = [
            {"type": one["type"], "id": one["id"], "meta": {"title": one["id"]}, "managed": False}
            | ({"destinationId": f"new-{number}"} if self.new_ids else {})
            for number, one in enumerate(objects)
            if one["id"] not in self.refused
        ]
        answer: dict[str, Any] = {"successCount": len(made), "success": not errors, "warnings": []}
        return answer | ({"successResults": made} if made else {}) | ({"errors": errors} if errors else {})


@contextmanager
def running(stub: Stub) -> Iterator[Stub]:
    """Run it on a port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {k.lower(): v for k, v in self.headers.items()}
            stub.asked.append((self.command, self.path, headers, body))
            answer = stub.answer(self.command, self.path, headers, body)
            if isinstance(answer, str):  # a reset, as from a proxy that dies
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                self.close_connection = True
                return
            status, value = answer
            data = value if isinstance(value, bytes) else orjson.dumps(value)
            self.send_response(status)
            for name, text in stub.headers.items():
                self.send_header(name, text)
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
    stub.url = f"http://127.0.0.1:{server.server_address[1]}{stub.base_path}"
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
