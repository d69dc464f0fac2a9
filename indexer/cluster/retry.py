"""Retrying, as a part of the connection: one policy for every request to Elasticsearch, large or small.

    client --retrying(policy)--> client whose transport sends a request until it is answered for good

Transient errors are retried with growing, jittered waits until a deadline. A full disk is no transient error but a
person's work, and the person may be asleep: it is waited for as long as it takes, and said. A request may be sent
twice, so what is sent has to bear that; `sending_once` gives a client without retries.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar, cast

from elastic_transport import (
    ObjectApiResponse,
    SerializationError,
    TlsError,
    Transport,
    TransportApiResponse,
    TransportError,
)
from elasticsearch import Elasticsearch
from tenacity import RetryCallState, Retrying, retry_if_exception, wait_exponential_jitter

from indexer.cluster.bulk_response import Action, request_action
from indexer.cluster.progress import Progress
from mappings.errors import UnreachableError

log = logging.getLogger(__name__)

T = TypeVar("T")

DEADLINE_S = 600.0
FIRST_WAIT_S, LONGEST_WAIT_S = 0.2, 15.0

NOTHING_LOST = "Nothing is lost: run the same command again and it goes on where it was."
FULL_DISK = "Elasticsearch's disk is full: the load waits, and goes on by itself when there is room again."

_PRODUCT = "x-elastic-product"


class RetryableError(Exception):
    """Something was not done yet, and has to be tried again."""

    def __init__(self, reason: str, *, disk_full: bool = False) -> None:
        super().__init__(reason)
        self.disk_full = disk_full


@dataclass(frozen=True)
class RetryPolicy:
    """How long to retry: until `deadline_s` after the first attempt, or until `stop` is set; `progress` counts."""

    progress: Progress = field(default_factory=Progress)
    stop: threading.Event = field(default_factory=threading.Event)
    deadline_s: float = DEADLINE_S

    def __call__(self, call: Callable[[], T]) -> T:
        """Return what `call` returns, which is called again as long as it raises what may pass.

        Raises UnreachableError after the deadline, and at once any error that another try doesn't help.
        """
        return self.attempts()(call)

    def attempts(self) -> Retrying:
        """Return tenacity's attempts under this policy."""
        return Retrying(
            retry=retry_if_exception(is_retryable),
            wait=wait_exponential_jitter(multiplier=FIRST_WAIT_S, max=LONGEST_WAIT_S, jitter=FIRST_WAIT_S),
            stop=self._gives_up,
            sleep=self._sleep,
            before_sleep=self._tell,
            retry_error_callback=_give_up,
        )

    def _gives_up(self, state: RetryCallState) -> bool:
        if self.stop.is_set():
            return True
        return not _is_full_disk(_error(state)) and (state.seconds_since_start or 0.0) > self.deadline_s

    def _sleep(self, seconds: float) -> None:
        self.stop.wait(seconds)

    def _tell(self, state: RetryCallState) -> None:
        self.progress.retried()
        error, wait = _error(state), state.next_action.sleep if state.next_action else 0.0
        if _is_full_disk(error):
            self.progress.note_once(FULL_DISK)
        log.info("attempt %d: %s; again in %.1f s", state.attempt_number, error, wait)


class RetryTransport:
    """A transport that retries the requests of another one under a policy; all else is the other one's."""

    def __init__(self, inner: Transport, policy: RetryPolicy) -> None:
        self.inner, self.policy = inner, policy

    def perform_request(self, method: str, target: str, **options: Any) -> TransportApiResponse:
        """Return the answer; raises UnreachableError when there is none until the deadline."""
        send = partial(self.inner.perform_request, method, target, **options)
        return self.policy(lambda: _usable(send()))

    def __getattr__(self, name: str) -> Any:
        """Return what the other transport has under this name."""
        return getattr(self.inner, name)


def retrying(client: Elasticsearch, policy: RetryPolicy | None = None) -> Elasticsearch:
    """Return a client over the same connections that retries under a policy, in place of any other one it has."""
    return _over(client, cast("Transport", RetryTransport(_inner(client), policy or RetryPolicy())))


def sending_once(client: Elasticsearch) -> Elasticsearch:
    """Return a client over the same connections that doesn't retry."""
    return _over(client, _inner(client))


def _over(client: Elasticsearch, transport: Transport) -> Elasticsearch:
    made = client.options()
    made._transport = transport  # where options() has it, too
    return made


def _inner(client: Elasticsearch) -> Transport:
    transport: Any = client.transport
    return cast("Transport", transport.inner if isinstance(transport, RetryTransport) else transport)


def policy_of(client: Elasticsearch) -> RetryPolicy:
    """Return the policy of a client that retries; for another one, a policy that nobody listens to."""
    transport: Any = client.transport
    return transport.policy if isinstance(transport, RetryTransport) else RetryPolicy()


def is_retryable(error: BaseException) -> bool:
    """Tell whether an error may pass by itself, so that another try makes sense."""
    if isinstance(error, UnreachableError):
        return getattr(error, "may_pass", False)
    return isinstance(error, TransportError | RetryableError) and not isinstance(error, TlsError)


def complete(client: Elasticsearch, send: Callable[[], ObjectApiResponse[Any]]) -> ObjectApiResponse[Any]:
    """Return an answer that all shards gave in time; as long as one did not, the request is sent again.

    Raises UnreachableError when that goes on until the deadline of the client's policy.
    """

    def attempt() -> ObjectApiResponse[Any]:
        answer = send()
        if answer.get("timed_out") or answer["_shards"]["failed"]:
            raise RetryableError(f"{answer['_shards']['failed']} shards did not answer")
        return answer

    return policy_of(client)(attempt)


def reason(body: Any) -> str:
    """Return the reason that an error's body gives, which may be anything."""
    if isinstance(body, dict):
        detail = body.get("error")
        return str(detail.get("reason") if isinstance(detail, dict) else detail)
    return str(body)[:200]


def _usable(answer: TransportApiResponse) -> TransportApiResponse:
    """Return an answer for good; what may pass, and what a proxy says in Elasticsearch's place, is raised."""
    status, body = answer.meta.status, answer.body
    if status >= 400:
        action = request_action(status, reason(body))
        if action in (Action.RETRY, Action.WAIT):
            raise RetryableError(f"{status}: {reason(body)}", disk_full=action is Action.WAIT)
    elif answer.meta.headers.get(_PRODUCT) != "Elasticsearch" or isinstance(body, str | bytes):
        raise SerializationError("the answer is not Elasticsearch's")
    return answer


def _is_full_disk(error: BaseException | None) -> bool:
    return isinstance(error, RetryableError) and error.disk_full


def _error(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _give_up(state: RetryCallState) -> None:
    waited, error = state.seconds_since_start or 0.0, _error(state)
    raise UnreachableError(f"Elasticsearch took no data for {waited:.0f} s ({error}).", NOTHING_LOST) from error
