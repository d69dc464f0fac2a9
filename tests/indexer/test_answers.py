"""The decision table: what is done about each answer."""

import pytest

from indexer.cluster.bulk_response import Action, item_action, read, request_action


@pytest.mark.parametrize(
    ("status", "action"),
    [
        (200, Action.SETTLED),
        (201, Action.SETTLED),
        (400, Action.REJECT),
        (404, Action.STOP),
        (409, Action.CONFLICT),
        (413, Action.REJECT),
        (429, Action.RETRY),
        (503, Action.RETRY),
    ],
)
def test_item(status: int, action: Action) -> None:
    assert item_action(status) is action


@pytest.mark.parametrize(
    ("status", "action"),
    [
        (400, Action.HALVE),
        (401, Action.STOP),
        (403, Action.STOP),
        (404, Action.STOP),
        (413, Action.HALVE),
        (429, Action.RETRY),
        (500, Action.RETRY),
        (502, Action.RETRY),
        (503, Action.RETRY),
        (504, Action.RETRY),
    ],
)
def test_request(status: int, action: Action) -> None:
    assert request_action(status) is action


def test_full_disk_waits_whatever_the_status() -> None:
    reason = "index [x] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark]"
    assert item_action(429, reason) is Action.WAIT
    assert request_action(403, reason) is Action.WAIT


def test_another_number_of_answers_is_no_answer() -> None:
    with pytest.raises(ValueError, match="2 documents were sent, and 1 answered"):
        read({"items": [{"index": {"status": 201}}]}, 2)
