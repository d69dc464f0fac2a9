"""The pictures of the documentation can be taken: each step of a newcomer leads where the guides say."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import pictures
from tests.browser.conftest import Open
from tests.browser.site import Site


@pytest.mark.parametrize("picture", pictures.STEPS)
def test_a_step_leads_to_its_page(visit: Open, picture: str) -> None:
    step: Callable[[Page], None] = pictures.STEPS[picture]
    step(visit("/"))


def test_the_report_opens_from_its_file(browser: Browser, site: Site, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("report")
    with browser.new_context() as context:
        requests: list[str] = []
        context.on("request", lambda request: requests.append(request.url))
        pictures.report(context.new_page(), pictures.check(site.environment, folder))
        assert [url for url in requests if not re.match("file:|data:", url)] == []
