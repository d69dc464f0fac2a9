"""Asking again: a search changes nothing, so what may pass by itself is asked again before anybody is told.

A node that dies or is restarted drops what it was asked, which the client library sends to the next node at once; the
others need a moment to notice. Busy nodes, and those without a copy of a shard, say so, and may say otherwise soon.
"""

import logging
from collections.abc import Callable
from typing import TypeVar

from elastic_transport import ConnectionError as NoConnectionError
from elasticsearch import ApiError
from tenacity import RetryCallState, Retrying, retry_if_exception, wait_exponential_jitter

log = logging.getLogger(__name__)

Result = TypeVar("Result")

PASSING = (429, 502, 503, 504)
GOING = frozenset(
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
"""What a node says, or others say of it, while it goes, with whatever status. In rolling restarts were seen: 502 for
nodes that are not or no more connected, 404 for a search whose node went between finding and fetching."""

PATIENCE_S = 5.0
FIRST_WAIT_S, LONGEST_WAIT_S = 0.1, 1.0
ROUNDS = 3
"""How often all known nodes are tried where none takes a connection: then nobody is there, told within 0.5 s."""


class PartError(Exception):
    """One of several requests that were sent together failed: with a status, and an error as Elasticsearch tells it."""

    def __init__(self, status: int, body: object) -> None:
        super().__init__(f"{status}, {read(body)[0]}")
        self.status, self.body = status, body


def patiently(ask: Callable[[], Result]) -> Result:
    """Return what `ask` returns; it is called again while its errors may pass. Raises the last one."""
    tries = Retrying(
        retry=retry_if_exception(may_pass),
        wait=wait_exponential_jitter(multiplier=FIRST_WAIT_S, max=LONGEST_WAIT_S, jitter=FIRST_WAIT_S),
        stop=_enough,
        before_sleep=_tell,
        reraise=True,
    )
    return tries(ask)


def may_pass(error: BaseException) -> bool:
    """Tell whether the same request may be answered a moment later.

    >>> may_pass(PartError(503, {})), may_pass(PartError(500, {"type": "node_closed_exception"}))
    (True, True)
    >>> may_pass(PartError(400, {"type": "parsing_exception"}))
    False
    """
    if isinstance(error, PartError):
        return error.status in PASSING or read(error.body)[0] in GOING
    if isinstance(error, ApiError):
        return error.status_code in PASSING or read(error.body)[0] in GOING
    return isinstance(error, NoConnectionError)


def read(error: object) -> tuple[str, str]:
    """Return kind and reason of an error, whether it came as a body or as a part of one."""
    inner = error.get("error", error) if isinstance(error, dict) else error
    if not isinstance(inner, dict):
        return str(inner)[:200], ""
    causes = inner.get("root_cause") or [inner]
    cause = causes[0] if isinstance(causes, list) and causes and isinstance(causes[0], dict) else inner
    return str(cause.get("type", "")), str(cause.get("reason", ""))[:200]


def _enough(state: RetryCallState) -> bool:
    if isinstance(_error(state), NoConnectionError):
        return state.attempt_number >= ROUNDS
    return (state.seconds_since_start or 0.0) >= PATIENCE_S


def _tell(state: RetryCallState) -> None:
    wait = state.next_action.sleep if state.next_action else 0.0
    log.info("attempt %d: %s; again in %.1f s", state.attempt_number, _error(state), wait)


def _error(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None
