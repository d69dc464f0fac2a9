"""View of one track: every field with its meaning, the evidence for it, and other tracks of the recording."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from linernotes import cards
from linernotes.i18n import gettext
from linernotes.output import terminal
from linernotes.web.pages import display_text, labels, urls
from linernotes.web.pages.views.datasets import DatasetUse, dataset_use
from linernotes.web.pages.views.results import HitView, Linked, hit_view
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
from queries import Hit, Loaded

EVIDENCE = (
    DATASET, REVISION, SOURCE_FILE, SOURCE_ROW, SOURCE_ID, RECORDING_KEY,
    FINGERPRINT,
)  # fmt: skip
"""Fields that say where a track was read."""

_URLS = frozenset({URL, LICENCE_URL})


@dataclass(frozen=True)
class FieldView:
    """One field: its name, its meaning, and its values, if the data set has any."""

    name: str
    meaning: str
    values: tuple[Linked, ...]


@dataclass(frozen=True)
class TrackView:
    """The page of a track."""

    hit: HitView
    id: str
    title: str
    fields: tuple[FieldView, ...]
    evidence: tuple[FieldView, ...]
    copies: tuple[HitView, ...]
    copies_omitted: int
    use: DatasetUse
    verdict: str
    present: tuple[str, ...]


def track_view(hit: Hit, copies: list[Hit], copies_total: int, loaded: Mapping[str, Loaded]) -> TrackView:
    """Return the view of a track; `copies` are the first of the other tracks of its recording."""
    track = hit.track
    title = str(track.get("title") or gettext("untitled"))
    by = ", ".join(track.get("artists") or ()) or gettext("unknown artist")
    dataset, known = str(track["dataset"]), cards.known()
    present = tuple(dict.fromkeys((dataset, *(str(each.track["dataset"]) for each in copies))))
    return TrackView(
        hit=hit_view(1, hit),
        id=display_text.shown(hit.id),
        title=display_text.shown(f"{title} – {by}"),
        fields=tuple(_field(name, track) for name in SHOWN if name not in EVIDENCE),
        evidence=tuple(_field(name, track) for name in EVIDENCE),
        copies=tuple(hit_view(place, each) for place, each in enumerate(copies, 1)),
        copies_omitted=copies_total - len(copies),
        use=dataset_use(dataset, known[dataset].used_by if dataset in known else ()),
        verdict=cards.verdict(present, cards.synthetic_of(loaded)),
        present=present,
    )


def _field(name: str, track: Mapping[str, Any]) -> FieldView:
    value = track.get(name)
    values = value if isinstance(value, list) else [] if value is None else [value]
    return FieldView(name, FIELDS[name].meaning, tuple(_value(name, each) for each in values))


def _value(name: str, value: object) -> Linked:
    """Return a value, not shortened; addresses, artists and data sets are links."""
    text = labels.value(name, value) if name in (DATASET, LANGUAGE) else str(value)
    written = str(value).lower() if isinstance(value, bool) else text
    href = None
    if name in _URLS:
        href = terminal.web_address(value)
    elif name in (ARTISTS, CONTRIBUTORS):
        href = urls.artist(written)
    elif name == DATASET:
        href = urls.dataset(str(value))
    return Linked(display_text.parts(written, max_length=len(written)), href)
