"""The connection's last yard: turns what keeps us out into one sentence, before anybody tries it again."""

import socket
import ssl
from typing import Any

from elastic_transport import ConnectionError as UnansweredError
from elastic_transport import HttpHeaders, NodeConfig, TlsError, Urllib3HttpNode
from elastic_transport._node import NodeApiResponse
from elastic_transport.client_utils import DEFAULT, DefaultType
from elasticsearch import AuthorizationException

from linernotes.security import refusals
from mappings.problems import UnreachableProblem

HANDSHAKE_S = 3.0


class ForbiddenError(UnreachableProblem, AuthorizationException):
    """A right that is missing: told in one sentence, and still the client library's error for those who expect it."""

    def __init__(self, problem: UnreachableProblem, answer: NodeApiResponse) -> None:
        AuthorizationException.__init__(
            self, problem.message, answer.meta, (answer.body or b"").decode(errors="replace")
        )
        self.hint = problem.hint

    def __str__(self) -> str:
        """Return the sentence and what to do."""
        return f"{self.message} {self.hint}"


class Door(Urllib3HttpNode):
    """A node of the client library that raises UnreachableProblem for what no further attempt would mend.

    That is: a certificate that isn't trusted, TLS on one side alone, credentials that aren't taken, a right that is
    missing. Credentials that were taken once and aren't any more are left to the caller: a load has to tidy up.
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
        self._look_at(answer, headers or {})
        return answer

    def _look_at(self, answer: NodeApiResponse, headers: Any) -> None:
        status = answer.meta.status
        if status != 401:
            self._let_in = True
        elif self._let_in:
            return
        if problem := refusals.of_answer(status, answer.body or b"", headers):
            raise ForbiddenError(problem, answer) if status == 403 else problem


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
