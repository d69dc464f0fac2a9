"""The first rows of a check as the page shows them: short enough to be kept in memory, whatever a catalogue holds."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

import orjson

from linernotes.catalogue import csv_file, report
from linernotes.catalogue.report import Spool
from linernotes.catalogue.run import Check, Provenance
from linernotes.web.errors import NotYetError
from mappings.cards import is_synthetic
from mappings.errors import InputError, LinernotesError
from mappings.track import ARTISTS, DATASET, REVISION, TITLE
from queries import Searcher, catalogue
from queries.catalogue import CatalogueMatch, RowResult, Verdict

LISTED = 4
"""Matches of a row, of as many data sets as there are; the report lists more."""

LONGEST = 200
"""Characters of a name."""


@dataclass(frozen=True)
class Match:
    """A track that a row stands for, and why."""

    id: str
    dataset: str
    artists: str
    title: str
    reason: str
    synthetic: bool


@dataclass(frozen=True)
class Row:
    """A row of the catalogue; `more` matches aren't listed."""

    row: int
    artist: str
    title: str
    reason: str
    matches: tuple[Match, ...]
    more: int


def rows(first: Mapping[Verdict, list[RowResult]]) -> dict[str, list[Row]]:
    """Return the first rows of each verdict that has some."""
    return {verdict.value: [_row(each) for each in some] for verdict, some in first.items() if some}


def _row(answer: RowResult) -> Row:
    asked, listed = answer.row, _chosen(answer.matches)
    ids = ", ".join(f"{each.kind} {each.value}" for each in asked.identifiers)
    artist, title = (asked.artist, asked.title) if asked.artist or asked.title else ("", ids)
    more = sum(answer.tracks.values()) - len(listed)
    return Row(asked.number, cut(artist), cut(title), cut(answer.reason), tuple(map(_match, listed)), more)


def _chosen(matches: Sequence[CatalogueMatch]) -> list[CatalogueMatch]:
    """Return the surest of each data set, then others, surest first."""
    first: dict[str, CatalogueMatch] = {}
    for match in matches:
        first.setdefault(match.track[DATASET], match)
    rest = [match for match in matches if match not in first.values()]
    return sorted([*first.values(), *rest][:LISTED], key=lambda match: match.order)


def _match(match: CatalogueMatch) -> Match:
    track = match.track
    artists = cut(", ".join(track.get(ARTISTS) or ()))
    synthetic = is_synthetic(track.get(REVISION))
    title = cut(track.get(TITLE) or "")
    return Match(match.id, track[DATASET], artists, title, cut(match.reason), synthetic)


def cut(text: str) -> str:
    """Return a text, shortened if it is very long.

    >>> len(cut("la" * 5_000))
    200
    """
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


log = logging.getLogger(__name__)

MOST_ANSWERS = 200_000_000
"""Bytes of answers on disk. A hundred thousand usual rows have 60 MB; a row that matches everything has 30 kB."""


class CheckState(StrEnum):
    """Of a job; one that waits for its turn is running too."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class StoppedError(Exception):
    """Nobody wants the answers any more."""


@dataclass(frozen=True)
class Result:
    """What came out: the sums, what was asked, the first rows of each verdict, cut; whether a generation moved."""

    summary: Mapping[str, Any]
    told: Provenance
    first: Mapping[str, list[Row]]
    moved: bool


@dataclass
class Job:
    """A catalogue that is being checked, or was; `total` are its rows, `begun` and `ended` seconds since the epoch."""

    id: str
    name: str
    total: int
    table: Path
    state: CheckState = CheckState.RUNNING
    done: int = 0
    problem: str | None = None
    result: Result | None = None
    begun: float = field(default_factory=time.time)
    ended: float | None = None
    stopped: threading.Event = field(default_factory=threading.Event, repr=False)

    @property
    def answers(self) -> Path:
        """Return where the answers are kept."""
        return self.table.with_name("answers.ndjson")

    @property
    def seconds(self) -> float:
        """Return how long ago it was begun."""
        return time.time() - self.begun

    def run(self, source: Callable[[], Searcher]) -> None:
        """Ask for all rows. Whatever goes wrong becomes the job's sentence; the catalogue is deleted in any case."""
        try:
            self._end(CheckState.DONE, result=self._asked(source))
        except StoppedError:
            self._end(CheckState.FAILED, "The check was stopped.")
        except LinernotesError as problem:
            self._end(CheckState.FAILED, str(problem))
        except OSError as error:
            log.warning("a check can't be kept: %s", error.strerror)
            self._end(CheckState.FAILED, f"The answers can't be kept: {error.strerror}.")
        except Exception:
            log.exception("a check failed")
            self._end(CheckState.FAILED, "The check failed, and that is our fault.")
        finally:
            self.table.unlink(missing_ok=True)

    def writer(self, kind: str) -> Callable[[IO[bytes]], None]:
        """Return what writes the report of a kind (`.html`) into a stream; raises NotYetError without one."""
        if self.result is None:
            failed = self.state is CheckState.FAILED
            raise NotYetError(
                "The check failed, so it has no report." if failed else "The check isn't done yet.",
                "Send the catalogue again." if failed else "Ask again in a while.",
            )
        result = self.result

        def write(stream: IO[bytes]) -> None:
            with self.answers.open("rb") as kept:
                report.WRITERS[kind](stream, Spool(kept), result.summary, result.told)

        return write

    def _asked(self, source: Callable[[], Searcher]) -> Result:
        self._go_on()
        searcher = source()
        with csv_file.open_catalogue(self.table, self.name) as asked, self.answers.open("xb") as stream:
            check, kept, size = Check.of(asked, searcher), Spool(stream), 0
            with closing(catalogue.check(self._asker(searcher), asked.questions())) as answers:
                for answer in answers:
                    self._go_on()
                    line = orjson.dumps(answer.as_json())
                    size += len(line)
                    if size > MOST_ANSWERS:
                        raise InputError(
                            f"The answers have more than {MOST_ANSWERS // 1_000_000} MB.",
                            "Divide the catalogue, or use: linernotes check",
                        )
                    kept.add(line)
                    check.add(answer)
                    self.done += 1
        return Result(check.summary(), check.provenance, rows(check.first), check.generations_changed(searcher))

    def _asker(self, searcher: Searcher) -> Callable[..., list[dict[str, Any]]]:
        def ask(*bodies: dict[str, Any]) -> list[dict[str, Any]]:
            self._go_on()
            return searcher.ask(*bodies)

        return ask

    def _go_on(self) -> None:
        if self.stopped.is_set():
            raise StoppedError

    def _end(self, state: CheckState, problem: str | None = None, result: Result | None = None) -> None:
        # The state comes last: who sees it sees all of it.
        self.problem, self.result, self.ended = problem, result, time.time()
        self.state = state
