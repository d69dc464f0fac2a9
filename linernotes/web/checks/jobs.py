"""One catalogue check in the background: its state, its answers on disk, its reports, and a preview for the page."""

import codecs
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import IO, Any

import orjson
from fastapi import Response

from linernotes import i18n
from linernotes.catalogue import csv_file, report, verify
from linernotes.catalogue.csv_file import Catalogue, shorten
from linernotes.catalogue.report import Spool
from linernotes.catalogue.run import SHOWN, Check, Provenance
from linernotes.catalogue.verify import Change, GenerationChange, Report, change_of, generation_changes
from linernotes.catalogue.workbook import Bounds
from linernotes.i18n import N_
from linernotes.web.errors import BusyError, NotReadyError, public_sentences
from linernotes.web.services.response_cache import NO_STORE
from linernotes.web.services.streaming import Download, DownloadSlots, StreamedDownload, attachment, slug
from mappings.cards import is_synthetic
from mappings.errors import InputError, LinernotesError
from mappings.track import ARTISTS, DATASET, REVISION, TITLE
from queries import Searcher, catalogue
from queries.catalogue import CatalogueMatch, RowResult, Verdict

log = logging.getLogger(__name__)

MAX_ANSWERS = 200_000_000
"""Bytes of answers on disk. A hundred thousand usual rows have 60 MB; a row that matches everything has 30 kB."""


ROWS_AT_ONCE = 25
"""Rows in a request to Elasticsearch: it takes some 80 ms, and then a visitor's search is let go first."""

REQUEST_S = 120.0
"""What Elasticsearch has for a request: its rows are searched for one after the other, and nobody waits."""

ANSWER_BYTES = 700
"""Bytes of the answer to a usual row, which are reserved for each."""

WORKBOOK_S, WORKBOOK_BYTES = 30, 500_000_000
"""CPU and memory that reading a workbook may take, in a process of its own: a hundred thousand rows need 10 s."""


class CheckState(StrEnum):
    """State of a job; a queued one is running too."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ReportFormat(StrEnum):
    """Format of a report."""

    HTML = "html"
    CSV = "csv"
    XLSX = "xlsx"
    NDJSON = "ndjson"


REPORT_TYPES: Mapping[ReportFormat, str] = {
    ReportFormat.HTML: "text/html; charset=utf-8",
    ReportFormat.CSV: "text/csv; charset=utf-8",
    ReportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ReportFormat.NDJSON: "application/x-ndjson",
}


class StoppedError(Exception):
    """The job was deleted."""


@dataclass
class Changes:
    """What a report's rows give now that is different: their number, the first of them, and changed generations."""

    generations: Sequence[GenerationChange]
    rows: int = 0
    first: list[Change] = field(default_factory=list)

    def add(self, change: Change | None) -> None:
        """Count what became of a row."""
        if change:
            self.rows += 1
            if len(self.first) < SHOWN:  # without ids, of which a report may have any number
                artist, title = shorten(change.artist), shorten(change.title)
                self.first.append(replace(change, artist=artist, title=title, added=(), removed=()))


@dataclass(frozen=True)
class Result:
    """The sums, the provenance, the first rows of each verdict, and whether the data changed during the check.

    `changes` are since the report that was sent instead of a catalogue.
    """

    summary: Mapping[str, Any]
    provenance: Provenance
    first: Mapping[str, list["Row"]]
    data_changed: bool
    changes: "Changes | None" = None


@dataclass
class Job:
    """A catalogue that is being checked, or was; `total` are its rows, `begun` and `ended` seconds since the epoch.

    `table` is what was read of it: `opened` closes that.
    All jobs share `requests`, to query by turns, and `give_way` to searches; `may_grow` says whether there is disk for
    more than is reserved.
    """

    id: str
    name: str
    total: int
    catalogue: Path
    table: Catalogue | Report = field(repr=False)
    opened: ExitStack = field(repr=False)
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
            if not isinstance(error, InputError):  # which may quote the catalogue
                log.warning("a check failed: %s", error)
            self._end(CheckState.FAILED, " ".join(public_sentences(error)))
        except OSError as error:
            log.warning("the answers of a check can't be stored: %s", error.strerror)
            self._end(CheckState.FAILED, f"The answers can't be stored: {error.strerror}.")
        except Exception:
            log.exception("a check failed")
            self._end(CheckState.FAILED, "The check failed because of an error on our side.")
        finally:
            self.opened.close()
            self.catalogue.unlink(missing_ok=True)

    def _check(self, get_searcher: Callable[[], Searcher]) -> Result:
        self._raise_if_stopped()
        searcher, table = replace(get_searcher(), background=True, seconds=REQUEST_S), self.table
        with self.answers.open("xb") as stream:
            check, spool = Check.of(table, searcher), Spool(stream)
            before: Iterator[Mapping[str, Any]] = iter(())
            changes: Changes | None = None
            if isinstance(table, Report):
                before = table.rows()
                changes = Changes(generation_changes(table, check.provenance.datasets))
            rows = table.catalogue_rows() if isinstance(table, Report) else table.rows()
            with closing(catalogue.check(self._ask(searcher), rows)) as answers:
                for answer in answers:
                    self._raise_if_stopped()
                    if changes:
                        changes.add(change_of(table.name, next(before), answer))
                    line = orjson.dumps(answer.as_json())
                    self.answer_bytes += len(line)
                    if self.answer_bytes > self.total * ANSWER_BYTES and not self.may_grow():
                        raise BusyError("There is no room for the results.", "Send the catalogue again later.")
                    if self.answer_bytes > MAX_ANSWERS:
                        raise InputError(
                            f"The results are larger than {MAX_ANSWERS // 1_000_000} MB.",
                            "Split the catalogue.",
                        )
                    spool.add(line)
                    check.add(answer)
                    self.done += 1
        changed = check.generations_changed(searcher)
        return Result(check.summary(), check.provenance, preview(check.first), changed, changes)

    def _ask(self, searcher: Searcher) -> Callable[..., list[dict[str, Any]]]:
        def ask(*bodies: dict[str, Any]) -> list[dict[str, Any]]:
            answers = list[dict[str, Any]]()
            for start in range(0, len(bodies), ROWS_AT_ONCE):
                with self._turn, self.requests:  # of one job one request waits, so all have as many turns
                    self.give_way()
                    self._raise_if_stopped()
                    answers += searcher.ask(*bodies[start : start + ROWS_AT_ONCE])
            return answers

        return ask

    def _raise_if_stopped(self) -> None:
        if self.stopped.is_set():
            raise StoppedError

    def _end(self, state: CheckState, problem: str | None = None, result: Result | None = None) -> None:
        # The state comes last: who sees it sees all of it.
        self.problem, self.result, self.ended = problem, result, time.time()
        self.state = state


class _SpoolUntil(Spool):
    """Rows that end with an error once nobody waits for them any more."""

    def __init__(self, stop: threading.Event, stream: IO[bytes]) -> None:
        super().__init__(stream)
        self._stop = stop

    def lines(self) -> Iterator[str]:
        """Yield the JSON of each row; raises CancelledError once the event is set."""
        for line in super().lines():
            if self._stop.is_set():
                raise CancelledError
            yield line


@contextmanager
def open_upload(path: Path, name: str, max_rows: int) -> Iterator[Catalogue | Report]:
    """Give a catalogue, or a report that is to be checked again. Raises InputError for what is neither."""
    bounds = Bounds(max_rows, WORKBOOK_S, WORKBOOK_BYTES)
    opened = verify.open_report(path, name) if verify.is_report(path) else csv_file.open_catalogue(path, name, bounds)
    with opened as table:
        yield table


def report_response(
    job: Job,
    report_format: ReportFormat,
    slots: DownloadSlots,
    *,
    byte_order_mark: bool = False,
    language: str = i18n.ENGLISH,
) -> Response:
    """Return a job's report as a download; raises NotReadyError where there is none.

    A `byte_order_mark` begins a CSV for people: without it a spreadsheet would read it as Windows-1252.
    """
    if job.result is None:
        if job.state is CheckState.FAILED:
            raise NotReadyError(N_("The check failed, so it has no report."), N_("Send the catalogue again."))
        raise NotReadyError(N_("The check isn't finished yet."), N_("Please try again in a few seconds."))
    result = job.result
    name = attachment(f"linernotes-check-{slug(job.name.rpartition('.')[0])}", report_format)
    headers = {"content-type": REPORT_TYPES[report_format], "content-disposition": name, **NO_STORE}

    @contextmanager
    def open_report(stop: threading.Event, headers_only: bool) -> Iterator[Download]:
        if headers_only:
            yield Download(headers, ())
            return
        with job.answers.open("rb") as answers, i18n.use(language):  # in the thread that generates all of it
            pieces = report.FORMATS[f".{report_format}"](_SpoolUntil(stop, answers), result.summary, result.provenance)
            if byte_order_mark and report_format is ReportFormat.CSV:
                pieces = chain((codecs.BOM_UTF8,), pieces)
            yield Download(headers, pieces)

    return StreamedDownload(slots, open_report)


MAX_MATCHES = 4
"""Matches of a row in the preview, of as many data sets as there are; the report lists more."""


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
