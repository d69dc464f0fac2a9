"""The main ways again, in a browser that runs no script."""

from pathlib import Path

from playwright.sync_api import expect

from tests.browser import catalogues
from tests.browser.conftest import Open
from tests.browser.reading import titles, total
from tests.browser.site import Site
from tests.browser.test_downloads import cells, checked, downloaded
from tests.browser.test_searching import TEXT, agree


def test_from_the_front_to_a_track(plain: Open, site: Site) -> None:
    page = plain("/")
    page.locator("#q").fill(TEXT)
    page.locator("#search button").click()
    agree(page, site, TEXT)
    title = titles(page)[0]
    page.locator("#hits h3 a").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def test_facets_and_years_by_a_button(plain: Open, site: Site) -> None:
    page = plain(f"/search?q={TEXT}")
    for value in ("rock", "country"):
        page.locator(f"fieldset[data-facet=genre] input[value={value}]").check()
    page.locator("input[value='free-music-archive']").check()
    page.get_by_role("button", name="Apply").click()
    filters = {"genre": ["rock", "country"], "dataset": ["free-music-archive"]}
    agree(page, site, TEXT, **filters)
    assert "year_from" not in page.url
    page.locator("[name=year_from]").fill("2005")
    page.locator("[name=year_to]").fill("2009")
    page.get_by_role("button", name="Apply").click()
    agree(page, site, TEXT, **filters, year=["2005..2009"])
    page.locator(".chip", has_text="country").click()
    agree(page, site, TEXT, dataset=filters["dataset"], genre=["rock"], year=["2005..2009"])
    page.go_back()
    agree(page, site, TEXT, **filters, year=["2005..2009"])


def test_pages_groups_and_artists(plain: Open, site: Site) -> None:
    page = plain(f"/search?q={TEXT}")
    first = titles(page)
    page.locator("a[rel=next]").click()
    assert titles(page) != first
    page.get_by_role("link", name="Recordings").click()
    page.wait_for_url("**group=recording*")
    assert total(page) == site.search(TEXT).total.value
    name = page.locator("#hits .by a").first.inner_text()
    page.locator("#hits .by a").first.click()
    page.wait_for_url("**/artist?*")
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)


def test_a_catalogue_and_an_export(plain: Open, tmp_path: Path) -> None:
    page = plain("/check")
    checked(page, tmp_path)
    expect(page.locator("#check-job[data-state=done]")).to_be_visible()
    assert len(cells(downloaded(page, "CSV", tmp_path))) >= catalogues.ROWS
    page.goto(f"/search?q={TEXT}&genre=rock")
    assert len(cells(downloaded(page, "CSV", tmp_path))) == total(page)
