"""Views of the catalogue check: the form with its columns and an example, and the progress or result of a check."""

from typing import Any

from linernotes.catalogue.report import shares
from linernotes.web.checks import upload
from linernotes.web.checks.jobs import CheckState, Job
from linernotes.web.checks.store import KEEP_S
from linernotes.web.config import Options
from linernotes.web.pages import labels, urls
from queries.catalogue import SYNONYMS, Verdict

EXAMPLE_CSV = "\ufeff" + "\r\n".join(
    (
        "artist,title,album,year,url",
        "Kurt Vile,Freeway,Constant Hitmaker,2008,",
        "Sigur Rós,Starálfur,Ágætis byrjun,1999,",
        '"Tyler, the Creator",See You Again,,2017,',
        ",,,,https://youtu.be/hTWKbfoikeg",
        "",
    )
)
"""With a byte order mark: without it a spreadsheet would read it as Windows-1252."""

COLUMNS = {
    "artist": "Name of the artist. Required with title, unless the row has a link or an id.",
    "title": "Title of the song.",
    "album": "Distinguishes songs of the same title.",
    "year": "Year of release. Distinguishes versions.",
    "url": "Link to the track on YouTube, Spotify, the Free Music Archive or Genius.",
    "youtube": "Id or link of the video. Likewise spotify, fma and genius.",
}
"""Column to its meaning."""

VERDICTS = {
    Verdict.FOUND: "An identifier matches, or artist and title do, apart from spelling variants.",
    Verdict.LIKELY: "Nearly the same: another version, a typo, or a different credit. Please check these.",
    Verdict.NOT_FOUND: "No track in the loaded data sets has this artist and title.",
    Verdict.UNREADABLE: "The row couldn’t be read.",
}
"""Verdict to its meaning."""

HEADINGS = {CheckState.RUNNING: "Checking", CheckState.DONE: "Checked", CheckState.FAILED: "Check failed"}

RELOAD_S, RELOAD_LATER_S, RELOAD_SOON_FOR_S = 2, 10, 60
"""How often a page without a script is reloaded: less often once a check takes long."""


def form_context(options: Options) -> dict[str, Any]:
    """Return what the template of the form needs."""
    return {
        "field": upload.FIELD,
        "columns": {name: (meaning, ", ".join(SYNONYMS[name][1:5])) for name, meaning in COLUMNS.items()},
        "megabytes": options.upload_bytes // 1_000_000,
        "rows": options.upload_rows,
        "minutes": round(KEEP_S / 60),
    }


def job_context(job: Job) -> dict[str, Any]:
    """Return what the template of a check needs."""
    summary = job.result.summary if job.result else {}
    return {
        "heading": HEADINGS[job.state],
        "job": job,
        "summary": summary,
        "result": job.result,
        "shares": shares(summary) if summary else [],
        "verdicts": VERDICTS,
        "reload": RELOAD_S if job.age_s < RELOAD_SOON_FOR_S else RELOAD_LATER_S,
        "datasets": labels.VALUES["dataset"],
        "track": urls.track,
    }
