"""Views of the catalogue check: the form with its columns and an example, and the progress or result of a check."""

from typing import Any

from linernotes import cards
from linernotes.catalogue.report import shares
from linernotes.catalogue.run import Provenance
from linernotes.i18n import N_, gettext
from linernotes.web.checks import upload
from linernotes.web.checks.jobs import CheckState, Job
from linernotes.web.checks.store import KEEP_S
from linernotes.web.config import Options
from linernotes.web.pages import display_text, urls
from linernotes.web.pages.views.citation import Citation, source
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
    "artist": N_("Name of the artist. Required with title, unless the row has a link or an id."),
    "title": N_("Title of the song."),
    "album": N_("Distinguishes songs of the same title."),
    "year": N_("Year of release. Distinguishes versions."),
    "url": N_("Link to the track on YouTube, Spotify, the Free Music Archive or Genius."),
    "youtube": N_("Id or link of the video. Likewise spotify, fma and genius."),
    "isrc": N_("Is not used: none of the data sets has ISRCs. Artist and title of the row are looked up instead."),
}
"""Column to its meaning."""

VERDICTS = {
    Verdict.FOUND: N_("An identifier matches, or artist and title do, apart from spelling variants."),
    Verdict.LIKELY: N_("Nearly the same: another version, a typo, or a different credit. Please check these."),
    Verdict.NOT_FOUND: N_("No track in the loaded data sets has this artist and title."),
    Verdict.UNREADABLE: N_("The row couldn’t be read."),
}
"""Verdict to its meaning."""

LABELS = {
    Verdict.FOUND: N_("found"),
    Verdict.LIKELY: N_("likely"),
    Verdict.NOT_FOUND: N_("not found"),
    Verdict.UNREADABLE: N_("unreadable"),
}
"""Verdict to its label."""

HEADINGS = {CheckState.RUNNING: N_("Checking"), CheckState.DONE: N_("Checked"), CheckState.FAILED: N_("Check failed")}

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


def check_citation(provenance: Provenance) -> Citation:
    """Return how to cite a check: its results have no address that lasts, so it is the file and the moment."""
    sources = tuple(source(each) for each in provenance.datasets)
    text = gettext(
        "Catalogue “%(file)s” (SHA-256 %(sha256)s), checked %(moment)s with %(program)s.",
        file=display_text.shown(provenance.file, 100),
        sha256=provenance.sha256,
        moment=provenance.checked_at,
        program=provenance.program,
    )
    return Citation(text, gettext("the downloaded report"), provenance.checked_at, sources)


def job_context(job: Job) -> dict[str, Any]:
    """Return what the template of a check needs."""
    summary = job.result.summary if job.result else {}
    return {
        "heading": gettext(HEADINGS[job.state]),
        "job": job,
        "summary": summary,
        "result": job.result,
        "verdict": cards.verdict_of_check(summary, job.result.provenance.synthetic) if job.result else "",
        "citation": check_citation(job.result.provenance) if job.result else None,
        "shares": shares(summary) if summary else [],
        "verdicts": VERDICTS,
        "verdict_labels": {str(verdict): label for verdict, label in LABELS.items()},
        "reload": RELOAD_S if job.age_s < RELOAD_SOON_FOR_S else RELOAD_LATER_S,
        "datasets": {name: card.name for name, card in cards.known().items()},
        "track": urls.track,
    }
