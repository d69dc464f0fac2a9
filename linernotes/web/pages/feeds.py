"""Atom feeds (RFC 4287): new generations of the data sets, and how many tracks a search finds in each of them.

Nothing is stored about who reads a feed. A search's entry has an id made of the search, the data set and the number of
tracks, so a feed reader shows a new entry when the number is one that it hasn't seen yet.
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from fastapi import Request, Response

from indexer.cluster import audit_log
from linernotes import cards
from linernotes.i18n import current, gettext
from linernotes.web.middleware.public_api import origin_of
from linernotes.web.pages import display_text, labels, urls
from linernotes.web.pages.links import absolute_address
from linernotes.web.search_params import SearchParams
from mappings.index_names import alias
from queries import Loaded, Searcher, SearchResult
from queries.errors import translated_errors

MEDIA_TYPE = "application/atom+xml"
NAMESPACE = "http://www.w3.org/2005/Atom"
MAX_ENTRIES = 50
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Entry:
    """One entry: what its id is made of, its title and text, the page that it links to, and when it came about."""

    key: str
    title: str
    text: str
    href: str
    updated: datetime


def generation_entries(searcher: Searcher) -> list[Entry]:
    """Return the latest generations that came into service, newest first. Raises UnreachableError."""
    with translated_errors():
        events = audit_log.read(searcher.limited_client(), searcher.prefix, size=10 * MAX_ENTRIES)
    return [
        Entry(
            key=f"{each.event} {each.generation} {each.at}",
            title=each.dataset,
            text=each.generation,
            href=each.dataset,
            updated=datetime.fromisoformat(each.at),
        )
        for each in events
        if each.event in (audit_log.SWAPPED, audit_log.ROLLED_BACK)
    ][:MAX_ENTRIES]


def created(searcher: Searcher) -> dict[str, datetime]:
    """Return when the index of each current generation was created, by its name. Raises UnreachableError."""
    path = "*.settings.index.creation_date"
    with translated_errors():
        body = (
            searcher.limited_client()
            .indices.get(index=alias(searcher.prefix), features="settings", filter_path=path, allow_no_indices=True)
            .body
        )
    return {
        index: datetime.fromtimestamp(int(each["settings"]["index"]["creation_date"]) / 1000, UTC)
        for index, each in body.items()
    }


def dataset_feed(request: Request, events: Iterable[Entry]) -> Response:
    """Return the feed of all data sets."""
    entries = [
        Entry(
            each.key,
            gettext("%(dataset)s: a new generation is in service", dataset=labels.value("dataset", each.title)),
            gettext(
                "The pages, counts and catalogue checks of this site now use the generation %(generation)s. Reports "
                "of an earlier one can be checked again.",
                generation=each.text,
            ),
            urls.dataset(each.href) if each.href in cards.known() else urls.to("/datasets"),
            each.updated,
        )
        for each in events
    ]
    return _feed(
        request, gettext("Data sets"), gettext("New generations of the data sets"), urls.to("/datasets"), entries
    )


def search_feed(
    request: Request,
    params: SearchParams,
    result: SearchResult,
    loaded: Mapping[str, Loaded],
    created_at: Mapping[str, datetime],
) -> Response:
    """Return the feed of a search: an entry for each loaded data set, with the number of its tracks."""
    buckets = {str(each.value): each for each in result.facets["dataset"].buckets}
    selected = {name for name, each in buckets.items() if each.selected}
    query = params.query_string()
    entries = []
    for name, current_one in loaded.items():
        bucket = buckets.get(name)
        if (selected and name not in selected) or (bucket and bucket.excluded):
            continue  # the facet is counted under all filters but its own
        generation, count = current_one.generation.index, bucket.count if bucket else 0
        values = {"tracks": labels.tracks(count), "dataset": labels.value("dataset", name)}
        text = gettext(
            "%(tracks)s match in the generation %(generation)s. The number is that of today’s data. This site doesn’t "
            "remember earlier numbers: the entry is new to your feed reader if the number is one that it hasn’t seen.",
            tracks=values["tracks"],
            generation=generation,
        )
        entries.append(
            Entry(
                key=f"search {query} {name} {count}",
                title=gettext("%(dataset)s: %(tracks)s", **values),
                text=text,
                href=urls.search(params.with_filter("dataset", name)),
                updated=created_at.get(generation, _NEVER),
            )
        )
    entries.sort(key=lambda entry: entry.updated, reverse=True)
    title = display_text.shown(params.q or ", ".join(v for values in params.filters.values() for v in values), 120)
    subtitle = gettext("Tracks in each data set that match this search")
    return _feed(request, title or gettext("All tracks"), subtitle, urls.search(params), entries)


def _feed(request: Request, title: str, subtitle: str, page: str, entries: list[Entry]) -> Response:
    ET.register_namespace("", NAMESPACE)
    base, address = origin_of(request), absolute_address(request, with_language=True)
    feed = ET.Element(f"{{{NAMESPACE}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": current()})
    _add(feed, "id", _id(absolute_address(request)))
    _add(feed, "title", f"{title} – linernotes")
    _add(feed, "subtitle", subtitle)
    _add(feed, "updated", _time(max((each.updated for each in entries), default=_NEVER)))
    _add(_add(feed, "author"), "name", "linernotes")
    _add(feed, "link", rel="self", type=MEDIA_TYPE, href=address)
    _add(feed, "link", rel="alternate", type="text/html", href=base + page)
    for each in entries:
        entry = _add(feed, "entry")
        _add(entry, "id", _id(each.key))
        _add(entry, "title", each.title)
        _add(entry, "updated", _time(each.updated))
        _add(entry, "link", rel="alternate", type="text/html", href=base + each.href)
        _add(entry, "summary", each.text)
    body = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return Response(body, media_type=f"{MEDIA_TYPE}; charset=utf-8")


def _add(parent: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, f"{{{NAMESPACE}}}{name}", attributes)
    if text:
        element.text = display_text.shown(text)
    return element


def _id(key: str) -> str:
    """Return an id that is the same whenever the key is."""
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'linernotes {key}')}"


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
