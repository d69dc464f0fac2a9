"""The two calls of Kibana's API that are needed: how it is, and import. Both may be sent twice.

`POST /s/<space>/api/saved_objects/_import?overwrite=true` with the header `kbn-xsrf` and a form with the part `file`,
as Kibana's API documentation asks for; the answer is 200 even when objects were refused, and says so in `success`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import orjson
import urllib3
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_delay, wait_exponential_jitter
from urllib3.exceptions import HTTPError, SSLError

from linernotes.security import credentials
from linernotes.security.credentials import Credentials
from linernotes.settings import Settings
from mappings.errors import CheckFailedError, InputError, UnreachableError

T = TypeVar("T")

OLDEST = (8, 19)
NEWEST_MAJOR = 9
"""Kibana imports what was made for the same version, a newer minor one, or the next major one; nothing older."""

DEADLINE_S = 120.0
"""Kibana answers 503 while it starts and brings its own indices up to date: a minute on a small machine."""
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 10.0
TIMEOUT_S = 60.0

PASSING = (429, 502, 503, 504)
DEFAULT_SPACE = "default"
_SPACE = re.compile(r"[a-z0-9_-]+")


class _PassingError(Exception):
    """An answer, or none, that another try may mend."""


@dataclass(frozen=True)
class Imported:
    """What Kibana made of an import."""

    url: str
    space: str
    version: str
    objects: int
    kinds: dict[str, int]


@dataclass(frozen=True)
class Kibana:
    """A Kibana at an address. `tell` hears of each try that failed."""

    url: str
    known: Credentials = field(default_factory=Credentials)
    ca_certs: str | None = None
    space: str = DEFAULT_SPACE
    tell: Callable[[str], None] = lambda _: None
    deadline_s: float = DEADLINE_S
    first_wait_s: float = FIRST_WAIT_S

    def version(self) -> str:
        """Return its version; raises CheckFailedError for one that can't take our objects."""
        body = self._asked("GET", "/api/status", {})
        number = str(body.get("version", {}).get("number", "")) if isinstance(body.get("version"), dict) else ""
        if not re.match(r"\d+\.\d+", number):
            raise UnreachableError(
                f"What answers at {self.url} is no Kibana.", "Check --url, or LINERNOTES_KIBANA_URL."
            )
        if not fits(number):
            needed = ".".join(map(str, OLDEST))
            raise CheckFailedError(
                f"Kibana is {number}, and these objects are for {needed} up to {NEWEST_MAJOR}.x.",
                "Use that version, as docker-compose.yml does; nothing was imported.",
            )
        return number

    def bring_in(self, data: bytes) -> Imported:
        """Import an export file, in place of what is there; raises CheckFailedError when Kibana refuses an object."""
        version = self.version()
        form, kind = urllib3.encode_multipart_formdata({"file": ("linernotes.ndjson", data, "application/ndjson")})
        headers = {"Content-Type": kind, "kbn-xsrf": "true"}
        body = self._asked("POST", f"{self._root}/api/saved_objects/_import?overwrite=true", headers, form)
        if not body.get("success"):
            raise CheckFailedError(f"Kibana refused the import: {_told(body)}.", "See: linernotes kibana check")
        kinds: dict[str, int] = {}
        for one in body.get("successResults", ()):
            kinds[one["type"]] = kinds.get(one["type"], 0) + 1
        return Imported(self.url, self.space, version, int(body.get("successCount", 0)), kinds)

    @property
    def _root(self) -> str:
        return "" if self.space == DEFAULT_SPACE else f"/s/{quote(self.space, safe='')}"

    def _asked(self, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> dict[str, Any]:
        for attempt in self._attempts():
            with attempt:
                return self._once(method, path, headers, body)
        raise AssertionError("tenacity ends by itself")

    def _attempts(self) -> Retrying:
        return Retrying(
            retry=retry_if_exception_type(_PassingError),
            wait=wait_exponential_jitter(multiplier=self.first_wait_s, max=LONGEST_WAIT_S, jitter=self.first_wait_s),
            stop=stop_after_delay(self.deadline_s),
            before_sleep=self._waiting,
            retry_error_callback=self._give_up,
        )

    def _waiting(self, state: RetryCallState) -> None:
        self.tell(f"Kibana: {state.outcome.exception() if state.outcome else '?'}; trying again.")

    def _give_up(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        raise UnreachableError(
            f"Kibana at {self.url} can't be reached ({error}).", "Start it with: docker compose up -d kibana"
        ) from error

    def _once(self, method: str, path: str, headers: dict[str, str], body: bytes | None) -> dict[str, Any]:
        try:
            with urllib3.PoolManager(ca_certs=self.ca_certs, retries=False, timeout=TIMEOUT_S) as pool:
                answer = pool.request(
                    method, self.url + path, headers=headers | _authorization(self.known), body=body, redirect=False
                )
        except SSLError as error:
            raise UnreachableError(
                f"The certificate of {self.url} can't be verified ({error.args[0] if error.args else error}).",
                "Name the authority that signed it in LINERNOTES_CA_CERTS.",
            ) from error
        except HTTPError as error:
            raise _PassingError(_short(error)) from error
        return self._read(answer.status, answer.data)

    def _read(self, status: int, data: bytes) -> dict[str, Any]:
        if status in PASSING:
            raise _PassingError(f"it answers {status}")
        if status in (301, 302, 401, 403):
            raise UnreachableError(
                f"Kibana doesn't let us in ({status}).",
                "Set LINERNOTES_USERNAME and LINERNOTES_PASSWORD, or LINERNOTES_API_KEY, of someone who may import.",
            )
        try:
            body = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise UnreachableError(
                f"What answers at {self.url} is no Kibana ({status}).", "Check --url, or LINERNOTES_KIBANA_URL."
            ) from error
        if status == 404:
            raise InputError(f"Kibana has no space {self.space}.", "Make it in Kibana first, or leave out --space.")
        if status >= 400 or not isinstance(body, dict):
            raise CheckFailedError(f"Kibana refused ({status}: {_told(body)}).", "Nothing was imported.")
        return body


def of(
    settings: Settings, url: str, space: str = DEFAULT_SPACE, tell: Callable[[str], None] = lambda _: None
) -> Kibana:
    """Return the Kibana at an address, with the credentials of the settings.

    Raises InputError for an address or a space that can't be one, UnreachableError where a password would be sent
    for all to read.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise InputError(
            "The address of Kibana can't be used.",
            "Write it like https://kibana.example.org:5601, with no name or password in it: these come from "
            "LINERNOTES_USERNAME and LINERNOTES_PASSWORD.",
        )
    if not _SPACE.fullmatch(space):
        raise InputError(f"{space!r} is no name of a space.", "It has small letters, digits, _ and - alone.")
    known = credentials.of(settings)
    credentials.need_safe_way(url, known)
    return Kibana(url.rstrip("/"), known, str(settings.ca_certs) if settings.ca_certs else None, space, tell)


def fits(number: str) -> bool:
    """Tell whether a version of Kibana can take our objects.

    >>> [fits(number) for number in ("8.18.2", "8.19.13", "8.20.0", "9.4.3", "10.0.0")]
    [False, True, True, True, False]
    """
    major, minor = (int(part) for part in number.split(".")[:2])
    return (major, minor) >= OLDEST and major <= NEWEST_MAJOR


def _authorization(known: Credentials) -> dict[str, str]:
    if known.api_key:
        return {"Authorization": f"ApiKey {known.api_key}"}
    if known.username:
        return dict(urllib3.make_headers(basic_auth=f"{known.username}:{known.password or ''}"))
    return {}


def _told(body: Any) -> str:
    """Return what Kibana says of a refusal, its first three objects."""
    if not isinstance(body, dict):
        return str(body)[:200]
    errors = body.get("errors") or []
    told = [f"{one.get('type')} {one.get('id')} ({one.get('error', {}).get('type')})" for one in errors[:3]]
    return "; ".join(told) or str(body.get("message", "no reason given"))[:200]


def _short(error: HTTPError) -> str:
    """Return an error without the pool's address in it.

    >>> _short(HTTPError("HTTPConnection(host='::1'): Connection refused"))
    'Connection refused'
    """
    return str(error).rsplit(": ", 1)[-1] or type(error).__name__
