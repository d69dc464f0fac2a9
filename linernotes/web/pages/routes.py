"""Routes of the pages: each reads its parameters, queries, and renders a view."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ConfigDict, Field

import queries
from linernotes import i18n
from linernotes.catalogue import run as catalogue_run
from linernotes.catalogue.run import DataSet
from linernotes.i18n import gettext
from linernotes.web.checks.jobs import ReportFormat, report_response
from linernotes.web.checks.store import CheckStoreDep
from linernotes.web.errors import NotFoundError
from linernotes.web.middleware.security_headers import FORM_HEADERS, check_same_site
from linernotes.web.pages import display_text, feeds, labels, urls
from linernotes.web.pages.language import CachedPageRoute, PageRoute
from linernotes.web.pages.links import absolute_address
from linernotes.web.pages.rendering import HEADLINE, page
from linernotes.web.pages.views import artist as artist_views
from linernotes.web.pages.views import checks as check_views
from linernotes.web.pages.views import results
from linernotes.web.pages.views.advice import TOPICS
from linernotes.web.pages.views.citation import Citation, citation, recording_data
from linernotes.web.pages.views.companies import company_views
from linernotes.web.pages.views.datasets import EXAMPLES, dataset_data, dataset_use, dataset_views
from linernotes.web.pages.views.facets import values_view
from linernotes.web.pages.views.overlap import overlap_view
from linernotes.web.pages.views.stats import MAX_OVER_REPRESENTED, stats_view
from linernotes.web.pages.views.track import track_view
from linernotes.web.search_params import FilterParams, SearchParams, TrackParams
from linernotes.web.services.app_state import KNOW_CARDS, AppState, AppStateDep
from linernotes.web.services.export import ExportParams, export_response
from linernotes.web.services.response_cache import NO_STORE
from linernotes.web.services.streaming import attachment
from mappings.cards import PRESENCE_IS_NO_PROOF
from mappings.errors import InputError
from queries import By
from queries.facets.table import get_facet

router = APIRouter(route_class=CachedPageRoute, include_in_schema=False)
uncached_router = APIRouter(route_class=PageRoute, include_in_schema=False, dependencies=[KNOW_CARDS])

VALUES_PER_PAGE = 60
MAX_CONTAINS = 200

LENIENT = ConfigDict(extra="ignore")
"""Pages ignore unknown parameters."""


class PageSearch(SearchParams):
    """A page of hits; a form without a script sends years in two fields, which become one filter."""

    model_config = LENIENT
    year_from: str = ""
    year_to: str = ""


class PageTracks(TrackParams):
    """All tracks of a text and filters."""

    model_config = LENIENT


class PageFilters(FilterParams):
    """All tracks that filters leave."""

    model_config = LENIENT


class PageExport(ExportParams):
    """All tracks of a search, in a format."""

    model_config = LENIENT


class PageFacet(TrackParams):
    """A page of a facet's values."""

    model_config = LENIENT
    contains: Annotated[str, Field(max_length=MAX_CONTAINS)] = ""
    sort: str = By.COUNT
    after: str | None = None


async def cite(
    request: Request, state: AppState, title: str, present: tuple[str, ...], track: Mapping[str, Any] | None = None
) -> Citation:
    """Return how to cite a page; generations and source files are asked for once for each version of the data."""
    version = (await state.data_version()).digest
    known: tuple[str, dict[str, DataSet]] | None = getattr(request.app.state, "sources", None)
    if known is None or known[0] != version:
        known = version, {each.id: each for each in await state.query(catalogue_run.datasets)}
        request.app.state.sources = known
    return citation(title, absolute_address(request), present, known[1], track)


def with_caveat(verdict: str) -> str:
    """Return a verdict as a description that leaves the site: with what presence means."""
    return f"{verdict} {gettext(PRESENCE_IS_NO_PROOF)}" if verdict else ""


@router.get("/")
async def home(request: Request, state: AppStateDep, q: str = "") -> Response:
    """Show the search field, and what is loaded."""
    if q.strip():
        return RedirectResponse(urls.search(SearchParams(q=q)), 303)
    datasets = dataset_views((await state.data_version()).loaded)
    return page(
        request,
        "front.html.jinja",
        title=gettext(HEADLINE),
        sets=datasets,
        total=sum(each.loaded.records for each in datasets if each.loaded),
        feeds=((gettext("New generations of the data sets"), urls.to("/datasets.atom")),),
        examples=[
            (gettext(label) if "filters" in search else label, urls.search(SearchParams.of(**search)))
            for label, search in EXAMPLES
        ],
    )


@router.get("/search")
async def search(request: Request, state: AppStateDep, params: Annotated[PageSearch, Query()]) -> Response:
    """Show a page of hits with their facets."""
    if address := results.canonical_address(params, request.query_params):
        return RedirectResponse(address, 303)
    normalized = urls.normalize(params)
    search_request = normalized.to_request(queries.DEFAULT_FACETS, highlight=True)
    result = await state.query(lambda searcher: searcher.search(search_request))
    relaxed: tuple[results.Relaxed, ...] = ()
    if not result.total.value and normalized.filters:
        relaxed = await state.query(lambda searcher: results.relaxed_searches(searcher, normalized))
    view = results.results_view(
        normalized, result, (await state.data_version()).loaded, results.relaxed_choices(relaxed)
    )
    name = normalized.q or gettext("All tracks")
    title = gettext("%(name)s, next page", name=name) if normalized.after else f"{name}: {view.total}"
    feed = urls.to("/search.atom", normalized.to_search().query_string())
    return page(
        request,
        "results.html.jinja",
        title=title,
        description=with_caveat(view.verdict) or gettext("No tracks found."),
        feeds=((gettext("Changes of this search"), feed),),
        q=normalized.q,
        in_place=True,
        view=view,
        citation=await cite(request, state, title, view.present) if view.present else None,
    )


@router.get("/search.atom")
async def search_feed(request: Request, state: AppStateDep, params: Annotated[PageTracks, Query()]) -> Response:
    """Return the number of tracks of a search in each data set as a feed."""
    normalized = urls.normalize(params)
    search_request = normalized.replace(size=0).to_request(("dataset",))
    result = await state.query(lambda searcher: searcher.search(search_request))
    created = await state.query(feeds.created)
    return feeds.search_feed(request, normalized, result, (await state.data_version()).loaded, created)


@router.get("/facets/{name}")
async def facet_values(
    request: Request, state: AppStateDep, name: str, params: Annotated[PageFacet, Query()]
) -> Response:
    """Show a page of a facet's values."""
    try:
        facet = get_facet(name)
    except InputError as error:
        raise NotFoundError(error.message, error.hint) from error
    if facet.name != name:
        return RedirectResponse(urls.facet(facet.name, params.to_search(), contains=params.contains), 303)
    normalized = urls.normalize(params)
    values_request = queries.values_request(
        name,
        normalized.q,
        filters_by_facet=normalized.checked_filters(),
        contains=params.contains,
        size=VALUES_PER_PAGE,
        after=params.after,
        sort=params.sort or By.COUNT,
    )
    pool = state.walks if values_request.contains else state.fast
    result = await state.query(lambda searcher: searcher.values(values_request), pool)
    view = values_view(normalized, result, params.contains, values_request.by, first_page=not params.after)
    return page(
        request, "facet.html.jinja", title=gettext("%(facet)s: all values", facet=view.label), q=normalized.q, view=view
    )


@router.get("/artist")
async def artist(
    request: Request, state: AppStateDep, name: str = "", artist_id: Annotated[str | None, Query(alias="id")] = None
) -> Response:
    """Show the candidates for a name, and the profile of the artist that is meant."""
    if not name.strip() and not artist_id:
        return RedirectResponse(urls.to("/"), 303)
    artist_request = queries.artist_request(name, artist_id=artist_id or None, size=artist_views.MAX_ROWS)
    result = await state.query(lambda searcher: searcher.artist(artist_request))
    loaded = (await state.data_version()).loaded
    profile = artist_views.profile_view(result.profile, loaded) if result.profile else None
    title = result.profile.name if result.profile else gettext("Artists called %(name)s", name=name)
    return page(
        request,
        "artist.html.jinja",
        title=title,
        description=with_caveat(profile.verdict) if profile else "",
        feeds=((gettext("Changes of this artist’s tracks"), profile.feed),) if profile else (),
        citation=await cite(request, state, title, profile.present) if profile and profile.present else None,
        q=name[: urls.MAX_TEXT],
        name=display_text.shown(name, 120),
        result=result,
        profile=profile,
        candidates=artist_views.candidate_views(result),
    )


@router.get("/tracks/{track_id:path}")
async def track(request: Request, state: AppStateDep, track_id: str) -> Response:
    """Show a track."""
    hit = await state.query(lambda searcher: searcher.track(track_id))
    if hit is None:
        raise NotFoundError(
            gettext("There is no track %(track)s.", track=repr(display_text.shown(track_id, 100))),
            gettext("It may have been removed in a newer release of its data set."),
        )
    copies, total = await state.query(lambda searcher: searcher.duplicates(hit))
    view = track_view(hit, copies, total, (await state.data_version()).loaded)
    return page(
        request,
        "track.html.jinja",
        title=view.title,
        description=with_caveat(view.verdict),
        data_block=recording_data(hit.track, absolute_address(request), view.hit.source),
        view=view,
        citation=await cite(request, state, view.title, (str(hit.track["dataset"]),), hit.track),
    )


@router.get("/datasets")
async def datasets(request: Request, state: AppStateDep) -> Response:
    """Show all data sets."""
    views = dataset_views((await state.data_version()).loaded)
    feed = (gettext("New generations of the data sets"), urls.to("/datasets.atom"))
    return page(request, "datasets.html.jinja", title=gettext("Data sets"), feeds=(feed,), sets=views)


@uncached_router.get("/datasets.atom")
async def dataset_feed(request: Request, state: AppStateDep) -> Response:
    """Return the generations that came into service as a feed."""
    return feeds.dataset_feed(request, await state.query(feeds.generation_entries))


@router.get("/companies")
async def companies(request: Request, state: AppStateDep) -> Response:
    """Show who is known to have used which data sets."""
    views = company_views((await state.data_version()).loaded)
    return page(request, "companies.html.jinja", title=gettext("Companies"), companies=views)


@router.get("/what-now")
async def what_now(request: Request) -> Response:
    """Show what somebody can do whose music is in a data set."""
    return page(request, "what_now.html.jinja", title=gettext("What now?"), topics=TOPICS)


@router.get("/datasets/{dataset_id}")
async def dataset(request: Request, state: AppStateDep, dataset_id: str) -> Response:
    """Show one data set."""
    views = dataset_views((await state.data_version()).loaded)
    view = next((each for each in views if each.card.id == dataset_id), None)
    if view is None:
        raise NotFoundError(gettext("There is no data set with this name."), gettext("See the list of data sets."))
    use = dataset_use(dataset_id, view.card.used_by)
    return page(
        request,
        "dataset.html.jinja",
        title=view.card.name,
        data_block=dataset_data(view, absolute_address(request)),
        set=view,
        use=use,
        citation=await cite(request, state, view.card.name, (dataset_id,)) if view.loaded else None,
    )


@router.get("/overlap")
async def overlap(request: Request, state: AppStateDep, params: Annotated[PageFilters, Query()]) -> Response:
    """Show what data sets share under filters."""
    normalized = urls.normalize(params)
    search_request = normalized.to_request()
    result = await state.query(lambda searcher: searcher.overlap(search_request), state.slow)
    view = overlap_view(normalized, result)
    return page(request, "overlap.html.jinja", title=gettext("Overlap between data sets"), view=view)


@router.get("/stats")
async def stats(request: Request, state: AppStateDep, params: Annotated[PageTracks, Query()]) -> Response:
    """Show shares of the tracks of a text and filters."""
    normalized = urls.normalize(params)
    search_request = normalized.to_request()
    result = await state.query(lambda searcher: searcher.stats(search_request, limit=MAX_OVER_REPRESENTED), state.slow)
    view = stats_view(normalized, result)
    return page(request, "stats.html.jinja", title=gettext("Statistics"), q=normalized.q, view=view)


@router.get("/about")
async def about(request: Request) -> Response:
    """Show what this is."""
    return page(request, "about.html.jinja", title=gettext("About"), matches=labels.MATCHES)


@uncached_router.get("/export")
async def export(state: AppStateDep, params: Annotated[PageExport, Query()]) -> Response:
    """Download all tracks of a search."""
    return await export_response(state, params, byte_order_mark=True)


@uncached_router.get("/check")
async def check_form(request: Request, state: AppStateDep) -> Response:
    """Show the form of the catalogue check."""
    context = check_views.form_context(state.options)
    return page(request, "check.html.jinja", title=gettext("Check a catalogue"), headers=FORM_HEADERS, **context)


@uncached_router.get("/check/example.csv")
async def check_example() -> Response:
    """Download a small catalogue."""
    headers = {"content-disposition": attachment("catalogue-example", "csv")}
    return Response(check_views.EXAMPLE_CSV, headers=headers, media_type="text/csv")


@uncached_router.post("/check", dependencies=[Depends(check_same_site)])
async def begin_check(request: Request, state: AppStateDep, checks: CheckStoreDep) -> Response:
    """Receive a catalogue, and redirect to the page of its check."""
    job = await checks.begin(request, state)
    return RedirectResponse(urls.to(f"/check/{job.id}"), 303, NO_STORE)


@uncached_router.get("/check/{job_id}")
async def check(request: Request, job_id: str, checks: CheckStoreDep) -> Response:
    """Show the progress of a check, or its result."""
    context = check_views.job_context(checks.get(job_id))
    title = f"{context['heading']}: {context['job'].name}"
    return page(request, "check_job.html.jinja", title=title, headers={**NO_STORE, **FORM_HEADERS}, **context)


@uncached_router.get("/check/{job_id}/report.{kind}")
async def check_report(job_id: str, kind: ReportFormat, checks: CheckStoreDep) -> Response:
    """Download the report of a check."""
    return report_response(checks.get(job_id), kind, checks.downloads, byte_order_mark=True, language=i18n.current())


@uncached_router.post("/check/{job_id}/delete", dependencies=[Depends(check_same_site)])
async def delete_check(job_id: str, checks: CheckStoreDep) -> Response:
    """Delete a check, and redirect to the form."""
    checks.delete(job_id)
    return RedirectResponse(urls.to("/check"), 303, NO_STORE)
