"""`/checks`: a whole catalogue is sent, checked in the background, and its report fetched."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Request, Response

from linernotes.web import naming
from linernotes.web.api import checked, documented
from linernotes.web.checks.job import Job
from linernotes.web.checks.keeping import Kept
from linernotes.web.service import Shared
from linernotes.web.streamed import Content, Streamed

router = APIRouter(tags=["catalogue check"])

CheckId = Annotated[str, Path(description="The id that `POST /checks` gave.", examples=[checked.EXAMPLE["id"]])]
NOT_KEPT = {"cache-control": "no-store"}


def _told(status: int, example: Mapping[str, Any], description: str) -> documented.Responses:
    content = {"application/json": {"example": dict(example)}}
    return {status: {"model": checked.Check, "description": description, "content": content}}


@router.post(
    "/checks",
    operation_id="begin_check",
    status_code=202,
    openapi_extra={"requestBody": checked.BODY},
    responses=_told(202, checked.BEGUN, "It has begun; `Location` is where to ask for it.")
    | documented.problems(403, 415),
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
    responses=_told(200, checked.EXAMPLE, "How far it is, and its sums.") | documented.problems(404),
)
async def look(check_id: CheckId, checks: Kept) -> Response:
    """Ask how far a check is, and for its sums when it is done."""
    return _answer(checks.get(check_id))


@router.get(
    "/checks/{check_id}/report.{kind}",
    operation_id="check_report",
    responses={
        200: {"description": "The report, to be kept.", "content": checked.REPORTS},
        **documented.problems(404, 409),
    },
)
async def report(check_id: CheckId, kind: checked.ReportKind, checks: Kept) -> Response:
    """Fetch the report of a check: for people (html), spreadsheets (csv, formulas defused) or programs (ndjson)."""
    return streamed(checks.get(check_id), kind, checks)


@router.delete(
    "/checks/{check_id}",
    operation_id="delete_check",
    status_code=204,
    responses={
        204: {"description": "It has been stopped, and nothing is left of it."},
        **documented.problems(403, 404),
    },
)
async def delete(request: Request, check_id: CheckId, checks: Kept) -> Response:
    """Stop a check, and delete what there is of it."""
    checks.delete(request, check_id)
    return Response(status_code=204, headers=NOT_KEPT)


def streamed(job: Job, kind: checked.ReportKind, checks: Kept) -> Response:
    """Return a job's report as a download; raises NotYetError where there is none."""
    write = job.writer(f".{kind}")
    name = naming.attachment(f"linernotes-check-{naming.plain(job.name.rpartition('.')[0])}", kind)
    headers = {"content-type": checked.MEDIA_TYPES[kind], "content-disposition": name, **NOT_KEPT}

    @contextmanager
    def content(_gone: threading.Event) -> Iterator[Content]:
        yield Content(headers, write)

    return Streamed(checks.streams, content)


def _answer(job: Job, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    body = orjson.dumps(checked.of(job))
    return Response(body, status, {**NOT_KEPT, **(headers or {})}, media_type="application/json")
