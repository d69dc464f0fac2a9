"""Checks a catalogue, a hundred rows at a time, in order."""

import hashlib
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice

from queries.catalogue.compare import parse_candidate
from queries.catalogue.row import CatalogueRow, ParsedRow
from queries.catalogue.row_queries import BROAD_FEW, BROAD_MANY, FEW, MANY, MORE, broad_request, strict_request
from queries.catalogue.verdict import CatalogueMatch, RowResult, Verdict, classify, row_result
from queries.model import Ask, Json, total_of
from queries.search.name_forms import forms_of

BATCH = 100
"""Rows in a request."""

IN_FLIGHT = 3
"""Batches at a time: one in Elasticsearch, one being compared, one that waits."""


@dataclass(frozen=True)
class _Row:
    """A readable row with its names taken apart, and its matches so far."""

    given: CatalogueRow
    parsed: ParsedRow
    matches: tuple[CatalogueMatch, ...] = ()
    exact: bool = True


@dataclass(frozen=True)
class _Request:
    """One kind of request, and how many candidates it lists: at first; when none of these matches; when one does."""

    body: Callable[[_Row, int], Json]
    few: int
    more: int
    many: int


_STRICT = _Request(body=lambda row, size: strict_request(row.given, row.parsed, size), few=FEW, more=MORE, many=MANY)
_BROAD = _Request(body=lambda row, size: broad_request(row.parsed, size), few=BROAD_FEW, more=MORE, many=BROAD_MANY)


def check(ask: Ask, rows: Iterable[CatalogueRow]) -> Generator[RowResult, None, None]:
    """Yield the result of each row, in their order; memory holds a few batches, and a hash for each row's names.

    Raises what `ask` raises.
    """
    earlier: dict[bytes, int] = {}
    waiting: deque[Future[list[tuple[RowResult, bytes]]]] = deque()
    threads = ThreadPoolExecutor(IN_FLIGHT)
    left = iter(rows)
    try:
        while batch := tuple(islice(left, BATCH)):
            waiting.append(threads.submit(_check_batch, ask, batch))
            if len(waiting) >= IN_FLIGHT:
                yield from _marked_duplicates(waiting.popleft().result(), earlier)
        while waiting:
            yield from _marked_duplicates(waiting.popleft().result(), earlier)
    finally:
        threads.shutdown(wait=False, cancel_futures=True)  # of a check that was given up nobody reads the answers


def _marked_duplicates(results: list[tuple[RowResult, bytes]], earlier: dict[bytes, int]) -> Iterator[RowResult]:
    for each, key in results:
        first = earlier.setdefault(key, each.row.number) if key else each.row.number
        yield each if first == each.row.number else replace(each, duplicate_of=first)


def _check_batch(ask: Ask, batch: tuple[CatalogueRow, ...]) -> list[tuple[RowResult, bytes]]:
    """Return the results of a batch, each with a key of its song."""
    rows = [_Row(given, given.parsed) for given in batch if not given.unreadable]
    checked = _round(ask, rows, _STRICT)
    rest = [row for row in checked if not row.matches and row.parsed.named]
    final = {row.given.number: row for row in (*checked, *_round(ask, rest, _BROAD))}
    results = list[tuple[RowResult, bytes]]()
    for given in batch:
        if row := final.get(given.number):
            results.append((row_result(given, row.matches, exact=row.exact), _song_key(row)))
        else:
            results.append((RowResult(given, Verdict.UNREADABLE, given.unreadable), b""))
    return results


def _song_key(row: _Row) -> bytes:
    """Return what two rows of one song have in common: their names and their ids, if they have any."""
    parsed = row.parsed
    names = (parsed.artist.turned or parsed.artist.full, parsed.title.full, parsed.album) if parsed.named else ()
    ids = [f"{each.kind} {each.value}" for each in sorted(row.given.identifiers)]
    parts = "\0".join([*(forms_of(name).folded or name for name in names), *ids])
    return hashlib.blake2b(parts.encode("utf-8", "replace"), digest_size=8).digest()


def _round(ask: Ask, rows: list[_Row], request: _Request) -> list[_Row]:
    """Return the rows with the matches of one kind of request; where it has more than it lists, more is asked for."""
    if not rows:
        return []
    classified = _classify(rows, ask(*(request.body(row, request.few) for row in rows)), request.few)
    for number, row in enumerate(classified):
        if not row.exact:
            size = request.many if row.matches else request.more
            (classified[number],) = _classify([rows[number]], ask(request.body(rows[number], size)), size)
    return classified


def _classify(rows: list[_Row], answers: list[Json], size: int) -> list[_Row]:
    """Return the rows with the matches among their candidates; not `exact` where there are more candidates."""
    classified = []
    for row, answer in zip(rows, answers, strict=True):
        candidates = map(parse_candidate, answer["hits"]["hits"])
        matches = [match for each in candidates if (match := classify(row.given, row.parsed, each))]
        classified.append(replace(row, matches=tuple(matches), exact=total_of(answer) <= size))
    return classified
