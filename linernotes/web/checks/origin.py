"""Who sends a form: one of another site is refused, though it would learn nothing.

A program sends neither header. Browsers tell the site where they trust the address, else only the origin.
"""

from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from linernotes.web.refusals import ForeignError

OURS = ("same-origin", "none")

ORIGIN_TOLD = {"referrer-policy": "same-origin"}
"""Headers of a page with a form: by `no-referrer` browsers would tell no origin, to us neither."""


def refuse_foreign(asked: HTTPConnection) -> None:
    """Raise ForeignError for what another site sent through somebody's browser."""
    if not _is_ours(asked):
        raise ForeignError("A page of another site may not send this.", "Send it from the page of this server.")


def _is_ours(asked: HTTPConnection) -> bool:
    site, origin = asked.headers.get("sec-fetch-site"), asked.headers.get("origin")
    if site:
        return site in OURS
    return origin is None or urlsplit(origin).netloc == asked.headers.get("host")
