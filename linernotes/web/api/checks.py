"""The shapes of a catalogue check, for answers and the OpenAPI document."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Request, Response
from pydantic import Field

from linernotes.web import query_params
from linernotes.web.api import openapi
from linernotes.web.api.schemas import Count, Percent, Shape
from linernotes.web.checks import store, upload
from linernotes.web.checks.job import CheckState, Job
from linernotes.web.checks.store import Kept
from linernotes.web.services.service import Shared
from linernotes.web.services.streaming import Content, Streamed


class ReportKind(StrEnum):
    """Of a report."""

    HTML = "html"
    CSV = "csv"
    NDJSON = "ndjson"


MEDIA_TYPES: Mapping[ReportKind, str] = {
    ReportKind.HTML: "text/html; charset=utf-8",
    ReportKind.CSV: "text/csv; charset=utf-8",
    ReportKind.NDJSON: "application/x-ndjson",
}
REPORTS = {media_type.partition(";")[0]: {"schema": {"type": "string"}} for media_type in MEDIA_TYPES.values()}


class CheckByDataset(Shape):
    """The songs of a catalogue that one data set has."""

    found: Count
    likely: Count
    tracks: Annotated[Count, Field(description="All tracks that the songs were matched with.")]
    coverage_percent: Percent


class CheckSummary(Shape):
    """Sums over a catalogue. A row that repeats an earlier one counts in the first five, and in no percentage."""

    rows: Count
    found: Count
    likely: Count
    not_found: Count
    unreadable: Count
    coverage_percent: Annotated[Percent, Field(description="Found or likely, of the songs.")]
    by_dataset: dict[str, CheckByDataset]
    found_percent: Percent
    duplicates: Count
    songs: Annotated[Count, Field(description="Rows that can be read, each song once.")]
    exact: Annotated[bool, Field(description="False if some row had more candidates than could be read.")]


class Check(Shape):
    """A catalogue that is checked, or was."""

    id: str
    state: CheckState
    name: Annotated[str, Field(description="The file's name, shortened.")]
    done: Annotated[Count, Field(description="Rows that have been asked for.")]
    rows: Annotated[Count, Field(description="Rows of the catalogue.")]
    problem: Annotated[str | None, Field(description="Why it failed, in one sentence.")]
    summary: Annotated[CheckSummary | None, Field(description="Once it is done.")]
    moved: Annotated[bool, Field(description="A data set got another generation meanwhile: check again to be sure.")]
    expires: Annotated[datetime | None, Field(description="When all of it is deleted; null while it runs.")]
    reports: Annotated[dict[ReportKind, str], Field(description="Addresses of the report, once it is done.")]


_SUMMARY: dict[str, Any] = {
    "rows": 7, "found": 3, "likely": 1, "not_found": 2, "unreadable": 1, "coverage_percent": 60.0,
    "by_dataset": {"free-music-archive": {"found": 2, "likely": 1, "tracks": 3, "coverage_percent": 60.0}},
    "found_percent": 40.0, "duplicates": 1, "songs": 5, "exact": True,
}  # fmt: skip
_ID = "Jq0r6Xw1bZk3o8n2T5vYc7dLmA4eRfGs"
EXAMPLE: Mapping[str, Any] = {
    "id": _ID, "state": "done", "name": "my songs.csv", "done": 7, "rows": 7, "problem": None, "summary": _SUMMARY,
    "moved": False, "expires": "2026-11-21T13:00:00+00:00",
    "reports": {kind.value: f"/api/v1/checks/{_ID}/report.{kind.value}" for kind in ReportKind},
}  # fmt: skip
BEGUN = {**EXAMPLE, "state": "running", "done": 0, "summary": None, "expires": None, "reports": {}}


def of(job: Job) -> dict[str, Any]:
    """Return a job as `Check` has it."""
    result = job.result
    return {
        "id": job.id,
        "state": job.state,
        "name": job.name,
        "done": job.done,
        "rows": job.total,
        "problem": job.problem,
        "summary": result.summary if result else None,
        "moved": result.moved if result else False,
        "expires": datetime.fromtimestamp(job.ended + store.KEEP_S, UTC) if job.ended else None,
        "reports": {kind.value: f"/api/v1/checks/{job.id}/report.{kind.value}" for kind in ReportKind}
        if result
        else {},
    }


_FILE = {"type": "string", "contentMediaType": "text/csv", "description": "CSV with a header: artist and title."}
_EXAMPLE_CSV = "artist,title\nKurt Vile,Freeway\n"
BODY = {
    "required": True,
    "content": {
        upload.FORM: {
            "schema": {
                "type": "object",
                "required": [upload.FIELD],
                "properties": {upload.FIELD: {**_FILE, "format": "binary"}},
            }
        },
        "text/csv": {"schema": _FILE, "example": _EXAMPLE_CSV},
    },
}


router = APIRouter(tags=["catalogue check"])

CheckId = Annotated[str, Path(description="The id that `POST /checks` gave.", examples=[EXAMPLE["id"]])]
NOT_KEPT = {"cache-control": "no-store"}


def _told(status: int, example: Mapping[str, Any], description: str) -> openapi.Responses:
    content = {"application/json": {"example": dict(example)}}
    return {status: {"model": Check, "description": description, "content": content}}


@router.post(
    "/checks",
    operation_id="begin_check",
    status_code=202,
    openapi_extra={"requestBody": BODY},
    responses=_told(202, BEGUN, "It has begun; `Location` is where to ask for it.") | openapi.problems(403, 415),
)
async def begin(request: Request, service: Shared, checks: Kept) -> Response:
    """Send a catalogue and have it checked in the background.

    It is a CSV with the columns artist and title and, optional, album, year and url, or ids of YouTube, Spotify, FMA
    and Genius. The file is deleted as soon as it has been asked for, the answers after an hour.
    """
    job = await checks.begin(request, service)
    return _answer(job, 202, {"location": f"/api/v1/checks/{job.id}"})


@router.get(
    "/checks/{check_id}",
    operation_id="check",
    responses=_told(200, EXAMPLE, "How far it is, and its sums.") | openapi.problems(404),
)
async def look(check_id: CheckId, checks: Kept) -> Response:
    """Ask how far a check is, and for its sums when it is done."""
    return _answer(checks.get(check_id))


@router.get(
    "/checks/{check_id}/report.{kind}",
    operation_id="check_report",
    responses={
        200: {"description": "The report, to be kept.", "content": REPORTS},
        **openapi.problems(404, 409),
    },
)
async def report(check_id: CheckId, kind: ReportKind, checks: Kept) -> Response:
    """Fetch the report of a check: for people (html), spreadsheets (csv, formulas defused) or programs (ndjson)."""
    return streamed(checks.get(check_id), kind, checks)


@router.delete(
    "/checks/{check_id}",
    operation_id="delete_check",
    status_code=204,
    responses={
        204: {"description": "It has been stopped, and nothing is left of it."},
        **openapi.problems(403, 404),
    },
)
async def delete(request: Request, check_id: CheckId, checks: Kept) -> Response:
    """Stop a check, and delete what there is of it."""
    checks.delete(request, check_id)
    return Response(status_code=204, headers=NOT_KEPT)


def streamed(job: Job, kind: ReportKind, checks: Kept) -> Response:
    """Return a job's report as a download; raises NotYetError where there is none."""
    write = job.writer(f".{kind}")
    name = query_params.attachment(f"linernotes-check-{query_params.plain(job.name.rpartition('.')[0])}", kind)
    headers = {"content-type": MEDIA_TYPES[kind], "content-disposition": name, **NOT_KEPT}

    @contextmanager
    def content(_gone: threading.Event) -> Iterator[Content]:
        yield Content(headers, write)

    return Streamed(checks.streams, content)


def _answer(job: Job, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    body = orjson.dumps(of(job))
    return Response(body, status, {**NOT_KEPT, **(headers or {})}, media_type="application/json")
