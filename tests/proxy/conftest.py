"""The server behind a real nginx, for other people: `make test-proxy` sets LINERNOTES_TEST_PROXY."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager

import httpx
import pytest

from linernotes.web.config import Options
from tests.proxy.nginx import Proxy, behind_nginx
from tests.web.conftest import Site, loaded, sample_files, site
from tests.web.serving import serving

__all__ = ["loaded", "sample_files", "site"]

collect_ignore_glob = [] if os.environ.get("LINERNOTES_TEST_PROXY") else ["test_*.py"]

NAME = "music.example"


class ToThisMachine(httpx.HTTPTransport):
    """Connects to this machine, whatever the site is called, and verifies the name all the same."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request."""
        request.extensions = {**request.extensions, "sni_hostname": request.url.host}
        request.url = request.url.copy_with(host="127.0.0.1")
        return super().handle_request(request)


def client_of(proxy: Proxy) -> httpx.Client:
    """Return a client of the site, which finds it on this machine."""
    return httpx.Client(base_url=proxy.url, transport=ToThisMachine(verify=proxy.trust))


@pytest.fixture(scope="session")
def proxy(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Return an nginx before a server that allows a thousand requests a minute."""

    def serve(public_url: str) -> AbstractContextManager[str]:
        options = Options(public_url=public_url, requests_per_minute=1000, upload_bytes=20_000_000)
        return serving(lambda: site.searcher, options)

    with behind_nginx(NAME, tmp_path_factory.mktemp("nginx"), serve, port_in_url=False) as running:
        yield running


@pytest.fixture(scope="session")
def unlimited(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Return an nginx that programs find by themselves, before a server whose limits of requests no test reaches."""

    def serve(public_url: str) -> AbstractContextManager[str]:
        return serving(lambda: site.searcher, Options(public_url=public_url, requests_per_minute=1_000_000))

    with behind_nginx("localhost", tmp_path_factory.mktemp("nginx"), serve) as running:
        yield running
