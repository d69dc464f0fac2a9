"""Send one body until each of its documents is settled: in the index, a duplicate, or rejected with a reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from elastic_transport import TlsError, TransportError
from elasticsearch import ApiError, Elasticsearch, UnsupportedProductError

from indexer import answers
from indexer.answers import Action, Item
from indexer.encode import Body
from indexer.patience import NotYetError, Patience, reason
from mappings.errors import UnreachableError

ANSWER = "errors,items.*.status,items.*.error.type,items.*.error.reason,items.*.error.caused_by.reason"
REQUEST_TIMEOUT_S = 120.0


@dataclass(frozen=True)
class Refusal:
    """A document that Elasticsearch refused: where it is from, why, and the document itself."""

    row: int
    kind: str
    reason: str
    document: bytes


@dataclass
class Outcome:
    """What became of the documents of one body."""

    created: int = 0
    duplicates: int = 0
    replayed: int = 0
    refusals: list[Refusal] = field(default_factory=list)


@dataclass
class _Round:
    """One pass over what is left: what must be sent again, and why."""

    again: list[Body] = field(default_factory=list)
    reason: str = ""
    disk_full: bool = False

    def postpone(self, body: Body, reason: str, action: Action) -> None:
        self.again.append(body)
        self.reason = reason
        self.disk_full |= action is Action.WAIT


@dataclass(frozen=True)
class Sender:
    """Sends bodies to one target; with `require_alias` that is an alias, so that no deleted index is made anew.

    Raises UnreachableError when no retry helps or the deadline has passed: what is not settled then is sent
    again by the next run.
    """

    client: Elasticsearch
    target: str
    patience: Patience
    require_alias: bool = True
    timeout_s: float = REQUEST_TIMEOUT_S

    def send(self, body: Body) -> Outcome:
        """Return what became of each document."""
        outcome, left = Outcome(), [body]
        for attempt in self.patience.attempts():
            with attempt:
                now = self._pass(left, outcome)
                left = now.again
                if left:
                    raise NotYetError(now.reason, disk_full=now.disk_full)
        return outcome

    def _pass(self, bodies: list[Body], outcome: Outcome) -> _Round:
        """Post each body once, halving those that are too large."""
        now, stack = _Round(), list(reversed(bodies))
        while stack:
            stack.extend(self._post(stack.pop(), outcome, now))
        return now

    def _post(self, body: Body, outcome: Outcome, now: _Round) -> tuple[Body, ...]:
        """Post one body; return its halves if it has to be halved."""
        try:
            answer = answers.read(self._bulk(body), body.count)
        except TlsError as error:
            raise UnreachableError(f"The TLS connection failed: {error.message}.") from error
        except (TransportError, UnsupportedProductError, ValueError) as error:
            now.postpone(body, f"no usable answer ({type(error).__name__}: {error})", Action.RETRY)
            return ()
        except ApiError as error:
            return self._refused(body, error, outcome, now)
        outcome.created += answer.created
        outcome.duplicates += answer.replaced
        self._settle(body, answer.troubled, outcome, now)
        return ()

    @cached_property
    def _patient_client(self) -> Elasticsearch:
        # Once for all requests: the client makes its forty namespaces anew for each set of options.
        return self.client.options(request_timeout=self.timeout_s)

    def _bulk(self, body: Body) -> Mapping[str, Any]:
        encoded: list[Any] = [body.body]
        answer = self._patient_client.bulk(
            operations=encoded, index=self.target, require_alias=self.require_alias, filter_path=ANSWER
        )
        if not isinstance(answer.body, dict):
            raise ValueError("the answer is no JSON object")
        return answer.body

    def _refused(self, body: Body, error: ApiError, outcome: Outcome, now: _Round) -> tuple[Body, ...]:
        """Act on an error that answers the whole request."""
        status, why = error.status_code, reason(error)
        action = answers.request_action(status, why)
        if action is Action.STOP:
            raise UnreachableError(f"Elasticsearch refused to index into {self.target} ({status}: {why}).")
        if action is not Action.HALVE:
            now.postpone(body, f"{status}: {why}", action)
            return ()
        if body.count > 1:
            return body.halves()
        outcome.refusals.append(_refusal(body, body.lines(), Item(0, Action.REJECT, status, "request_refused", why)))
        return ()

    def _settle(self, body: Body, troubled: list[Item], outcome: Outcome, now: _Round) -> None:
        again: list[Item] = []
        lines = body.lines() if troubled else []  # split once: a body may hold thousands of refused documents
        for item in troubled:
            if item.action is Action.CONFLICT:
                outcome.replayed += item.is_replay
                outcome.duplicates += not item.is_replay
            elif item.action is Action.REJECT:
                outcome.refusals.append(_refusal(body, lines, item))
            elif item.action is Action.STOP:
                raise UnreachableError(f"Elasticsearch refused to index into {self.target} ({item.reason}).")
            else:
                again.append(item)
        if again:
            waits = any(item.action is Action.WAIT for item in again)
            picked = body.pick([item.position for item in again])
            now.postpone(picked, again[-1].reason, Action.WAIT if waits else Action.RETRY)


def _refusal(body: Body, lines: list[bytes], item: Item) -> Refusal:
    return Refusal(int(body.rows[item.position]), item.kind, item.reason, lines[2 * item.position + 1])
