"""Why a connection failed or was refused, in one sentence. Pure: rows, no branches."""

import base64
import binascii
import re
import socket
import ssl
from collections.abc import Mapping
from typing import Any

import orjson
from elastic_transport import ConnectionError as UnansweredError
from elastic_transport import HttpHeaders, NodeConfig, TlsError, Urllib3HttpNode
from elastic_transport._node import NodeApiResponse
from elastic_transport.client_utils import DEFAULT, DefaultType
from elasticsearch import AuthenticationException, AuthorizationException

from mappings.errors import UnreachableError

CA = "LINERNOTES_CA_CERTS"

# The least role that may do what an action is the name of, the first that fits; for the prefix that it was made for.
LEAST: tuple[tuple[str, str], ...] = (
    (r"indices:data/read/|indices:admin/(?:get|mappings/get|aliases/get|resolve/)", "reader"),
    (r"indices:admin/delete|indices:admin/(?:close|open)", "operator"),
    (r"indices:|cluster:monitor/(?:main|health)", "loader"),
    (r"cluster:", "operator"),
)
OTHER_ROLE = (
    "That takes a key of the role {role} or higher, for the same LINERNOTES_PREFIX; whoever runs Elasticsearch makes "
    "one: linernotes keys create --role {role}"
)
ABOUT_KEYS = (
    "Keys are managed by a user, not by a key: set LINERNOTES_USERNAME and LINERNOTES_PASSWORD_FILE, "
    "and leave LINERNOTES_API_KEY out."
)

# What OpenSSL says of a certificate or of what isn't TLS, what it means, and what to do.
TLS: tuple[tuple[str, str, str], ...] = (
    (
        r"certificate has expired",
        "The certificate of {host} has expired.",
        "Renew it; a local node gets a new one with `linernotes node stop` and `linernotes node start`.",
    ),
    (
        r"certificate is not yet valid",
        "The certificate of {host} is not valid yet.",
        "Check the clocks of both machines.",
    ),
    (
        r"(?:Hostname|IP address) mismatch|doesn't match",
        "The certificate of {host} is made for another name.",
        "Write LINERNOTES_URL with the name that is in the certificate.",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|certificate verify failed",
        "The certificate of {host} is not signed by a certificate authority that is trusted here.",
        f"Set {CA} to the file of the authority that signed it.",
    ),
    (
        r"WRONG_VERSION_NUMBER|wrong version number|HTTP_REQUEST|RECORD_LAYER_FAILURE|record layer failure",
        "{host} does not speak TLS.",
        "Write LINERNOTES_URL with http:// if that is meant; credentials go that way to this machine itself only.",
    ),
)

# What Elasticsearch adds to a refusal about an API key.
KEYS: tuple[tuple[str, str], ...] = (
    (r"has been invalidated", "was revoked"),
    (r"is expired", "has expired"),
    (r"unable to find apikey", "is not known here"),
)
_ACTION = re.compile(r"action \[([^\]]+)\]")
_INDICES = re.compile(r"on (?:restricted )?indices \[([^\]]*)\]")


def of_tls(host: str, said: str) -> UnreachableError:
    """Return what to tell of a TLS connection that failed with the words `said`.

    >>> of_tls("es:9200", "certificate verify failed: certificate has expired (_ssl.c:1)").message
    'The certificate of es:9200 has expired.'
    """
    for pattern, message, hint in TLS:
        if re.search(pattern, said):
            return UnreachableError(message.format(host=host), hint)
    return UnreachableError(f"The TLS connection to {host} failed.", f"Check LINERNOTES_URL and {CA}.")


def of_plain(host: str) -> UnreachableError:
    """Return what to tell when plain HTTP was sent to a port that speaks TLS."""
    return UnreachableError(f"{host} speaks TLS, and was asked over plain HTTP.", "Write LINERNOTES_URL with https://")


def of_answer(host: str, status: int, body: bytes, headers: Mapping[str, str]) -> UnreachableError | None:
    """Return what to tell of an answer that refuses us; None for any other, even a 403 that is about a full disk."""
    if status not in (401, 403) or b"security_exception" not in body:
        return None
    who, reason = holder(headers.get("authorization", "")), _reason(body)
    return _unknown(host, who, reason) if status == 401 else _not_allowed(host, who, reason)


def holder(authorization: str) -> str:
    """Return who a header's credentials belong to, and nothing that is secret; empty without credentials.

    >>> holder("Basic " + base64.b64encode(b"ann:secret").decode())
    'the user ann'
    """
    kind, _, value = authorization.partition(" ")
    if kind.lower() == "apikey":
        return "the API key"
    if kind.lower() != "basic":
        return ""
    try:
        return f"the user {base64.b64decode(value).decode().partition(':')[0]}"
    except (binascii.Error, UnicodeDecodeError):
        return "the user"


def _unknown(host: str, who: str, reason: str) -> UnreachableError:
    if not who:
        return UnreachableError(
            f"Elasticsearch at {host} asks for credentials, and none are set.",
            "Set LINERNOTES_API_KEY, or LINERNOTES_USERNAME and LINERNOTES_PASSWORD.",
        )
    if who == "the API key":
        why = next((words for pattern, words in KEYS if re.search(pattern, reason)), "is wrong")
        return UnreachableError(
            f"Elasticsearch at {host} refuses the API key: it {why}.",
            "Set LINERNOTES_API_KEY, or LINERNOTES_API_KEY_FILE, to another one.",
        )
    return UnreachableError(
        f"Elasticsearch at {host} refuses the password of {who}, or knows no such user.",
        "Check LINERNOTES_USERNAME, and LINERNOTES_PASSWORD or LINERNOTES_PASSWORD_FILE.",
    )


def _not_allowed(host: str, who: str, reason: str) -> UnreachableError:
    action, indices = _ACTION.search(reason), _INDICES.search(reason)
    what = action[1] if action else "this"
    where = f" on {indices[1]}" if indices and indices[1] else ""
    whose = f"{who[:1].upper()}{who[1:]}" or "Nobody in particular"
    hint = ABOUT_KEYS if "xpack/security" in what else OTHER_ROLE.format(role=least_role(what))
    return UnreachableError(f"{whose} is not allowed to do this at {host} ({what}{where}).", hint)


def least_role(action: str) -> str:
    """Return the least role that may do what Elasticsearch calls by this name.

    >>> [least_role(f"indices:{name}") for name in ("data/read/search", "data/write/bulk[s]", "admin/delete")]
    ['reader', 'loader', 'operator']
    """
    return next((role for pattern, role in LEAST if re.match(pattern, action)), "operator")


def _reason(body: bytes) -> str:
    """Return all that Elasticsearch says of the reason."""
    try:
        error: Any = orjson.loads(body)["error"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return ""
    return f"{error.get('reason', '')} {error.get('additional_unsuccessful_credentials', '')}"


HANDSHAKE_S = 3.0

_SEVERAL = ("/_msearch", "/_mget")
"""Requests whose parts are refused one by one, in an answer that is a success."""
_REFUSED_PART = b'"type":"security_exception"'


class _Told:
    """An error of the client library that is a problem too: one sentence, and what to do."""

    message: str
    hint: str

    def __str__(self) -> str:
        return f"{self.message} {self.hint}"


class ForbiddenError(_Told, UnreachableError, AuthorizationException):
    """A right that is missing: told in one sentence, and still the client library's error for those who expect it."""

    def __init__(self, problem: UnreachableError, answer: NodeApiResponse) -> None:
        AuthorizationException.__init__(self, problem.message, answer.meta, _body(problem))
        self.hint = problem.hint


class NoLongerError(_Told, UnreachableError, AuthenticationException):
    """Credentials that were taken and aren't any more: an answer to one request, for a load has to tidy up."""

    def __init__(self, problem: UnreachableError, answer: NodeApiResponse) -> None:
        AuthenticationException.__init__(self, problem.message, answer.meta, _body(problem))
        self.hint = f"{problem.hint} Then run the command again: a load goes on where it was."


def _body(problem: UnreachableError) -> dict[str, Any]:
    """Return an error as Elasticsearch words it, with our sentence as its reason."""
    return {"error": {"type": "security_exception", "reason": str(problem)}}


class Door(Urllib3HttpNode):
    """A node of the client library that raises UnreachableError for what no further attempt would mend.

    That is: a certificate that isn't trusted, TLS on one side alone, credentials that aren't taken, a right that is
    missing. What happens after something was taken is an error of the client library as well: a load tidies up.
    """

    def __init__(self, config: NodeConfig) -> None:
        super().__init__(config)
        self._answered = False
        self._let_in = False
        self._where = f"{config.host}:{config.port}"

    def perform_request(
        self,
        method: str,
        target: str,
        body: bytes | None = None,
        headers: HttpHeaders | None = None,
        request_timeout: DefaultType | float | None = DEFAULT,
    ) -> NodeApiResponse:
        """Send a request, as the client library does."""
        try:
            answer = super().perform_request(method, target, body, headers, request_timeout)
        except TlsError as error:
            raise of_tls(self._where, str(error)) from error
        except UnansweredError as error:
            if not self._answered and self.scheme == "http" and speaks_tls(self.host, self.port):
                raise of_plain(self._where) from error
            raise
        self._answered = True
        self._look_at(target, answer, headers or {})
        return answer

    def _look_at(self, target: str, answer: NodeApiResponse, headers: Any) -> None:
        status, body = answer.meta.status, answer.body or b""
        if status == 200 and _REFUSED_PART in body and target.partition("?")[0].endswith(_SEVERAL):
            status, body = _refused_part(body)
        if problem := of_answer(self._where, status, body, headers):
            if status == 403:
                raise ForbiddenError(problem, answer)
            raise NoLongerError(problem, answer) if self._let_in else problem
        self._let_in = True


def _refused_part(body: bytes) -> tuple[int, bytes]:
    """Return status and error of the first part that was refused; as it was where none is."""
    document = orjson.loads(body)
    for part in (*document.get("responses", ()), *document.get("docs", ())):
        error = part.get("error")
        if isinstance(error, dict) and error.get("type") == "security_exception":
            return int(part.get("status", 403)), orjson.dumps(part)
    return 200, body


def speaks_tls(host: str, port: int) -> bool:
    """Tell whether a TLS handshake gets anywhere. Nothing is sent afterwards, so nothing needs to be trusted."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with socket.create_connection((host, port), HANDSHAKE_S) as plain, context.wrap_socket(plain):
            return True
    except OSError:
        return False
