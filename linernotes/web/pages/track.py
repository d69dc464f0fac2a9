"""One track: every field with its meaning, the evidence for it, and the same recording elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response

from linernotes.output import terminal
from linernotes.web.errors import NotThereError
from linernotes.web.pages import labels, links, names, rendering, results
from linernotes.web.pages.front import Used, used
from linernotes.web.pages.results import HitView, Linked
from linernotes.web.services.service import KeptRoute, Shared
from mappings.cards import CARDS
from mappings.track import (
    ARTISTS,
    CONTRIBUTORS,
    DATASET,
    FIELDS,
    FINGERPRINT,
    LANGUAGE,
    LICENCE_URL,
    RECORDING_KEY,
    REVISION,
    SHOWN,
    SOURCE_FILE,
    SOURCE_ID,
    SOURCE_ROW,
    URL,
)
from queries import Hit

router = APIRouter(route_class=KeptRoute)

EVIDENCE = (
    DATASET, REVISION, SOURCE_FILE, SOURCE_ROW, SOURCE_ID, RECORDING_KEY,
    FINGERPRINT,
)  # fmt: skip
"""Fields that say where a track was read; they stand apart from what it is."""

_ADDRESSES = frozenset({URL, LICENCE_URL})


@dataclass(frozen=True)
class FieldView:
    """One field: its name, what it means, and its values (none: the data set has none)."""

    name: str
    meaning: str
    values: tuple[Linked, ...]


@dataclass(frozen=True)
class TrackView:
    """All of a track."""

    hit: HitView
    id: str
    title: str
    fields: tuple[FieldView, ...]
    evidence: tuple[FieldView, ...]
    copies: tuple[HitView, ...]
    more_copies: int
    used: Used


@router.get("/tracks/{track_id:path}")
async def track(request: Request, service: Shared, track_id: str) -> Response:
    """Show a track."""
    answer = await service.ask(lambda: service.searcher.track(track_id))
    if answer is None:
        raise NotThereError(
            f"There is no track {names.shown(track_id, 100)!r}.", "It may have left with a new release of its data set."
        )
    hits, number = await service.ask(lambda: service.searcher.duplicates(answer))
    view = _view(answer, hits, number)
    return rendering.page(request, "track.html.jinja", title=view.title, view=view)


def _view(hit: Hit, others: list[Hit], number: int) -> TrackView:
    held = hit.track
    title = str(held.get("title") or "untitled")
    by = ", ".join(held.get("artists") or ()) or "unknown artist"
    dataset = str(held["dataset"])
    return TrackView(
        hit=results.hit(1, hit),
        id=names.shown(hit.id),
        title=names.shown(f"{title} – {by}"),
        fields=tuple(_field(name, held) for name in SHOWN if name not in EVIDENCE),
        evidence=tuple(_field(name, held) for name in EVIDENCE),
        copies=tuple(results.hit(place, each) for place, each in enumerate(others, 1)),
        more_copies=number - len(others),
        used=used(dataset, CARDS[dataset].used_by if dataset in CARDS else ()),
    )


def _field(name: str, held: Mapping[str, Any]) -> FieldView:
    given = held.get(name)
    values = given if isinstance(given, list) else [] if given is None else [given]
    return FieldView(name, FIELDS[name].meaning, tuple(_value(name, value) for value in values))


def _value(name: str, value: object) -> Linked:
    """Return a value, whole; addresses and artists lead somewhere."""
    text = labels.value(name, value) if name in (DATASET, LANGUAGE) else str(value)
    written = str(value).lower() if isinstance(value, bool) else text
    href = None
    if name in _ADDRESSES:
        href = terminal.web_address(value)
    elif name in (ARTISTS, CONTRIBUTORS):
        href = links.artist(written)
    elif name == DATASET:
        href = links.dataset(str(value))
    return Linked(names.parts(written, longest=len(written)), href)
