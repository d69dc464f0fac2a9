"""One real server over the sample rows, for all tests of this folder."""

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from linernotes.elastic import connect
from linernotes.settings import from_environment
from linernotes.web.config import Options
from queries import Searcher
from tests.cli.conftest import loaded, sample_files
from tests.web.serving import serving

__all__ = ["loaded", "sample_files"]


@dataclass(frozen=True)
class Site:
    """A server's address, a client for it, and what it asks."""

    url: str
    web: httpx.Client
    searcher: Searcher
    environment: dict[str, str]


@pytest.fixture(scope="session")
def site(loaded: str, es_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("home")
    environment = {"LINERNOTES_URL": es_url, "LINERNOTES_PREFIX": loaded, "LINERNOTES_HOME": str(home)}
    with connect(from_environment(environment)) as client:
        searcher = Searcher(client, loaded)
        with serving(lambda: searcher, Options()) as url, httpx.Client(base_url=url, timeout=30) as web:
            yield Site(url, web, searcher, environment)


@pytest.fixture
def web(site: Site) -> httpx.Client:
    return site.web
