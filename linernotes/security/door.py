"""The connection's last yard: turns what keeps us out into one sentence, before anybody tries it again."""

import socket
import ssl
from typing import Any

import orjson
from elastic_transport import ConnectionError as UnansweredError
from elastic_transport import HttpHeaders, NodeConfig, TlsError, Urllib3HttpNode
from elastic_transport._node import NodeApiResponse
from elastic_transport.client_utils import DEFAULT, DefaultType
from elasticsearch import AuthenticationException, AuthorizationException

from linernotes.security import refusals
from mappings.errors import UnreachableError

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
            raise refusals.of_tls(self._where, str(error)) from error
        except UnansweredError as error:
            if not self._answered and self.scheme == "http" and speaks_tls(self.host, self.port):
                raise refusals.of_plain(self._where) from error
            raise
        self._answered = True
        self._look_at(target, answer, headers or {})
        return answer

    def _look_at(self, target: str, answer: NodeApiResponse, headers: Any) -> None:
        status, body = answer.meta.status, answer.body or b""
        if status == 200 and _REFUSED_PART in body and target.partition("?")[0].endswith(_SEVERAL):
            status, body = _refused_part(body)
        if problem := refusals.of_answer(self._where, status, body, headers):
            if status == 403:
                raise ForbiddenError(problem, answer)
            raise NoLongerError(problem, answer) if self._let_in else problem
        self._let_in = True


def _refused_part(body: bytes) -> tuple[int, bytes]:
    """Return status and error of the first part that was refused; as it was where none is."""
    told = orjson.loads(body)
    for part in (*told.get("responses", ()), *told.get("docs", ())):
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
