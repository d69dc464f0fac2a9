"""Views of artists: the candidates for a name, and the profile of one artist."""

from collections.abc import Mapping
from dataclasses import dataclass

from linernotes import cards
from linernotes.i18n import N_, gettext, ngettext
from linernotes.web.pages import display_text, labels, urls
from linernotes.web.pages.views.charts import Chart, Histogram, Row, RowData, bar_length, histogram, rows
from linernotes.web.pages.views.datasets import DatasetUse, dataset_use
from linernotes.web.search_params import SearchParams
from queries import ArtistResult, FacetCount, Loaded
from queries.artists.artist_profile import Collaborator, NameList, Profile
from queries.artists.candidates import Candidate
from queries.text import MAX_CHARS

MAX_ROWS = 20
"""Rows of each list."""

_FACETS = ("dataset", "genre", "licence", "language")


@dataclass(frozen=True)
class CandidateView:
    """One candidate; `ambiguous_ids` if others have the same name and ids can't tell them apart."""

    row: Row
    match: str
    ids: tuple[tuple[str, str], ...]
    ambiguous_ids: bool
    titles: str


@dataclass(frozen=True)
class ProfileView:
    """The profile of one artist."""

    name: str
    id: str | None
    summary: tuple[str, ...]
    namesakes: int
    search: str
    years: Histogram | None
    without_year: int
    charts: tuple[Chart, ...]
    uses: tuple[DatasetUse, ...]
    verdict: str
    present: tuple[str, ...]
    feed: str


def candidate_views(result: ArtistResult) -> tuple[CandidateView, ...]:
    """Return the candidates to list: all where nobody is meant for certain, else the others."""
    listed = result.candidates
    if result.profile:
        listed = tuple(one for one in listed if one.name != result.profile.name or (one.shares_name and one.ids))
    most = max((one.count for one in listed), default=0)
    return tuple(_candidate(one, most) for one in listed)


def _candidate(one: Candidate, most: int) -> CandidateView:
    by_id = one.shares_name and one.ids
    sets = ", ".join(f"{labels.value('dataset', name)} {labels.number(count)}" for name, count in one.datasets.items())
    href = urls.artist_by_id(one.ids[0]) if by_id else urls.artist(one.name)
    return CandidateView(
        row=Row(display_text.parts(one.name), href, one.count, bar_length(one.count, most), (sets,)),
        match=labels.match(one.match) if one.match else "",
        ids=tuple((display_text.shown(each, 40), urls.artist_by_id(each)) for each in one.ids[:3]) if by_id else (),
        ambiguous_ids=one.shares_name and not one.ids,
        titles=display_text.shown(", ".join(display_text.shown(title, 60) for title in one.titles)),
    )


def profile_view(profile: Profile, loaded: Mapping[str, Loaded]) -> ProfileView:
    """Return the view of a profile, given what is loaded."""
    params = SearchParams.of(filters={"artist": (display_text.literal(profile.name),)})
    year = profile.facets["year"]
    present = tuple(str(each.value) for each in profile.facets["dataset"].buckets if each.count)
    return ProfileView(
        name=display_text.shown(profile.name, 300),
        id=display_text.shown(profile.id) if profile.id else None,
        summary=tuple(_summary(profile)),
        namesakes=profile.namesakes if not profile.id else 1,
        search=urls.search(params),
        years=histogram(params, year.buckets),
        without_year=year.missing,
        charts=tuple(chart for chart in _charts(profile, params) if chart.rows),
        uses=tuple(dataset_use(dataset, claims) for dataset, claims in profile.used_by.items()),
        verdict=cards.verdict(present, cards.synthetic_of(loaded)),
        present=present,
        feed=urls.to("/search.atom", params.query_string()),
    )


def _summary(profile: Profile) -> list[str]:
    summary = [labels.tracks(profile.tracks.value), labels.recordings(profile.recordings)]
    if profile.plays_tracks:
        plays, tracks = labels.number(profile.plays), labels.tracks(profile.plays_tracks)
        summary.append(gettext("%(plays)s plays of %(tracks)s", plays=plays, tracks=tracks))
    return summary


def _charts(profile: Profile, params: SearchParams) -> list[Chart]:
    facets = [_facet(name, profile.facets[name], params) for name in _FACETS if name in profile.facets]
    return [
        facets[0],
        _listed("titles", gettext("Titles"), profile.titles, params),
        _listed("albums", gettext("Albums"), profile.albums, params),
        _collaborators(profile.collaborators, exact=profile.collaborators_exact),
        *facets[1:],
    ]


def _facet(name: str, count: FacetCount, params: SearchParams) -> Chart:
    data: list[RowData] = [
        (
            labels.value(name, b.value),
            urls.search(params.with_filter(name, display_text.literal(str(b.value)))),
            b.count,
            (),
        )
        for b in count.buckets[:MAX_ROWS]
    ]
    if count.missing:
        data.append((labels.not_stated(), urls.search(params.with_filter(name, "none")), count.missing, ()))
    return Chart(name, labels.facet(name), rows(data), _more(count.distinct - len(count.buckets[:MAX_ROWS])))


def _more(number: int) -> str:
    return ngettext("and %(count)s more value", "and %(count)s more values", number) if number > 0 else ""


def _listed(key: str, heading: str, counted: NameList, params: SearchParams) -> Chart:
    data: list[RowData] = [
        (row.name, urls.search(params.replace(q=row.name)) if len(row.name) <= MAX_CHARS else None, row.count, ())
        for row in counted.rows
    ]
    more = counted.distinct.value - len(data)
    note = N_("and %(number)s more") if counted.distinct.exact else N_("and at least %(number)s more")
    return Chart(key, heading, rows(data), gettext(note, number=labels.number(more)) if more > 0 else "")


def _collaborators(collaborators: tuple[Collaborator, ...], *, exact: bool) -> Chart:
    data: list[RowData] = [
        (one.name, urls.artist(one.name), one.count, (gettext("artist") if one.as_artist else gettext("contributor"),))
        for one in collaborators
    ]
    note = "" if exact else gettext("Counted in the most played tracks.")
    return Chart(
        "with", gettext("Collaborators"), rows(data), note, (gettext("Name"), gettext("Tracks"), gettext("Role"))
    )
