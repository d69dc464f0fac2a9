"""Everything that matters, without a mouse."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.reading import in_place

TABS = 60
"""Stops on the way to what somebody wants: more would be a trap."""


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until something is reached; each stop on the way can be seen."""
    for _ in range(TABS):
        page.keyboard.press("Tab")
        seen = page.evaluate(
            """() => {
                const s = getComputedStyle(document.activeElement);
                return (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== "none";
            }"""
        )
        assert seen or page.evaluate("document.activeElement === document.body"), page.evaluate(
            "document.activeElement.outerHTML.slice(0, 200)"
        )
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} isn't reached by {TABS} tabs")


def test_by_keyboard_only(visit: Open) -> None:
    page = visit("/")
    page.keyboard.type("love")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=love")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    tab_to(page, "fieldset[data-facet=genre] input[value=rock]")
    with in_place(page):
        page.keyboard.press("Space")
    expect(page.locator("input[value=rock]")).to_be_focused()
    expect(page.locator("input[value=rock]")).to_be_checked()
    page.locator("[name=year_from]").focus()
    page.keyboard.type("1990")
    with in_place(page):
        page.keyboard.press("Enter")
    expect(page.locator("[name=year_from]")).to_be_focused()
    page.locator("#hits").evaluate("hits => { hits.tabIndex = -1; hits.focus(); }")
    tab_to(page, "#hits h3 a")
    page.keyboard.press("Enter")
    page.wait_for_url("**/tracks/**")
    page.go_back()
    page.wait_for_url("**/search?*year=1990..*")
