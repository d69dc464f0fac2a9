"""The interactive documentation of the API: it works under the policy of all pages, and asks no other host."""

from playwright.sync_api import expect

from tests.browser.conftest import Open


def test_an_endpoint_can_be_tried(visit: Open) -> None:
    page = visit("/api/docs")
    search = page.locator("#operations-search-search")
    search.locator(".opblock-summary-control").click()
    search.get_by_role("button", name="Try it out").click()
    search.get_by_placeholder("q", exact=True).fill("freeway")
    search.get_by_role("button", name="Execute").click()
    expect(search.locator(".live-responses-table tr.response .response-col_status").first).to_contain_text("200")
    expect(search.locator(".live-responses-table")).to_contain_text("Freeway")


def test_without_a_script_there_is_the_other_page(plain: Open) -> None:
    page = plain("/api/docs")
    page.get_by_role("link", name="The API page").click()
    expect(page.locator("h1")).to_have_text("API")
