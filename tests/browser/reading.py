"""What a page shows, as values."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, expect

from queries import FacetCount


def number(text: str) -> int:
    """Return the first number of a text."""
    found = re.search(r"\d[\d,]*", text)
    assert found, text
    return int(found[0].replace(",", ""))


def total(page: Page) -> int:
    """Return the total that a page of results shows."""
    return number(page.locator("#total").inner_text())


def titles(page: Page) -> list[str]:
    """Return the hits' headings in their order."""
    return page.locator("#hits .hit h3").all_inner_texts()


def counts(page: Page, facet: str) -> dict[str, int]:
    """Return the values of a facet that a page shows, wanted or excluded, with their counts."""
    rows = page.locator(f"fieldset[data-facet={facet}] label:has(input[type=checkbox])")
    shown = rows.evaluate_all(
        "all => all.map(l => [l.querySelector('input').value, l.querySelector('.count').innerText])"
    )
    return {value.removeprefix("-"): number(count) for value, count in shown}


def counted(facet: FacetCount) -> dict[str, int]:
    """Return what a page has to show of a facet; it may leave out the last of many."""
    return {str(bucket.value): bucket.count for bucket in facet.buckets}


@contextmanager
def in_place(page: Page) -> Iterator[None]:
    """Run a block that changes the address without loading another document; the new content is there at its end."""
    before = page.url
    page.evaluate("document.body.dataset.same = 'yes'")
    yield
    page.wait_for_function("before => location.href !== before", arg=before)
    expect(page.locator("#content")).not_to_have_attribute("aria-busy", "true")
    expect(page.locator("body")).to_have_attribute("data-same", "yes")
