"""Retries searches after transient errors; searches are read-only, so repeating one is safe.

The client library sends what a node that dies or restarts has dropped to the next node at once; the others need a
moment to notice. Busy nodes, and those without a copy of a shard, say so, and may answer a moment later.
"""

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

from elastic_transport import ConnectionError as NoConnectionError
from elasticsearch import ApiError
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    sleep_using_event,
    stop_after_delay,
    stop_when_event_set,
    wait_exponential_jitter,
)

log = logging.getLogger(__name__)

Result = TypeVar("Result")

TRANSIENT_STATUSES = (429, 502, 503, 504)
NODE_LEAVING = frozenset(
    {
        "already_closed_exception",
        "connect_transport_exception",
        "index_shard_closed_exception",
        "node_closed_exception",
        "node_disconnected_exception",
        "node_not_connected_exception",
        "search_context_missing_exception",
        "send_request_transport_exception",
        "shard_not_found_exception",
    }
)
"""Errors of a node that leaves the cluster, whatever their status. In rolling restarts were seen: 502 for nodes that
are not or no more connected, 404 for a search whose node went between query and fetch."""

MAX_DELAY_S = 5.0
FIRST_WAIT_S, LONGEST_WAIT_S = 0.1, 1.0
CONNECTION_ROUNDS = 3
"""How often all known nodes are tried where none takes a connection: then nobody is there, said within 0.5 s."""

LONG_DELAY_S, LONGEST_LONG_WAIT_S = 120.0, 5.0
"""The same for work that nobody waits for, such as an export: it outlasts the restart of a node."""


class PartError(Exception):
    """One of several requests that were sent together failed: its status, and the error as Elasticsearch tells it."""

    def __init__(self, status: int, body: object) -> None:
        super().__init__(f"{status}, {error_type(body)[0]}")
        self.status, self.body = status, body


def call_with_retry(call: Callable[[], Result], seconds: float = MAX_DELAY_S) -> Result:
    """Return what `call` returns, repeating it after transient errors for some seconds. Raises the last error."""

    def is_over(state: RetryCallState) -> bool:
        if isinstance(_error(state), NoConnectionError):
            return state.attempt_number >= CONNECTION_ROUNDS
        return (state.seconds_since_start or 0.0) >= min(seconds, MAX_DELAY_S)

    retrying = Retrying(
        retry=retry_if_exception(is_transient),
        wait=wait_exponential_jitter(multiplier=FIRST_WAIT_S, max=LONGEST_WAIT_S, jitter=FIRST_WAIT_S),
        stop=is_over,
        before_sleep=_log,
        reraise=True,
    )
    return retrying(call)


def call_with_long_retry(
    call: Callable[[], Result], retryable: Callable[[BaseException], bool], stop_event: threading.Event
) -> Result:
    """Return what `call` returns, repeating it for minutes after errors that are retryable, until the event is set.

    Raises the last error.
    """
    retrying = Retrying(
        retry=retry_if_exception(retryable),
        wait=wait_exponential_jitter(multiplier=FIRST_WAIT_S, max=LONGEST_LONG_WAIT_S, jitter=FIRST_WAIT_S),
        stop=stop_after_delay(LONG_DELAY_S) | stop_when_event_set(stop_event),
        sleep=sleep_using_event(stop_event),
        before_sleep=_log,
        reraise=True,
    )
    return retrying(call)


def is_transient(error: BaseException) -> bool:
    """Tell whether the same request may be answered a moment later.

    >>> is_transient(PartError(503, {})), is_transient(PartError(500, {"type": "node_closed_exception"}))
    (True, True)
    >>> is_transient(PartError(400, {"type": "parsing_exception"}))
    False
    """
    if isinstance(error, PartError):
        return error.status in TRANSIENT_STATUSES or error_type(error.body)[0] in NODE_LEAVING
    if isinstance(error, ApiError):
        return error.status_code in TRANSIENT_STATUSES or error_type(error.body)[0] in NODE_LEAVING
    return isinstance(error, NoConnectionError)


def error_type(error: object) -> tuple[str, str]:
    """Return type and reason of an error, whether it came as a body or as a part of one."""
    inner = error.get("error", error) if isinstance(error, dict) else error
    if not isinstance(inner, dict):
        return str(inner)[:200], ""
    causes = inner.get("root_cause") or [inner]
    cause = causes[0] if isinstance(causes, list) and causes and isinstance(causes[0], dict) else inner
    return str(cause.get("type", "")), str(cause.get("reason", ""))[:200]


def _log(state: RetryCallState) -> None:
    wait = state.next_action.sleep if state.next_action else 0.0
    log.info("attempt %d: %s; again in %.1f s", state.attempt_number, _error(state), wait)


def _error(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None
