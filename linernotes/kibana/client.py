"""Client for the three calls of Kibana's API that are needed: status, space, import. Each may be sent twice.

`POST /s/<space>/api/saved_objects/_import?overwrite=true` with the header `kbn-xsrf` and a form with the part `file`,
as Kibana's API documentation asks for; the answer is 200 even when objects were refused, and says so in `success`.
Kibana answers it under the name of any space, also of one that isn't there (its issues 67164 and 265063), so the space
is asked for first. Where in Kibana's source each answer is made is said beside it in `tests/kibana/stub.py`.
"""

import re
import ssl
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
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
UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 401, 403, 404
DEFAULT_SPACE = "default"

BLOCKING = frozenset({"conflict", "ambiguous_conflict", "missing_references"})
"""Errors with which Kibana imports none of the objects, although it counts the others as successes; with any other
error it imports the others."""


class _RetryableError(Exception):
    """An answer, or none, that another attempt may mend."""


@dataclass(frozen=True)
class Refused:
    """An object that Kibana did not import, and why."""

    type: str
    id: str
    reason: str

    def __str__(self) -> str:
        """Return all three."""
        return f"{self.type} {self.id} ({self.reason})"


@dataclass(frozen=True)
class Imported:
    """The result of an import.

    `version` is None where Kibana doesn't say it; `new_ids` is the number of objects that Kibana gave ids of its own,
    as their own ones are taken in another space; `refused` objects are the ones that it left out.
    """

    url: str
    space: str
    version: str | None
    objects: int
    kinds: Mapping[str, int]
    new_ids: int = 0
    refused: Sequence[Refused] = ()


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

    def version(self) -> str | None:
        """Return its version, or None where it hides it: it does from strangers, and from 9.5 on from most users.

        Raises CheckFailedError for a version that can't take our objects.
        """
        body = self._request("GET", "/api/status")
        about, status = body.get("version"), body.get("status")
        number = str(about.get("number", "")) if isinstance(about, dict) else ""
        if re.match(r"\d+\.\d+", number):
            if not is_supported(number):
                oldest = ".".join(map(str, OLDEST))
                raise CheckFailedError(
                    f"Kibana is {number}, and these objects are for {oldest} up to {NEWEST_MAJOR}.x.",
                    "Use that version, as docker-compose.yml does; nothing was imported.",
                )
            return number
        overall = status.get("overall") if isinstance(status, dict) else None
        if "version" not in body and isinstance(overall, dict) and "level" in overall:
            return None
        raise self._no_kibana()

    def need_space(self) -> None:
        """Raise InputError when there is no such space, and UnreachableError when the credentials aren't valid."""
        answer = self._request("GET", f"/api/spaces/space/{self.space}", allowed=(NOT_FOUND,))
        if answer.get("statusCode") == NOT_FOUND:
            raise InputError(f"Kibana has no space {self.space}.", "Create it in Kibana first, or leave out --space.")
        if answer.get("id") != self.space:
            raise self._no_kibana()

    def import_objects(self, data: bytes) -> Imported:
        """Import an export file, replacing what is there; raises CheckFailedError when Kibana imports none of it."""
        version = self.version()
        self.need_space()
        if version is None:
            self.report("Kibana doesn't tell its version to this user, so it could not be compared.")
        space = "" if self.space == DEFAULT_SPACE else f"/s/{self.space}"
        file = ("linernotes.ndjson", data, "application/ndjson")
        body = self._request("POST", f"{space}/api/saved_objects/_import?overwrite=true", file)
        errors, done = body.get("errors") or [], body.get("successResults") or []
        refused = [Refused(str(one.get("type")), str(one.get("id")), _why(one.get("error") or {})) for one in errors]
        blocked = any((one.get("error") or {}).get("type") in BLOCKING for one in errors)
        if blocked or not (body.get("success") or done):
            raise CheckFailedError(
                f"Kibana refused the import: {'; '.join(map(str, refused[:3])) or 'it gives no reason'}.",
                "None of the objects was imported.",
            )
        kinds = Counter(one["type"] for one in done)
        new_ids = sum(1 for one in done if one.get("destinationId"))
        return Imported(self.url, self.space, version, len(done), dict(kinds), new_ids, refused)

    def _request(
        self,
        method: str,
        path: str,
        file: tuple[str, bytes, str] | None = None,
        allowed: Sequence[int] = (),
    ) -> dict[str, Any]:
        """Return the answer to a request, repeated until the deadline; errors are raised but for those `allowed`."""

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
            return self._read(attempts(self._send, method, path, file), allowed)
        except _RetryableError as error:
            raise UnreachableError(
                f"Kibana at {self.url} can't be reached ({error}).", "Start it with: docker compose up -d kibana"
            ) from error

    def _send(self, method: str, path: str, file: tuple[str, bytes, str] | None) -> httpx.Response:
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
        if answer.status_code in RETRYABLE:
            raise _RetryableError(f"it answers {answer.status_code}")
        return answer

    def _read(self, answer: httpx.Response, allowed: Sequence[int]) -> dict[str, Any]:
        """Return the body of an answer; raises what its status says, each with what to do."""
        status = answer.status_code
        if "x-elastic-product" in answer.headers:
            raise UnreachableError(
                f"What answers at {self.url} is Elasticsearch.", "Give Kibana's address in --url (port 5601 usually)."
            )
        if answer.is_redirect:
            raise UnreachableError(
                f"{self.url} leads elsewhere ({status}: {answer.headers.get('location', 'nowhere')}).",
                "Give Kibana's own address in --url, with its base path if it has one.",
            )
        if status == UNAUTHORIZED:
            given = self.credentials.api_key or self.credentials.username
            raise UnreachableError(
                f"Kibana {'rejected the credentials' if given else 'needs credentials'} ({status}).",
                "Set LINERNOTES_USERNAME and LINERNOTES_PASSWORD, or LINERNOTES_API_KEY, of someone who may import.",
            )
        try:
            body = answer.json()
        except ValueError as error:
            raise self._no_kibana(f" ({status})") from error
        if not isinstance(body, dict) or (status == NOT_FOUND and body.get("statusCode") != NOT_FOUND):
            raise self._no_kibana(f" ({status})")
        if status == FORBIDDEN:
            raise UnreachableError(
                f"Kibana doesn't let this user import into the space {self.space} ({_message(body)}).",
                "Use a user or key with the privilege `all` on Saved Objects Management, Dashboards and Discover.",
            )
        if status == NOT_FOUND and status not in allowed:
            raise UnreachableError(
                f"Nothing is at {answer.request.url.path} on {self.url} ({status}).",
                "If Kibana has a base path, such as /kibana, --url has to end with it.",
            )
        if not answer.is_success and status not in allowed:
            raise CheckFailedError(f"Kibana refused ({status}: {_message(body)}).", "Nothing was imported.")
        return body

    def _no_kibana(self, status: str = "") -> UnreachableError:
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


def _why(error: Mapping[str, Any]) -> str:
    """Return why an object was refused, as Kibana says it.

    >>> _why({"type": "missing_references", "references": [{"type": "search", "id": "x"}]})
    'missing references: search x'
    >>> _why({"type": "unknown", "message": "Document has property which is newer", "statusCode": 400})
    'Document has property which is newer'
    """
    kind = str(error.get("type", "no reason given")).replace("_", " ")
    if error.get("references"):
        missing = [f"{one.get('type')} {one.get('id')}" for one in error["references"]]
        return f"{kind}: {', '.join(missing[:3])}"
    return str(error.get("message") or kind)[:300]


def _message(body: Mapping[str, Any]) -> str:
    return str(body.get("message") or body.get("error") or "it gives no reason")[:300]
