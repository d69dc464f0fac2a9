"""What to do about each answer of Elasticsearch, as tables.

answer to one document                  answer to the whole request
200 201        it is in                 200            look at each document
409            an equal or earlier one  429 5xx, no    try the request again
               is in                    answer at all
429 5xx        try it again             413 400        halve it, down to one document
disk is full   wait, say so             401 403 404    stop: no retry helps
404 403        stop                     disk is full   wait, say so
other 4xx      rejected
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any


class Action(Enum):
    """What the sender does next."""

    SETTLED = auto()
    CONFLICT = auto()
    RETRY = auto()
    WAIT = auto()
    REJECT = auto()
    HALVE = auto()
    STOP = auto()


CREATED = 201
RETRIED = (408, 429, 500, 502, 503, 504)

ITEM_ACTIONS: Mapping[int, Action] = {
    200: Action.SETTLED,
    201: Action.SETTLED,
    403: Action.STOP,
    404: Action.STOP,
    409: Action.CONFLICT,
    **dict.fromkeys(RETRIED, Action.RETRY),
}

REQUEST_ACTIONS: Mapping[int, Action] = {
    400: Action.HALVE,
    401: Action.STOP,
    403: Action.STOP,
    404: Action.STOP,
    413: Action.HALVE,
    **dict.fromkeys(RETRIED, Action.RETRY),
}

_FULL_DISK = ("disk usage exceeded flood-stage", "read_only_allow_delete", "read-only / allow delete")


def item_action(status: int, reason: str = "") -> Action:
    """Return what to do about one document's answer.

    >>> item_action(400)
    <Action.REJECT: 5>
    >>> item_action(429, "disk usage exceeded flood-stage watermark, index has read-only-allow-delete block")
    <Action.WAIT: 4>
    """
    if _is_full_disk(reason):
        return Action.WAIT
    return ITEM_ACTIONS.get(status, Action.REJECT)


def request_action(status: int, reason: str = "") -> Action:
    """Return what to do when the whole request was answered with an error."""
    if _is_full_disk(reason):
        return Action.WAIT
    return REQUEST_ACTIONS.get(status, Action.STOP)


def _is_full_disk(reason: str) -> bool:
    return any(phrase in reason for phrase in _FULL_DISK)


@dataclass(frozen=True)
class Item:
    """The answer to one document: its position in the request, what to do, and why."""

    position: int
    action: Action
    status: int
    kind: str
    reason: str


def read(answer: Mapping[str, Any], count: int) -> list[Item]:
    """Return those of `count` documents that are not in the index; raises ValueError when another number was answered.

    An answer without trouble may come as a mere count, `indexed` (`linernotes.serializer`).
    """
    if "indexed" in answer:
        return _complete([], answer["indexed"], count)
    entries = [entry["index"] for entry in answer.get("items") or ()]
    failed = [_item(number, entry) for number, entry in enumerate(entries) if entry["status"] > CREATED]
    return _complete(failed, len(entries), count)


def _complete(failed: list[Item], answered: int, count: int) -> list[Item]:
    if answered != count:
        raise ValueError(f"{count} documents were sent, and {answered} answered")
    return failed


def _item(position: int, entry: Mapping[str, Any]) -> Item:
    error = entry.get("error") or {}
    status, kind, reason = int(entry["status"]), error.get("type", ""), _reason(error)
    return Item(position, item_action(status, reason), status, kind, reason)


def _reason(error: Mapping[str, Any]) -> str:
    """Return the reason with what caused it: Elasticsearch keeps the telling part inside."""
    cause = (error.get("caused_by") or {}).get("reason", "")
    return ": ".join(part for part in (error.get("reason") or "", cause) if part)
