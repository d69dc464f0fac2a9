"""The documentation site in Chromium, from its files: it loads them alone, and finds what is searched for."""

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def documentation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("documentation")
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-q",
        "-d",
        str(folder / "doctrees"),
        "-c",
        "docs",
        ".",
        str(folder / "site"),
    ]
    subprocess.run(command, cwd=PROJECT, check=True)
    return folder / "site"


@pytest.mark.parametrize("width", [390, 1440])
def test_a_newcomer_reads_and_searches(browser: Browser, documentation: Path, width: int) -> None:
    with browser.new_context(viewport={"width": width, "height": 900}) as context:
        requests: list[str] = []
        context.on("request", lambda request: requests.append(request.url))
        page: Page = context.new_page()
        page.goto((documentation / "index.html").as_uri())
        page.get_by_role("main").get_by_role("link", name="five minutes").click()
        expect(page.get_by_role("heading", name="The first report")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.goto((documentation / "search.html").as_uri() + "?q=rollback")
        expect(page.get_by_role("link", name="Loading and running").last).to_be_visible()
        assert [url for url in requests if not url.startswith(documentation.as_uri())] == []
