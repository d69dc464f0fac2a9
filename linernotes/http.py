"""A client for the HTTP API of a linernotes server.

from linernotes.http import Client

with Client("http://127.0.0.1:8000") as client:
    page = client.search("kurt vile", filters={"year": "2005..2010"})
    print(page["total"], [track["title"] for track in page["hits"]])

Answers are those of the API, as dictionaries: a server may add properties. Errors are exceptions:

    ApiError                  the server answered with a problem: status, type, detail, hint, errors
    ├── InvalidRequestError   the request can't be understood, or there is nothing at the address: correct it
    └── UnavailableError      the server is busy, or its search is away: try again after `retry_after` seconds
    ServerUnreachableError    nobody answered
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, NotRequired, Self, TypedDict, cast
from urllib.parse import quote

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from mappings.errors import CheckFailedError, InputError, LinernotesError, UnreachableError

API = "/api/v1"
TIMEOUT_S = 90.0
"""More than any answer takes: the server itself gives up after a minute."""

ATTEMPTS = 5
MAX_WAIT_S = 60.0
"""Longest wait before a request is sent again, whatever the server asks for."""

FIRST_POLL_S, MAX_POLL_S = 0.2, 5.0

Json = dict[str, Any]
Filters = Mapping[str, str | int | Iterable[str | int]]
"""Filter to its value or values, as in the addresses of the API."""


class Total(TypedDict):
    """A number, and whether it is exact."""

    value: int
    exact: bool


class Track(TypedDict):
    """A track; all other fields of the API are there too."""

    id: str
    dataset: str
    source_id: str
    title: str | None
    artists: list[str]
    album: str | None
    genre: list[str]
    licence: str | None
    year: int | None
    language: str | None
    url: str | None
    score: float | None
    match: str | None


class SearchPage(TypedDict):
    """A page of tracks; `next` is the cursor of the next one."""

    total: Total
    hits: list[Track]
    facets: Json
    next: str | None
    stage: str | None
    took_ms: int


class Row(TypedDict, total=False):
    """A row to be checked: artist and title, or a link or an id."""

    artist: str
    title: str
    album: str
    year: int
    url: str
    youtube: str
    spotify: str
    fma: str
    genius: str


class RowVerdict(TypedDict):
    """The verdict on a row: found, likely, not found or unreadable; the tracks that it stands for; and why."""

    row: int
    artist: str
    title: str
    verdict: str
    matches: list[Json]
    reason: str
    matches_total: int
    exact: bool
    duplicate_of: int | None


class Check(TypedDict):
    """A catalogue check, running or done; `reports` are addresses."""

    id: str
    state: str
    name: str
    done: int
    rows: int
    problem: str | None
    summary: Json | None
    data_changed: bool
    reports: dict[str, str]
    expires: NotRequired[str | None]


class ApiError(LinernotesError):
    """The server answered with a problem (RFC 9457). `type` never changes, `errors` has all invalid parameters."""

    def __init__(self, response: httpx.Response, problem: Mapping[str, Any]) -> None:
        detail = str(problem.get("detail") or f"The server answered {response.status_code}.")
        super().__init__(detail, str(problem.get("hint") or ""))
        self.status = response.status_code
        self.type = str(problem.get("type") or "about:blank")
        self.errors: list[dict[str, str]] = list(problem.get("errors") or ())
        self.request_id = response.headers.get("x-request-id")
        wait = response.headers.get("retry-after", "")
        self.retry_after = float(wait) if wait.isascii() and wait.isdigit() else None


class InvalidRequestError(ApiError, InputError):
    """The request can't be understood, or there is nothing at its address."""


class UnavailableError(ApiError, UnreachableError):
    """The server is busy, its search is away, or this client has sent too many requests (429, 502, 503, 504)."""


class ServerUnreachableError(UnreachableError):
    """Nobody answered at the address of the server, or the connection broke."""


_TEMPORARY = (
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
)


class Client:
    """A connection to a server. What is temporarily refused is sent again, after as long as the server says."""

    def __init__(self, url: str, *, timeout_s: float = TIMEOUT_S, attempts: int = ATTEMPTS) -> None:
        if not url.startswith(("http://", "https://")):
            raise InputError(f"{url!r} is no address of a server.", "Write it like https://music.example.")
        self._web = httpx.Client(base_url=url.rstrip("/"), timeout=timeout_s)
        self._retrying = Retrying(
            retry=retry_if_exception(_is_soon),
            stop=stop_after_attempt(attempts),
            wait=_wait,
            reraise=True,
        )

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._web.close()

    def search(
        self,
        text: str = "",
        *,
        filters: Filters | None = None,
        facets: Iterable[str] | None = None,
        size: int | None = None,
        sort: str | None = None,
        group: str | None = None,
        after: str | None = None,
    ) -> SearchPage:
        """Return a page of tracks. Raises ApiError, or ServerUnreachableError."""
        names = None if facets is None else ",".join(facets) or "none"
        params = {"q": text, **(filters or {}), "facets": names, "size": size, "sort": sort, "group": group}
        return cast("SearchPage", self._get("/search", **params, after=after))

    def iter_tracks(
        self, text: str = "", *, filters: Filters | None = None, sort: str | None = None, page_size: int = 200
    ) -> Iterator[Track]:
        """Yield all tracks of a search, page by page. Raises what `search` raises."""
        after: str | None = None
        while True:
            page = self.search(text, filters=filters, facets=(), size=page_size, sort=sort, after=after)
            yield from page["hits"]
            after = page["next"]
            if after is None:
                return

    def track(self, track_id: str) -> Track:
        """Return one track by its id. Raises InvalidRequestError if there is none, and what `search` raises."""
        return cast("Track", self._get(f"/tracks/{quote(track_id, safe='')}")["track"])

    def artists(self, name: str = "", *, artist_id: str | None = None, size: int | None = None) -> Json:
        """Return the artists that a name or id may mean, and the profile of the one that is certain."""
        return self._get("/artists", name=name or None, id=artist_id, size=size)

    def matches(self, rows: Iterable[Row]) -> list[RowVerdict]:
        """Return verdicts on up to 100 rows, at once. Raises what `search` raises."""
        answer = self._json("POST", "/matches", json={"rows": list(rows)})
        return cast("list[RowVerdict]", answer["rows"])

    def check(self, catalogue: Path | bytes, *, name: str | None = None) -> Check:
        """Send a catalogue of any size (CSV or NDJSON), wait until it is checked, and return the totals.

        Raises CheckFailedError where the server gives up, and what `search` raises.
        """
        content = catalogue.read_bytes() if isinstance(catalogue, Path) else catalogue
        shown = name or (catalogue.name if isinstance(catalogue, Path) else "catalogue.csv")
        files = {"catalogue": (shown, content)}
        check, wait = cast("Check", self._json("POST", "/checks", files=files)), FIRST_POLL_S
        while check["state"] == "running":
            time.sleep(wait)
            wait = min(wait * 1.5, MAX_POLL_S)
            check = cast("Check", self._get(f"/checks/{check['id']}"))
        if check["state"] != "done":
            raise CheckFailedError(check["problem"] or "The check failed.", "Send the catalogue again.")
        return check

    def report(self, check: Check, kind: str = "ndjson") -> Iterator[bytes]:
        """Yield the report of a check in pieces: html, csv or ndjson. Raises what `search` raises."""
        with _translated(), self._web.stream("GET", f"{API}/checks/{check['id']}/report.{kind}") as response:
            if response.is_error:
                response.read()
                raise _problem(response)
            yield from response.iter_bytes()

    def delete_check(self, check: Check) -> None:
        """Delete a check and all that the server has of it; it does so by itself after an hour."""
        self._send("DELETE", f"/checks/{check['id']}")

    def _get(self, path: str, **params: Any) -> Json:
        given = {name: list(value) if _is_list(value) else value for name, value in params.items() if value is not None}
        return self._json("GET", path, params=given)

    def _json(self, method: str, path: str, **request: Any) -> Json:
        response = self._send(method, path, **request)
        try:
            content = response.json()
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise ServerUnreachableError("What answered is no linernotes server.", "Check the address.")
        return cast("Json", content)

    def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        return self._retrying(self._send_once, method, path, **request)

    def _send_once(self, method: str, path: str, **request: Any) -> httpx.Response:
        with _translated():
            response = self._web.request(method, API + path, **request)
        if response.is_error:
            raise _problem(response)
        return response


def _is_list(value: object) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str)


def _is_soon(error: BaseException) -> bool:
    """Tell whether the same request may succeed soon enough to wait for it."""
    return isinstance(error, UnavailableError) and (error.retry_after or 0) <= MAX_WAIT_S


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked_for = error.retry_after if isinstance(error, UnavailableError) else None
    return min(asked_for if asked_for is not None else 2.0**state.attempt_number, MAX_WAIT_S)


def _problem(response: httpx.Response) -> ApiError:
    try:
        content = response.json()
    except ValueError:  # of a proxy
        content = {}
    problem = content if isinstance(content, dict) else {}
    if response.status_code in _TEMPORARY:
        return UnavailableError(response, problem)
    return InvalidRequestError(response, problem) if response.is_client_error else ApiError(response, problem)


@contextmanager
def _translated() -> Iterator[None]:
    """Raise ServerUnreachableError for what httpx raises."""
    try:
        yield
    except httpx.TransportError as error:
        raise ServerUnreachableError(f"The server can't be reached: {error}.", "Check the address.") from error
