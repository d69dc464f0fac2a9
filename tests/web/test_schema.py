"""Nothing undocumented comes back, whatever the endpoints are asked."""

from pathlib import Path

import pytest

from tests.web.conftest import Site
from tests.web.endpoints import ask_all


@pytest.mark.slow
def test_no_answer_contradicts_the_document(site: Site, tmp_path: Path) -> None:
    ask_all(site.url, tmp_path)
