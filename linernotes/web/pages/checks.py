"""The catalogue check: a form, how far a check is, and what came out; and the export, which has no page."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse

from linernotes.catalogue.report import shares
from linernotes.web import query_params
from linernotes.web.api.checks import NOT_KEPT, ReportKind, streamed
from linernotes.web.api.export import export
from linernotes.web.checks import upload
from linernotes.web.checks.job import CheckState, Job
from linernotes.web.checks.store import KEEP_S, Kept
from linernotes.web.checks.upload import FIELD
from linernotes.web.pages import labels, links, rendering
from linernotes.web.services.service import Shared
from queries.catalogue import SYNONYMS, Verdict

router = APIRouter()

EXAMPLE = "\ufeff" + "\r\n".join(
    (
        "artist,title,album,year,url",
        "Kurt Vile,Freeway,Constant Hitmaker,2008,",
        "Sigur Rós,Starálfur,Ágætis byrjun,1999,",
        '"Tyler, the Creator",See You Again,,2017,',
        ",,,,https://youtu.be/hTWKbfoikeg",
        "",
    )
)
"""With a byte order mark: without it a spreadsheet would take the accents for Windows-1252."""

COLUMNS = {
    "artist": "who made it; with title needed, unless there are addresses or ids",
    "title": "of the song",
    "album": "tells songs of one name apart",
    "year": "of the release; tells versions apart",
    "url": "of the track at YouTube, Spotify, the Free Music Archive or Genius",
    "youtube": "id or address there; so also spotify, fma and genius",
}
"""Column to what it is for."""

VERDICTS = {
    Verdict.FOUND: "an identifier, or artist and title, are the same but for the way of writing",
    Verdict.LIKELY: "nearly the same: another version, a letter off, or credited otherwise; have a look",
    Verdict.NOT_FOUND: "no track of the loaded data sets has this artist and title",
    Verdict.UNREADABLE: "the row couldn’t be asked for",
}
"""Verdict to what it means."""

FIRST_LOOK_S, LATER_LOOK_S = 2, 10
"""When a page without a script is loaded again: soon, and less often once a check takes long."""
SOON_S = 60

JobId = Annotated[str, Path()]


@router.get("/check")
async def form(request: Request, service: Shared) -> Response:
    """Show the form."""
    return rendering.page(
        request,
        "check.html.jinja",
        title="Check a catalogue",
        headers=dict(upload.ORIGIN_TOLD),
        field=FIELD,
        columns={name: (meant, ", ".join(SYNONYMS[name][1:5])) for name, meant in COLUMNS.items()},
        megabytes=service.options.upload_bytes // 1_000_000,
        rows=service.options.upload_rows,
        minutes=round(KEEP_S / 60),
    )


@router.get("/check/example.csv")
async def example() -> Response:
    """Give a small catalogue to begin with."""
    headers = {"content-disposition": query_params.attachment("catalogue-example", "csv")}
    return Response(EXAMPLE, headers=headers, media_type="text/csv")


@router.post("/check")
async def send(request: Request, service: Shared, checks: Kept) -> Response:
    """Take a catalogue, and go on to the page of its check."""
    job = await checks.begin(request, service)
    return RedirectResponse(f"/check/{job.id}", 303, NOT_KEPT)


@router.get("/check/{job_id}")
async def look(request: Request, job_id: JobId, checks: Kept) -> Response:
    """Show how far a check is, or what came out."""
    job = checks.get(job_id)
    summary = job.result.summary if job.result else {}
    return rendering.page(
        request,
        "check_job.html.jinja",
        title=f"{_TITLES[job.state]}: {job.name}",
        headers={**NOT_KEPT, **upload.ORIGIN_TOLD},
        job=job,
        summary=summary,
        result=job.result,
        shares=shares(summary) if summary else [],
        verdicts=VERDICTS,
        reload=_reload(job),
        kinds=ReportKind,
        datasets=labels.VALUES["dataset"],
        track=links.track,
    )


_TITLES = {CheckState.RUNNING: "Checking", CheckState.DONE: "Checked", CheckState.FAILED: "Not checked"}


def _reload(job: Job) -> int:
    return FIRST_LOOK_S if job.seconds < SOON_S else LATER_LOOK_S


@router.get("/check/{job_id}/report.{kind}")
async def report(job_id: JobId, kind: ReportKind, checks: Kept) -> Response:
    """Give the report as a file."""
    return streamed(checks.get(job_id), kind, checks)


@router.post("/check/{job_id}/delete")
async def delete(request: Request, job_id: JobId, checks: Kept) -> Response:
    """Delete a check, and go back to the form."""
    checks.delete(request, job_id)
    return RedirectResponse("/check", 303, NOT_KEPT)


router.add_api_route("/export", export, methods=["GET"])
