"""Checks a catalogue, a hundred rows at a time, in order."""

import hashlib
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeVar

from queries.catalogue import compare, requests, results, verdict
from queries.catalogue.name_forms import forms_of
from queries.catalogue.results import RowResult
from queries.catalogue.row import CatalogueRow, ParsedRow
from queries.catalogue.verdict import CatalogueMatch, Verdict
from queries.types import Ask, Json, total_of

Item = TypeVar("Item")

BATCH = 100
"""Rows in a request."""

IN_FLIGHT = 3
"""Batches at a time: one is asked, one compared, one waits."""


@dataclass(frozen=True)
class _Row:
    """A readable row with its names taken apart, and its matches so far."""

    given: CatalogueRow
    parsed: ParsedRow
    matches: tuple[CatalogueMatch, ...] = ()
    exact: bool = True


def check(ask: Ask, rows: Iterable[CatalogueRow]) -> Generator[RowResult, None, None]:
    """Yield the result of each row, in their order; memory holds a few batches, and a hash for each row's names.

    Raises what `ask` raises.
    """
    earlier: dict[bytes, int] = {}
    waiting: deque[Future[list[tuple[RowResult, bytes]]]] = deque()
    threads = ThreadPoolExecutor(IN_FLIGHT)
    try:
        for batch in _batched(rows, BATCH):
            waiting.append(threads.submit(_check_batch, ask, batch))
            if len(waiting) >= IN_FLIGHT:
                yield from _marked_duplicates(waiting.popleft().result(), earlier)
        while waiting:
            yield from _marked_duplicates(waiting.popleft().result(), earlier)
    finally:
        threads.shutdown(wait=False, cancel_futures=True)  # nobody waits for answers that nobody wants any more


def _marked_duplicates(found: list[tuple[RowResult, bytes]], earlier: dict[bytes, int]) -> Iterator[RowResult]:
    for each, key in found:
        first = earlier.setdefault(key, each.row.number) if key else each.row.number
        yield each if first == each.row.number else replace(each, duplicate_of=first)


def _check_batch(ask: Ask, batch: tuple[CatalogueRow, ...]) -> list[tuple[RowResult, bytes]]:
    """Return the results of a batch, each with a key of its song."""
    rows = [_Row(given, given.parsed) for given in batch if not given.unreadable]
    keys = {row.given.number: _song_key(row) for row in rows}
    checked = _round(ask, rows, _STRICT)
    rest = [row for row in checked if not row.matches and row.parsed.named]
    further = {row.given.number: row for row in _round(ask, rest, _BROAD)}
    final = {row.given.number: further.get(row.given.number, row) for row in checked}
    return [(_result(given, final.get(given.number)), keys.get(given.number, b"")) for given in batch]


def _result(given: CatalogueRow, row: _Row | None) -> RowResult:
    if row is None:
        return RowResult(given, Verdict.UNREADABLE, given.unreadable)
    return results.of_matches(given, row.matches, exact=row.exact)


def _song_key(row: _Row) -> bytes:
    """Return what two rows of one song have in common: their names and their ids, if they have any."""
    parsed = row.parsed
    called = (parsed.artist.turned or parsed.artist.whole, parsed.title.whole, parsed.album) if parsed.named else ()
    ids = [f"{each.kind} {each.value}" for each in sorted(row.given.identifiers)]
    parts = "\0".join([*(forms_of(name).folded or name for name in called), *ids])
    return hashlib.blake2b(parts.encode("utf-8", "replace"), digest_size=8).digest()


@dataclass(frozen=True)
class _Request:
    """One kind of request, and how many candidates it lists: at first; when none of these matches; when one does."""

    body: Callable[[_Row, int], Json]
    few: int
    more: int
    many: int


_STRICT = _Request(
    lambda row, size: requests.strict_request(row.given, row.parsed, size), requests.FEW, requests.MORE, requests.MANY
)
_BROAD = _Request(
    lambda row, size: requests.broad_request(row.parsed, size), requests.BROAD_FEW, requests.MORE, requests.BROAD_MANY
)


def _round(ask: Ask, rows: list[_Row], request: _Request) -> list[_Row]:
    """Return the rows with what one kind of request finds; where there is more than it lists, more is asked for."""
    if not rows:
        return []
    judged = _judge(rows, ask(*(request.body(row, request.few) for row in rows)), request.few)
    for number, row in enumerate(judged):
        if not row.exact:
            size = request.many if row.matches else request.more
            (judged[number],) = _judge([rows[number]], ask(request.body(rows[number], size)), size)
    return judged


def _judge(rows: list[_Row], answers: list[Json], size: int) -> list[_Row]:
    """Return the rows with the matches among their candidates; not `exact` where there are more candidates."""
    judged = []
    for row, answer in zip(rows, answers, strict=True):
        candidates = map(compare.parse_candidate, answer["hits"]["hits"])
        matches = [match for each in candidates if (match := verdict.classify(row.given, row.parsed, each))]
        judged.append(replace(row, matches=tuple(matches), exact=total_of(answer) <= size))
    return judged


def _batched(items: Iterable[Item], size: int) -> Iterator[tuple[Item, ...]]:
    """Yield the items in tuples of this size; `itertools.batched` comes with Python 3.12."""
    left = iter(items)
    while batch := tuple(islice(left, size)):
        yield batch
