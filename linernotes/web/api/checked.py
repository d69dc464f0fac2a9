"""The shapes of a catalogue check, for answers and the OpenAPI document."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from linernotes.web.api.models import Count, Percent, Shape
from linernotes.web.checks import keeping, upload
from linernotes.web.checks.job import CheckState, Job


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
        "expires": datetime.fromtimestamp(job.ended + keeping.KEEP_S, UTC) if job.ended else None,
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
