"""One catalogue check in the background: its state, its answers on disk, its reports, and a preview for the page."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import orjson
from fastapi import Response

from linernotes.catalogue import csv_file, report
from linernotes.catalogue.report import Spool
from linernotes.catalogue.run import Check, Provenance
from linernotes.web.errors import NotReadyError
from linernotes.web.services.response_cache import NO_STORE
from linernotes.web.services.streaming import Download, DownloadSlots, StreamedDownload, attachment, slug
from mappings.cards import is_synthetic
from mappings.errors import InputError, LinernotesError, UnreachableError
from mappings.track import ARTISTS, DATASET, REVISION, TITLE
from queries import Searcher, catalogue
from queries.catalogue import CatalogueMatch, RowResult, Verdict

log = logging.getLogger(__name__)

MAX_ANSWERS = 200_000_000
"""Bytes of answers on disk. A hundred thousand usual rows have 60 MB; a row that matches everything has 30 kB."""


REQUEST_S = 120.0
"""What Elasticsearch has for a request: its hundred rows are searched for one after the other, and nobody waits."""

ANSWER_BYTES = 700
"""Bytes of the answer to a usual row, which are reserved for each."""


class CheckState(StrEnum):
    """State of a job; a queued one is running too."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ReportFormat(StrEnum):
    """Format of a report."""

    HTML = "html"
    CSV = "csv"
    NDJSON = "ndjson"


REPORT_TYPES: Mapping[ReportFormat, str] = {
    ReportFormat.HTML: "text/html; charset=utf-8",
    ReportFormat.CSV: "text/csv; charset=utf-8",
    ReportFormat.NDJSON: "application/x-ndjson",
}


class StoppedError(Exception):
    """The job was deleted."""


@dataclass(frozen=True)
class Result:
    """The sums, the provenance, the first rows of each verdict, and whether the data changed during the check."""

    summary: Mapping[str, Any]
    provenance: Provenance
    first: Mapping[str, list["Row"]]
    data_changed: bool


@dataclass
class Job:
    """A catalogue that is being checked, or was; `total` are its rows, `begun` and `ended` seconds since the epoch.

    All jobs share `requests`, to query by turns, and `give_way` to searches; `may_grow` says whether there is disk for
    more than is reserved.
    """

    id: str
    name: str
    total: int
    catalogue: Path
    client: str | None = None
    upload_bytes: int = 0
    requests: threading.Semaphore = field(default_factory=threading.Semaphore, repr=False)
    give_way: Callable[[], None] = field(default=lambda: None, repr=False)
    may_grow: Callable[[], bool] = field(default=lambda: True, repr=False)
    answer_bytes: int = 0
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)
    state: CheckState = CheckState.RUNNING
    done: int = 0
    problem: str | None = None
    result: Result | None = None
    begun: float = field(default_factory=time.time)
    ended: float | None = None
    stopped: threading.Event = field(default_factory=threading.Event, repr=False)

    @property
    def answers(self) -> Path:
        """Return the path of the answers."""
        return self.catalogue.with_name("answers.ndjson")

    @property
    def disk_bytes(self) -> int:
        """Return how much disk it takes, or may soon take."""
        if self.state is not CheckState.RUNNING:
            return self.answer_bytes
        return self.upload_bytes + max(self.answer_bytes, self.total * ANSWER_BYTES)

    @property
    def age_s(self) -> float:
        """Return how long ago it was begun."""
        return time.time() - self.begun

    def run(self, get_searcher: Callable[[], Searcher]) -> None:
        """Check all rows. Whatever goes wrong becomes the job's problem; the catalogue is deleted in any case."""
        try:
            self._end(CheckState.DONE, result=self._check(get_searcher))
        except StoppedError:
            self._end(CheckState.FAILED, "The check was stopped.")
        except LinernotesError as error:
            self._end(CheckState.FAILED, str(error))
        except OSError as error:
            log.warning("the answers of a check can't be stored: %s", error.strerror)
            self._end(CheckState.FAILED, f"The answers can't be stored: {error.strerror}.")
        except Exception:
            log.exception("a check failed")
            self._end(CheckState.FAILED, "The check failed because of an error on our side.")
        finally:
            self.catalogue.unlink(missing_ok=True)

    def _check(self, get_searcher: Callable[[], Searcher]) -> Result:
        self._raise_if_stopped()
        searcher = replace(get_searcher(), background=True, seconds=REQUEST_S)
        with csv_file.open_catalogue(self.catalogue, self.name) as table, self.answers.open("xb") as stream:
            check, spool = Check.of(table, searcher), Spool(stream)
            with closing(catalogue.check(self._ask(searcher), table.rows())) as answers:
                for answer in answers:
                    self._raise_if_stopped()
                    line = orjson.dumps(answer.as_json())
                    self.answer_bytes += len(line)
                    if self.answer_bytes > self.total * ANSWER_BYTES and not self.may_grow():
                        raise UnreachableError("There is no room for the results.", "Send the catalogue again later.")
                    if self.answer_bytes > MAX_ANSWERS:
                        raise InputError(
                            f"The results are larger than {MAX_ANSWERS // 1_000_000} MB.",
                            "Split the catalogue, or use the command line: linernotes check",
                        )
                    spool.add(line)
                    check.add(answer)
                    self.done += 1
        return Result(check.summary(), check.provenance, preview(check.first), check.generations_changed(searcher))

    def _ask(self, searcher: Searcher) -> Callable[..., list[dict[str, Any]]]:
        def ask(*bodies: dict[str, Any]) -> list[dict[str, Any]]:
            with self._turn, self.requests:  # of one job one request waits, so all have as many turns
                self.give_way()
                self._raise_if_stopped()
                return searcher.ask(*bodies)

        return ask

    def _raise_if_stopped(self) -> None:
        if self.stopped.is_set():
            raise StoppedError

    def _end(self, state: CheckState, problem: str | None = None, result: Result | None = None) -> None:
        # The state comes last: who sees it sees all of it.
        self.problem, self.result, self.ended = problem, result, time.time()
        self.state = state


def report_response(job: Job, report_format: ReportFormat, slots: DownloadSlots) -> Response:
    """Return a job's report as a download; raises NotReadyError where there is none."""
    if job.result is None:
        if job.state is CheckState.FAILED:
            raise NotReadyError("The check failed, so it has no report.", "Send the catalogue again.")
        raise NotReadyError("The check isn't finished yet.", "Please try again in a few seconds.")
    result = job.result
    name = attachment(f"linernotes-check-{slug(job.name.rpartition('.')[0])}", report_format)
    headers = {"content-type": REPORT_TYPES[report_format], "content-disposition": name, **NO_STORE}

    @contextmanager
    def open_report(_stop: threading.Event, headers_only: bool) -> Iterator[Download]:
        if headers_only:
            yield Download(headers, ())
            return
        with job.answers.open("rb") as answers:
            pieces = report.FORMATS[f".{report_format}"](Spool(answers), result.summary, result.provenance)
            yield Download(headers, pieces)

    return StreamedDownload(slots, open_report)


MAX_MATCHES = 4
"""Matches of a row in the preview, of as many data sets as there are; the report lists more."""

MAX_TEXT = 200
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
    """A row of the catalogue in the preview; `matches_omitted` more are in the report."""

    row: int
    artist: str
    title: str
    reason: str
    matches: tuple[Match, ...]
    matches_omitted: int


def preview(first: Mapping[Verdict, list[RowResult]]) -> dict[str, list[Row]]:
    """Return the first rows of each verdict that has some, short enough to be kept in memory."""
    return {verdict.value: [_row(each) for each in some] for verdict, some in first.items() if some}


def _row(answer: RowResult) -> Row:
    row, listed = answer.row, _listed(answer.matches)
    ids = ", ".join(f"{each.kind} {each.value}" for each in row.identifiers)
    artist, title = (row.artist, row.title) if row.artist or row.title else ("", ids)
    omitted = sum(answer.tracks.values()) - len(listed)
    return Row(row.number, shorten(artist), shorten(title), shorten(answer.reason), tuple(map(_match, listed)), omitted)


def _listed(matches: Sequence[CatalogueMatch]) -> list[CatalogueMatch]:
    """Return the surest of each data set, then others, surest first."""
    first: dict[str, CatalogueMatch] = {}
    for match in matches:
        first.setdefault(match.track[DATASET], match)
    rest = [match for match in matches if match not in first.values()]
    return sorted([*first.values(), *rest][:MAX_MATCHES], key=lambda match: match.order)


def _match(match: CatalogueMatch) -> Match:
    track = match.track
    artists = shorten(", ".join(track.get(ARTISTS) or ()))
    synthetic = is_synthetic(track.get(REVISION))
    title = shorten(track.get(TITLE) or "")
    return Match(match.id, track[DATASET], artists, title, shorten(match.reason), synthetic)


def shorten(text: str) -> str:
    """Return a text, shortened if it is very long.

    >>> len(shorten("la" * 5_000))
    200
    """
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"
