"""Client for the two calls of Kibana's API that are needed: status, and import. Both may be sent twice.

`POST /s/<space>/api/saved_objects/_import?overwrite=true` with the header `kbn-xsrf` and a form with the part `file`,
as Kibana's API documentation asks for; the answer is 200 even when objects were refused, and says so in `success`.
"""

import re
import ssl
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from linernotes.security import credentials
from linernotes.security.credentials import Credentials
from linernotes.settings import Settings
from mappings.errors import CheckFailedError, InputError, UnreachableError

OLDEST = (8, 19)
NEWEST_MAJOR = 9
"""Kibana imports what was made for the same version, a newer minor one, or the next major one; nothing older."""

DEADLINE_S = 120.0
"""Kibana answers 503 while it starts and brings its own indices up to date: a minute on a small machine."""
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 10.0
TIMEOUT_S = 60.0

RETRYABLE = (429, 502, 503, 504)
DEFAULT_SPACE = "default"


class _RetryableError(Exception):
    """An answer, or none, that another attempt may mend."""


@dataclass(frozen=True)
class Imported:
    """The result of an import."""

    url: str
    space: str
    version: str
    objects: int
    kinds: dict[str, int]


@dataclass(frozen=True)
class Kibana:
    """A Kibana at an address. `report` is given a line for each attempt that failed."""

    url: str
    credentials: Credentials = field(default_factory=Credentials)
    ca_certs: str | None = None
    space: str = DEFAULT_SPACE
    report: Callable[[str], None] = lambda _: None
    deadline_s: float = DEADLINE_S
    first_wait_s: float = FIRST_WAIT_S

    def version(self) -> str:
        """Return its version; raises CheckFailedError for one that can't take our objects."""
        about = self._request("GET", "/api/status").get("version")
        number = str(about.get("number", "")) if isinstance(about, dict) else ""
        if not re.match(r"\d+\.\d+", number):
            raise self._no_kibana("")
        if not is_supported(number):
            oldest = ".".join(map(str, OLDEST))
            raise CheckFailedError(
                f"Kibana is {number}, and these objects are for {oldest} up to {NEWEST_MAJOR}.x.",
                "Use that version, as docker-compose.yml does; nothing was imported.",
            )
        return number

    def import_objects(self, data: bytes) -> Imported:
        """Import an export file, replacing what is there; raises CheckFailedError when Kibana refuses an object."""
        version = self.version()
        space = "" if self.space == DEFAULT_SPACE else f"/s/{self.space}"
        file = ("linernotes.ndjson", data, "application/ndjson")
        body = self._request("POST", f"{space}/api/saved_objects/_import?overwrite=true", file)
        if not body.get("success"):
            raise CheckFailedError(f"Kibana refused the import: {_reason(body)}.", "See: linernotes kibana check")
        kinds = Counter(one["type"] for one in body.get("successResults", ()))
        return Imported(self.url, self.space, version, int(body.get("successCount", 0)), dict(kinds))

    def _request(self, method: str, path: str, file: tuple[str, bytes, str] | None = None) -> dict[str, Any]:
        """Return the answer to a request, repeated until the deadline."""

        def report(state: RetryCallState) -> None:
            self.report(f"Kibana: {state.outcome.exception() if state.outcome else '?'}; trying again.")

        attempts = Retrying(
            retry=retry_if_exception_type(_RetryableError),
            wait=wait_exponential_jitter(multiplier=self.first_wait_s, max=LONGEST_WAIT_S, jitter=self.first_wait_s),
            stop=stop_after_delay(self.deadline_s),
            before_sleep=report,
            reraise=True,
        )
        try:
            return attempts(self._send, method, path, file)
        except _RetryableError as error:
            raise UnreachableError(
                f"Kibana at {self.url} can't be reached ({error}).", "Start it with: docker compose up -d kibana"
            ) from error

    def _send(self, method: str, path: str, file: tuple[str, bytes, str] | None) -> dict[str, Any]:
        headers = {"kbn-xsrf": "true"}
        if self.credentials.api_key:
            headers["Authorization"] = f"ApiKey {self.credentials.api_key}"
        user = (self.credentials.username, self.credentials.password or "") if self.credentials.username else None
        try:
            # No proxy and no .netrc: credentials go to the address that was given, and nowhere else.
            with httpx.Client(
                verify=ssl.create_default_context(cafile=self.ca_certs), timeout=TIMEOUT_S, trust_env=False
            ) as client:
                answer = client.request(
                    method, self.url + path, headers=headers, auth=user, files={"file": file} if file else None
                )
        except httpx.RequestError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise UnreachableError(
                    f"The certificate of {self.url} can't be verified ({error}).",
                    "Name the authority that signed it in LINERNOTES_CA_CERTS.",
                ) from error
            raise _RetryableError(str(error) or type(error).__name__) from error
        return self._read(answer)

    def _read(self, answer: httpx.Response) -> dict[str, Any]:
        status = answer.status_code
        if status in RETRYABLE:
            raise _RetryableError(f"it answers {status}")
        if status in (301, 302, 401, 403):
            raise UnreachableError(
                f"Kibana rejected the credentials ({status}).",
                "Set LINERNOTES_USERNAME and LINERNOTES_PASSWORD, or LINERNOTES_API_KEY, of someone who may import.",
            )
        try:
            body = answer.json()
        except ValueError as error:
            raise self._no_kibana(f" ({status})") from error
        if status == 404:
            raise InputError(f"Kibana has no space {self.space}.", "Create it in Kibana first, or leave out --space.")
        if status >= 400 or not isinstance(body, dict):
            raise CheckFailedError(f"Kibana refused ({status}: {_reason(body)}).", "Nothing was imported.")
        return body

    def _no_kibana(self, status: str) -> UnreachableError:
        return UnreachableError(
            f"What answers at {self.url} is no Kibana{status}.", "Check --url, or LINERNOTES_KIBANA_URL."
        )


def of(
    settings: Settings, url: str, space: str = DEFAULT_SPACE, report: Callable[[str], None] = lambda _: None
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
    if not re.fullmatch(r"[a-z0-9_-]+", space):
        raise InputError(f"{space!r} is no name of a space.", "It has small letters, digits, _ and - alone.")
    known = credentials.of(settings)
    credentials.need_safe_transport(url, known)
    return Kibana(url.rstrip("/"), known, str(settings.ca_certs) if settings.ca_certs else None, space, report)


def is_supported(number: str) -> bool:
    """Tell whether a version of Kibana can take our objects.

    >>> [is_supported(number) for number in ("8.18.2", "8.19.13", "8.20.0", "9.4.3", "10.0.0")]
    [False, True, True, True, False]
    """
    major, minor = (int(part) for part in number.split(".")[:2])
    return (major, minor) >= OLDEST and major <= NEWEST_MAJOR


def _reason(body: Any) -> str:
    """Return why Kibana refused, with the first three objects."""
    if not isinstance(body, dict):
        return str(body)[:200]
    refused = [
        f"{one.get('type')} {one.get('id')} ({one.get('error', {}).get('type')})" for one in body.get("errors") or []
    ]
    return "; ".join(refused[:3]) or str(body.get("message", "no reason given"))[:200]
