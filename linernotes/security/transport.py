"""HTTP transport: turns TLS and authorization errors into one sentence each, with what to do."""

import base64
import re
import socket
import ssl
import time
from typing import Any

import orjson
from elastic_transport import ConnectionError as NoAnswerError
from elastic_transport import HttpHeaders, NodeConfig, TlsError, Urllib3HttpNode
from elastic_transport._node import NodeApiResponse
from elastic_transport.client_utils import DEFAULT, DefaultType
from elasticsearch import ApiError

from linernotes import abort
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
    "Keys are managed by a user, not by a key: set LINERNOTES_USERNAME and LINERNOTES_PASSWORD_FILE to one with the "
    "privilege manage_own_api_key (with docker compose: the service admin), and leave LINERNOTES_API_KEY out."
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
ENDED = {r"has been invalidated": "was revoked", r"is expired": "has expired"}
KEYS: tuple[tuple[str, str], ...] = (
    *ENDED.items(),
    (r"unable to find apikey", "is not known here"),
)
HANDSHAKE_S = 3.0
RECOVERY_S = 180.0
"""How long a refusal may pass by itself: a node that starts again doesn't know its users until it has their
index, which took it more than a minute on a machine with other work."""
# Requests whose parts are refused one by one, in an answer that is a success.
MULTIPLE = ("/_msearch", "/_mget")


class RefusedError(UnreachableError, ApiError):
    """A right that is missing, or credentials that were taken and aren't any more: a load tidies up after it.

    With `may_pass` it may be that of a node that has just started, so that another try makes sense.
    """

    def __init__(self, problem: UnreachableError, answer: NodeApiResponse, *, may_pass: bool = False) -> None:
        self.may_pass = may_pass
        body = {"error": {"type": "security_exception", "reason": str(problem)}}
        ApiError.__init__(self, problem.message, answer.meta, body)
        self.hint = problem.hint


class CheckedHttpNode(Urllib3HttpNode):
    """A node of the client library that raises UnreachableError for what no further attempt would mend.

    That is: a certificate that isn't trusted, TLS on one side alone, credentials that are refused, a missing right.
    """

    def __init__(self, config: NodeConfig) -> None:
        super().__init__(config)
        # A connection class of one's own is what urllib3 offers for this.
        self.pool.ConnectionCls = abort.abortable_class(self.pool.ConnectionCls)
        self._answered = False
        self._authorized = False
        self._refused_since: float | None = None
        self._address = f"{config.host}:{config.port}"

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
            if self._answered and not any(re.search(pattern, str(error)) for pattern, *_ in TLS):
                # Cut in the middle, as by an Elasticsearch that is killed: another try may help.
                raise NoAnswerError(f"The TLS connection to {self._address} was cut.", errors=(error,)) from error
            raise explain_tls(self._address, str(error)) from error
        except NoAnswerError as error:
            if (aborted := abort.current()) and aborted.stop_event.is_set():
                raise UnreachableError("The request was ended, as nobody waits for its answer any more.") from error
            if not self._answered and self.scheme == "http" and speaks_tls(self.host, self.port):
                raise UnreachableError(
                    f"{self._address} speaks TLS, and was asked over plain HTTP.", "Write LINERNOTES_URL with https://"
                ) from error
            raise
        self._answered = True
        authorization = str(headers.get("authorization", "")) if headers else ""
        status, refusal = _find_refusal(target, answer)
        if problem := explain_refusal(self._address, status, refusal, authorization):
            if status == 401 and not self._authorized:
                raise problem
            if status == 401:
                problem.hint += " Then run the command again: a load goes on where it was."
            raise RefusedError(problem, answer, may_pass=status == 401 and self._may_recover(refusal))
        self._authorized, self._refused_since = True, None
        return answer

    def _may_recover(self, refusal: Any) -> bool:
        """Tell whether credentials that were taken before may be taken again soon: not a key that has ended."""
        if self._refused_since is None:
            self._refused_since = time.monotonic()
        has_ended = any(re.search(pattern, str(refusal)) for pattern in ENDED)
        return not has_ended and time.monotonic() - self._refused_since < RECOVERY_S


def explain_tls(host: str, printed: str) -> UnreachableError:
    """Return why a TLS connection failed, from OpenSSL's words.

    >>> explain_tls("es:9200", "certificate verify failed: certificate has expired (_ssl.c:1)").message
    'The certificate of es:9200 has expired.'
    """
    for pattern, message, hint in TLS:
        if re.search(pattern, printed):
            return UnreachableError(message.format(host=host), hint)
    return UnreachableError(f"The TLS connection to {host} failed.", f"Check LINERNOTES_URL and {CA}.")


def explain_refusal(host: str, status: int, error: Any, authorization: str) -> UnreachableError | None:
    """Return why an answer refuses access, and to whom; None for any other, even a 403 that is about a full disk."""
    if status not in (401, 403) or not isinstance(error, dict) or error.get("type") != "security_exception":
        return None
    who, reason = holder(authorization), f"{error.get('reason')} {error.get('additional_unsuccessful_credentials')}"
    if status == 403:
        action = re.search(r"action \[([^\]]+)\]", reason)
        indices = re.search(r"on (?:restricted )?indices \[([^\]]+)\]", reason)
        what = action[1] if action else "this"
        where = f" on {indices[1]}" if indices else ""
        whose = f"{who[:1].upper()}{who[1:]}" or "Nobody in particular"
        hint = ABOUT_KEYS if "xpack/security" in what else OTHER_ROLE.format(role=least_role(what))
        return UnreachableError(f"{whose} is not allowed to do this at {host} ({what}{where}).", hint)
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


def holder(authorization: str) -> str:
    """Return whose credentials a header has, and nothing that is secret; empty without credentials.

    >>> holder("Basic " + base64.b64encode(b"ann:secret").decode()), holder("ApiKey abc"), holder("")
    ('the user ann', 'the API key', '')
    """
    kind, _, value = authorization.partition(" ")
    if kind.lower() == "basic":
        return f"the user {base64.b64decode(value).decode(errors='replace').partition(':')[0]}"
    return "the API key" if kind.lower() == "apikey" else ""


def least_role(action: str) -> str:
    """Return the least role that may do what Elasticsearch calls by this name.

    >>> [least_role(f"indices:{name}") for name in ("data/read/search", "data/write/bulk[s]", "admin/delete")]
    ['reader', 'loader', 'operator']
    """
    return next((role for pattern, role in LEAST if re.match(pattern, action)), "operator")


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


def _find_refusal(target: str, answer: NodeApiResponse) -> tuple[int, Any]:
    """Return status and error of an answer or, of several in one, those of the first part that was refused."""
    status, body = answer.meta.status, answer.body or b""
    if status in (401, 403) and b'"security_exception"' in body:
        return status, orjson.loads(body).get("error")
    if status == 200 and target.partition("?")[0].endswith(MULTIPLE) and b'"security_exception"' in body:
        document = orjson.loads(body)
        for part in (*document.get("responses", ()), *document.get("docs", ())):
            error = part.get("error")
            if isinstance(error, dict) and error.get("type") == "security_exception":
                return part.get("status", 403), error
    return status, None
