"""A real browser on a real server. It runs only where LINERNOTES_TEST_BROWSER is set: `make test-browser`.

Where LINERNOTES_TEST_PROXY is set, too, the server is behind a real nginx with TLS: `make test-proxy`.
"""

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch
from playwright.sync_api import Browser, Page, expect, sync_playwright

from linernotes import samples
from queries import Searcher
from tests.browser import hostile
from tests.browser.site import Site, load, serving, settings
from tests.browser.watch import Watch
from tests.proxy.nginx import behind_nginx
from tests.queries.tracks import documents, forget, write

collect_ignore_glob = [] if os.environ.get("LINERNOTES_TEST_BROWSER") else ["test_*.py"]

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-first-run", "--ignore-certificate-errors")  # fmt: skip
PATIENCE_MS = 20_000
"""For an answer on a machine with other work; what is there at once isn't waited for."""

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return the system's Chromium. A missing one is a failure."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        pytest.fail("No Chromium is on the PATH; install it: apt-get install chromium.", pytrace=False)
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=list(QUIET))
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def site(client: Elasticsearch, es_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return a server over the demo's rows, and hostile ones beside them."""
    prefix, folder = f"t{uuid.uuid4().hex[:10]}", tmp_path_factory.mktemp("browser")
    environment = settings(es_url, prefix, folder)
    try:
        load(samples.write(folder / "samples"), environment)
        write(client, prefix, documents(hostile.TRACKS))
        with _served(environment, folder) as url:
            yield Site(url, Searcher(client, prefix), environment)
    finally:
        forget(client, prefix)


@contextmanager
def _served(environment: dict[str, str], folder: Path) -> Iterator[str]:
    """Run the server, behind nginx if that is wanted; yields the address that the browser gets."""
    log = folder / "server.log"
    if not os.environ.get("LINERNOTES_TEST_PROXY"):
        with serving(environment, log) as url:
            yield url
        return
    with behind_nginx("localhost", folder, lambda url: serving(environment, log, "--public-url", url)) as proxy:
        yield proxy.url


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Open]:
    """Return what opens a page in a context of its own; no context may have done what no page may do."""
    watch, contexts = Watch(site.url), []

    def opened(path: str = "/", **options: Any) -> Page:
        context = browser.new_context(base_url=site.url, **options)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        watch.over(context)
        page = context.new_page()
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not watch.faults


@pytest.fixture
def plain(visit: Open) -> Open:
    """Return what opens a page in a browser that runs no script."""
    return lambda path="/", **options: visit(path, java_script_enabled=False, **options)
