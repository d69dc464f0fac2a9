"""Asks for a catalogue, a hundred rows at a time: the module of this folder that talks to the network."""

import hashlib
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, TypeVar

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from mappings.errors import UnreachableError
from queries.catalogue import agreement, answer, bodies, spelled, verdict
from queries.catalogue.answer import RowAnswer
from queries.catalogue.question import Parsed, Question
from queries.catalogue.spelled import Names
from queries.catalogue.verdict import CatalogueMatch, Verdict

Json = dict[str, Any]
Ask = Callable[..., list[Json]]
"""Takes request bodies, returns Elasticsearch's answers: `Searcher.ask`."""

Item = TypeVar("Item")

BATCH = 100
"""Rows in a request."""

IN_FLIGHT = 3
"""Batches at a time: one is asked, one compared, one waits."""

_FOLLOW_UPS = 4
"""Requests for all candidates that go out at once; each answer may have megabytes."""


@dataclass(frozen=True)
class _Row:
    """A readable row with its names taken apart, and its matches so far."""

    asked: Question
    parsed: Parsed
    matches: tuple[CatalogueMatch, ...] = ()
    exact: bool = True


def check(ask: Ask, questions: Iterable[Question]) -> Generator[RowAnswer, None, None]:
    """Yield the answer to each row, in their order; memory holds a few batches, and 8 bytes for each row's names.

    Raises UnreachableError when Elasticsearch doesn't answer, after some patience.
    """
    earlier: dict[bytes, int] = {}
    waiting: deque[Future[list[tuple[RowAnswer, bytes]]]] = deque()
    with ThreadPoolExecutor(IN_FLIGHT) as threads:
        try:
            for batch in _batched(questions, BATCH):
                waiting.append(threads.submit(_answered, ask, batch))
                if len(waiting) >= IN_FLIGHT:
                    yield from _in_order(waiting.popleft().result(), earlier)
            while waiting:
                yield from _in_order(waiting.popleft().result(), earlier)
        finally:
            for future in waiting:
                future.cancel()


def _in_order(answers: list[tuple[RowAnswer, bytes]], earlier: dict[bytes, int]) -> Iterator[RowAnswer]:
    """Yield answers with those of repeated rows marked."""
    for each, key in answers:
        first = earlier.setdefault(key, each.asked.row) if key else each.asked.row
        yield each if first == each.asked.row else replace(each, duplicate_of=first)


def _answered(ask: Ask, batch: tuple[Question, ...]) -> list[tuple[RowAnswer, bytes]]:
    """Return the answers to a batch, each with a key of its song."""
    rows = [_Row(asked, asked.parsed) for asked in batch if not asked.unreadable]
    names = spelled.spell(name for row in rows for name in row.parsed.names)
    keys = {row.asked.row: _key(row, names) for row in rows}
    asker = _patient(ask)
    done = _round(asker, rows, names, _NEAR)
    rest = [row for row in done if not row.matches and row.parsed.named]
    further = {row.asked.row: row for row in _round(asker, rest, names, _WIDE)}
    final = {row.asked.row: further.get(row.asked.row, row) for row in done}
    return [(_answer(asked, final.get(asked.row)), keys.get(asked.row, b"")) for asked in batch]


def _answer(asked: Question, row: _Row | None) -> RowAnswer:
    if row is None:
        return RowAnswer(asked, Verdict.UNREADABLE, asked.unreadable)
    return answer.of_matches(asked, row.matches, exact=row.exact)


def _key(row: _Row, names: Names) -> bytes:
    """Return what two rows of one song have in common: their names and their ids, if they have any."""
    parsed = row.parsed
    called = (parsed.artist.names[0], parsed.title.whole, parsed.album) if parsed.named else ()
    ids = [f"{each.kind} {each.value}" for each in sorted(row.asked.identifiers)]
    told = "\0".join([*(names[name].folded or name for name in called), *ids])
    return hashlib.blake2b(told.encode("utf-8", "replace"), digest_size=8).digest()


@dataclass(frozen=True)
class _Request:
    """One kind of request, how many candidates it lists at first, and how many when there are more."""

    body: Callable[[_Row, Names, int], Json]
    first: int
    most: int


_NEAR = _Request(lambda row, names, size: bodies.near(row.asked, row.parsed, names, size), bodies.FIRST, bodies.MOST)
_WIDE = _Request(lambda row, names, size: bodies.wide(row.parsed, names, size), bodies.WIDE_FIRST, bodies.WIDE_MOST)


def _round(ask: Ask, rows: list[_Row], names: Names, request: _Request) -> list[_Row]:
    """Return the rows with what one kind of request finds; where there is more than it lists, more is asked for."""
    if not rows:
        return []
    judged = _judged(rows, ask(*(request.body(row, names, request.first) for row in rows)), names, request.first)
    short = [number for number, row in enumerate(judged) if not row.exact]
    for some in _batched(short, _FOLLOW_UPS):
        again = [rows[number] for number in some]
        more = ask(*(request.body(row, names, request.most) for row in again))
        for number, row in zip(some, _judged(again, more, names, request.most), strict=True):
            judged[number] = row
    return judged


def _judged(rows: list[_Row], found: list[Json], names: Names, size: int) -> list[_Row]:
    """Return the rows with the matches among their candidates; not `exact` where there are more candidates."""
    candidates = [[agreement.candidate(hit) for hit in each["hits"]["hits"]] for each in found]
    known = {
        **names,
        **spelled.spell({name for some in candidates for each in some for name in each.names} - set(names)),
    }
    judged = []
    for row, some, each in zip(rows, candidates, found, strict=True):
        matches = [match for one in some if (match := verdict.judge(row.asked, row.parsed, one, known))]
        exact = int(each["hits"]["total"]["value"]) <= size
        judged.append(replace(row, matches=tuple(matches), exact=exact))
    return judged


def _batched(items: Iterable[Item], size: int) -> Iterator[tuple[Item, ...]]:
    """Yield the items in tuples of this size; `itertools.batched` comes with Python 3.12."""
    left = iter(items)
    while batch := tuple(islice(left, size)):
        yield batch


def _patient(ask: Ask) -> Ask:
    """Return the same, asking three times: a catalogue of an hour should survive a pause of seconds."""

    def patiently(*asked: Json) -> list[Json]:
        retrying = Retrying(
            retry=retry_if_exception_type(UnreachableError),
            stop=stop_after_attempt(3),
            wait=wait_exponential(multiplier=0.5, max=5),
            reraise=True,
        )
        return retrying(ask, *asked)

    return patiently
