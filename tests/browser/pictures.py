"""The pictures of the documentation: a newcomer's steps in Chromium, each checked, each photographed.

`python -m tests.browser.pictures` takes them again, over the sample rows, on the Elasticsearch of the settings.
"""

import re
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, expect, sync_playwright

from linernotes import samples
from linernotes.elastic import connect
from linernotes.node import status
from linernotes.settings import from_environment
from tests.browser.site import COMMAND, load, serving, settings
from tests.queries.tracks import forget

PROJECT = Path(__file__).parents[2]
PICTURES = PROJECT / "docs" / "pictures"
CATALOGUE = PROJECT / "docs" / "examples" / "catalogue.csv"
SIZE: ViewportSize = {"width": 1100, "height": 760}
FMA = "/search?dataset=free-music-archive&commercial_use=prohibited"


def results(page: Page) -> None:
    """Search for an artist from the front page."""
    page.goto("/")
    page.get_by_role("searchbox").or_(page.get_by_role("combobox")).first.fill("kurt vile")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("q=kurt"))
    expect(page.get_by_text("Constant Hitmaker").first).to_be_visible()
    expect(page.get_by_text("synthetic").first).to_be_visible()


def stats(page: Page) -> None:
    """Go from the front page to the statistics of all that is loaded."""
    page.goto("/")
    page.get_by_role("link", name="Statistics").first.click()
    expect(page).to_have_url(re.compile("/stats"))
    expect(page.get_by_role("heading", name="Licence").first).to_be_visible()


def filtered(page: Page) -> None:
    """Open the results of two filters."""
    page.goto(FMA)
    expect(page.get_by_text("681").first).to_be_visible()


def stats_of_fma(page: Page) -> None:
    """Open the statistics of a data set."""
    page.goto("/stats?dataset=free-music-archive")
    expect(page.get_by_role("heading", name="Commercial use")).to_be_visible()
    expect(page.get_by_role("link", name="prohibited")).to_be_visible()


def track(page: Page) -> None:
    """Open the page of a track by its hit."""
    page.goto("/search?q=kurt+vile&dataset=free-music-archive")
    page.get_by_role("link", name="Freeway").first.click()
    expect(page).to_have_url(re.compile("/tracks/free-music-archive(:|%3A)10"))
    expect(page.get_by_text("tracks.csv").first).to_be_visible()


STEPS: Mapping[str, Callable[[Page], None]] = {
    "results.png": results,
    "stats.png": stats,
    "filtered.png": filtered,
    "stats-fma.png": stats_of_fma,
    "track.png": track,
}
REPORT = "report.png"


def report(page: Page, path: Path) -> None:
    """Open a report that `linernotes check --out` wrote."""
    page.goto(path.as_uri())
    expect(page.get_by_text("Kickstart").first).to_be_visible()


def check(environment: dict[str, str], folder: Path) -> Path:
    """Check the example catalogue as the guide does, and return the report."""
    path = folder / "report.html"
    subprocess.run(
        [*COMMAND, "check", str(CATALOGUE), "--out", str(path)], env=environment, check=True, stdout=subprocess.DEVNULL
    )
    return path


def main() -> None:
    """Take all pictures."""
    config = from_environment()
    prefix = f"t{uuid.uuid4().hex[:10]}"
    with tempfile.TemporaryDirectory() as name, connect(config) as client, sync_playwright() as playwright:
        folder = Path(name)
        environment = settings(str(next(iter(config.urls), None) or status.url_of(config.home)), prefix, folder)
        load(samples.write(folder / "samples"), environment)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        try:
            with serving(environment, log=folder / "server.log") as url:
                page = browser.new_context(base_url=url, viewport=SIZE, color_scheme="light").new_page()
                for picture, step in STEPS.items():
                    step(page)
                    page.screenshot(path=PICTURES / picture)
                report(page, check(environment, folder))
                page.screenshot(path=PICTURES / REPORT)
        finally:
            browser.close()
            forget(client, prefix)


if __name__ == "__main__":
    main()
