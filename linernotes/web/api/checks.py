"""Catalogue checks: a file is sent with `POST /checks`, then looked up until it is done, then fetched as a report."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import Field

from linernotes.web.api import openapi
from linernotes.web.api.openapi import PREFIX
from linernotes.web.api.schemas import Count, Percent, Shape
from linernotes.web.checks import store, upload
from linernotes.web.checks.jobs import REPORT_TYPES, CheckState, Job, ReportFormat, report_response
from linernotes.web.checks.store import CheckStoreDep
from linernotes.web.config import Options
from linernotes.web.middleware.security_headers import check_same_site
from linernotes.web.search_params import NO_PARAMS
from linernotes.web.services.app_state import KNOW_CARDS, AppStateDep
from linernotes.web.services.response_cache import NO_STORE

router = APIRouter(prefix=PREFIX, tags=["catalogue check"], dependencies=[NO_PARAMS, KNOW_CARDS])


class CheckByDataset(Shape):
    """The songs of a catalogue that are in one data set."""

    found: Count
    likely: Count
    tracks: Annotated[Count, Field(description="All matching tracks.")]
    coverage_percent: Percent


class CheckSummary(Shape):
    """Totals of a catalogue. A row that repeats an earlier one counts in the first five, but in no percentage."""

    rows: Count
    found: Count
    likely: Count
    not_found: Count
    unreadable: Count
    coverage_percent: Annotated[Percent, Field(description="Share of the songs that are found or likely.")]
    by_dataset: dict[str, CheckByDataset]
    found_percent: Percent
    duplicates: Count
    songs: Annotated[Count, Field(description="Readable rows, each song counted once.")]
    exact: Annotated[bool, Field(description="False if some row has more candidates than could be compared.")]


class Check(Shape):
    """A catalogue check, running or done."""

    id: str
    state: CheckState
    name: Annotated[str, Field(description="The file's name, shortened.")]
    done: Annotated[Count, Field(description="Rows that have been checked.")]
    rows: Annotated[Count, Field(description="Rows of the catalogue.")]
    problem: Annotated[str | None, Field(description="Why it failed, in one sentence.")]
    summary: Annotated[CheckSummary | None, Field(description="Totals, once it is done.")]
    data_changed: Annotated[bool, Field(description="A data set was reloaded during the check: run it again.")]
    expires: Annotated[datetime | None, Field(description="When everything is deleted; null while it runs.")]
    reports: Annotated[dict[ReportFormat, str], Field(description="Addresses of the reports, once it is done.")]


_SUMMARY: dict[str, Any] = {
    "rows": 7, "found": 3, "likely": 1, "not_found": 2, "unreadable": 1, "coverage_percent": 60.0,
    "by_dataset": {"free-music-archive": {"found": 2, "likely": 1, "tracks": 3, "coverage_percent": 60.0}},
    "found_percent": 40.0, "duplicates": 1, "songs": 5, "exact": True,
}  # fmt: skip
_ID = "Jq0r6Xw1bZk3o8n2T5vYc7dLmA4eRfGs"
EXAMPLE: Mapping[str, Any] = {
    "id": _ID, "state": "done", "name": "my songs.csv", "done": 7, "rows": 7, "problem": None, "summary": _SUMMARY,
    "data_changed": False, "expires": "2026-11-21T13:00:00+00:00",
    "reports": {each.value: f"{PREFIX}/checks/{_ID}/report.{each}" for each in ReportFormat},
}  # fmt: skip
_BEGUN = {**EXAMPLE, "state": "running", "done": 0, "summary": None, "expires": None, "reports": {}}


def check_json(job: Job, options: Options) -> dict[str, Any]:
    """Return a job in the shape of `Check`."""
    result = job.result
    reports = {each.value: options.link(f"{PREFIX}/checks/{job.id}/report.{each}") for each in ReportFormat}
    return {
        "id": job.id,
        "state": job.state,
        "name": job.name,
        "done": job.done,
        "rows": job.total,
        "problem": job.problem,
        "summary": result.summary if result else None,
        "data_changed": result.data_changed if result else False,
        "expires": datetime.fromtimestamp(job.ended + store.KEEP_S, UTC) if job.ended else None,
        "reports": reports if result else {},
    }


_FILE = {"type": "string", "contentMediaType": "text/csv", "description": "CSV with a header: artist and title."}
_LINES = {"type": "string", "description": 'In each line an object: {"artist": "Kurt Vile", "title": "Freeway"}'}
_FORM = {
    "type": "object",
    "required": [upload.FIELD],
    "properties": {upload.FIELD: {**_FILE, "format": "binary"}},
}
_BODY = {
    "required": True,
    "content": {
        upload.FORM_TYPE: {"schema": _FORM},
        "text/csv": {"schema": _FILE, "example": "artist,title\nKurt Vile,Freeway\n"},
        "application/x-ndjson": {"schema": _LINES},
    },
}
_REPORTS = {media_type.partition(";")[0]: {"schema": {"type": "string"}} for media_type in REPORT_TYPES.values()}

CheckId = Annotated[str, Path(description="The id that `POST /checks` returned.", examples=[EXAMPLE["id"]])]


def _answers(status: int, example: Mapping[str, Any], description: str) -> openapi.Responses:
    content = {"application/json": {"example": dict(example)}}
    return {status: {"model": Check, "description": description, "content": content}}


@router.post(
    "/checks",
    operation_id="begin_check",
    status_code=202,
    dependencies=[Depends(check_same_site)],
    openapi_extra={"requestBody": _BODY},
    responses={
        **_answers(202, _BEGUN, "The check has begun; `Location` is its address."),
        **openapi.problems(403, 408, 415),
    },
)
async def begin(request: Request, state: AppStateDep, checks: CheckStoreDep) -> Response:
    """Upload a catalogue and check it in the background.

    It is a CSV or a workbook (.xlsx) with the columns artist and title and, optionally, album, year and url, or ids of
    YouTube, Spotify, FMA and Genius; or NDJSON with objects that have these properties; or an HTML or NDJSON report,
    which is checked again. The file is deleted as soon as it has been checked, the results after an hour.
    """
    job = await checks.begin(request, state)
    return _respond(job, state.options, 202, {"location": state.options.link(f"{PREFIX}/checks/{job.id}")})


@router.get(
    "/checks/{check_id}",
    operation_id="check",
    responses=_answers(200, EXAMPLE, "Progress and totals of the check.") | openapi.problems(404),
)
async def check(check_id: CheckId, state: AppStateDep, checks: CheckStoreDep) -> Response:
    """Return the progress of a check, and its totals once it is done."""
    return _respond(checks.get(check_id), state.options)


@router.get(
    "/checks/{check_id}/report.{kind}",
    operation_id="check_report",
    responses={200: {"description": "The report, as a file.", "content": _REPORTS}, **openapi.problems(404, 409)},
)
async def report(check_id: CheckId, kind: ReportFormat, checks: CheckStoreDep) -> Response:
    """Download the report of a check: html to read, csv for spreadsheets (formulas made harmless), or ndjson."""
    return report_response(checks.get(check_id), kind, checks.downloads)


@router.delete(
    "/checks/{check_id}",
    operation_id="delete_check",
    status_code=204,
    dependencies=[Depends(check_same_site)],
    responses={204: {"description": "The check is stopped and deleted."}, **openapi.problems(403, 404)},
)
async def delete(check_id: CheckId, checks: CheckStoreDep) -> Response:
    """Stop a check and delete everything about it."""
    checks.delete(check_id)
    return Response(status_code=204, headers=NO_STORE)


def _respond(job: Job, options: Options, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    body = orjson.dumps(check_json(job, options))
    return Response(body, status, {**NO_STORE, **(headers or {})}, media_type="application/json")
