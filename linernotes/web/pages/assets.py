"""Files that pages load: served by us, under an address that changes with their content, so browsers keep them."""

import hashlib
from pathlib import Path
from typing import Any

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).with_name("static")
FOREVER = "public, max-age=31536000, immutable"


def _digest() -> str:
    """Return 12 hex digits of all files together, so that modules which import each other change address at once."""
    content = hashlib.sha256()
    for path in sorted(path for path in FOLDER.rglob("*") if path.is_file()):
        content.update(path.name.encode() + b"\0" + path.read_bytes())
    return content.hexdigest()[:12]


EDITION = f"v-{_digest()}"


def asset(name: str) -> str:
    """Return the address of a file; what it imports by `./` has the same edition.

    >>> asset("app.css").endswith("/app.css")
    True
    """
    return f"/static/{EDITION}/{name}"


class Assets(StaticFiles):
    """The files, with and without an edition before their names; only the present edition is kept for long."""

    def __init__(self, **options: Any) -> None:
        super().__init__(directory=FOLDER, **options)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file; an address of an older edition answers with the present file."""
        first, _, rest = path.partition("/")
        response = await super().get_response(rest if first.startswith("v-") and rest else path, scope)
        response.headers["cache-control"] = FOREVER if first == EDITION else "no-cache"
        return response
