"""Nothing undocumented comes back through nginx either, whatever the endpoints are asked.

But for methods that no endpoint has: nginx itself refuses TRACE, with a 405 that doesn't say what is allowed.
"""

from pathlib import Path

from tests.proxy.nginx import Proxy
from tests.web.endpoints import ask_all


def test_no_answer_contradicts_the_document(unlimited: Proxy, tmp_path: Path) -> None:
    ask_all(unlimited.url, tmp_path, "unsupported_method", options=("--tls-verify", str(unlimited.certificate)))
