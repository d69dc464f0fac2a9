"""No query is sent for clients that went away while they were queued."""

import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from linernotes.elastic import connect
from linernotes.settings import from_environment
from linernotes.web.api import PREFIX
from linernotes.web.config import Options
from queries import Searcher
from tests.faults.proxy import Answer, running
from tests.web.conftest import Site
from tests.web.serving import serving
from tests.web.test_command import Held, held

CLIENTS = 60


class Counted(Held):
    """A way to Elasticsearch that counts what it forwards."""

    forwarded = 0

    def forward(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """Count and forward a request."""
        self.forwarded += 1
        return super().forward(method, path, headers, body)


def test_clients_that_leave(site: Site, es_url: str, tmp_path: Path) -> None:
    faults = held(es_url, Counted)
    with running(faults) as url:
        found = from_environment(site.environment | {"LINERNOTES_URL": url})
        with connect(found) as client:
            searcher = Searcher(client, found.prefix)
            with (
                serving(lambda: searcher, Options(search_threads=2)) as served,
                httpx.Client(base_url=served, timeout=30) as web,
            ):
                assert web.get("/ready").status_code == 200
                faults.holding = True
                where = urlsplit(served)
                waiting = [socket.create_connection((where.hostname, where.port)) for _ in range(CLIENTS)]
                for number, each in enumerate(waiting):
                    each.sendall(f"GET {PREFIX}/suggest?q=lo{number} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
                assert faults.came.wait(10)
                time.sleep(0.5)
                before = faults.forwarded
                for each in waiting:
                    each.close()
                time.sleep(1.0)
                faults.holding = False
                faults.release.set()
                assert web.get(f"{PREFIX}/suggest?q=kurt").status_code == 200
                # Two queries had begun, each of two requests. Where one ends, the next begins, until it is known that
                # its client has left too.
                assert faults.forwarded - before < CLIENTS / 2
