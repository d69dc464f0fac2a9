"""What is known of each data set, and who says so.

Counts are what was published, as text with its source: the project counts what it reads, and never relies on these.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Self

PRESENCE_IS_NO_PROOF = (
    "That a track is in a data set does not prove that a model was trained on it; who used a data set is only known "
    "where that was acknowledged or reported."
)
"""Part of every report."""

SYNTHETIC = "synthetic"
"""What names of files and revisions with made-up rows begin with."""
SYNTHETIC_SAMPLE = f"{SYNTHETIC} sample"
"""Revision of made-up rows."""


def is_synthetic(revision: object) -> bool:
    """Say whether rows of a revision were made up, for trying things out.

    >>> is_synthetic("synthetic sample"), is_synthetic("2017-04"), is_synthetic(None)
    (True, False, False)
    """
    return str(revision).startswith(SYNTHETIC)


SELF_DISCLOSED, PRESS, SECOND_HAND = "self-disclosed", "press", "second-hand"


@dataclass(frozen=True)
class Claim:
    """Somebody's use of a data set: what is claimed, who used it, who says so, where, and what kind of source it is.

    `kind` is self-disclosed (the user says it), press (a newspaper does), or second-hand (self-disclosed, but read in
    another's account only: the source itself was not seen). `address` and `date` (of the source: a year, month or day)
    are empty where they aren't known; `tracks` are as many as the source names.
    """

    claim: str
    user: str
    said_by: str
    kind: str
    address: str = ""
    date: str = ""
    tracks: int | None = None

    @property
    def source(self) -> str:
        """Return who says so, and when if that is known."""
        return f"{self.said_by}, {self.date}" if self.date else self.said_by


@dataclass(frozen=True)
class GoldenQuery:
    """An artist and title that a complete load must find. `sampled`: known from the real rows in the project."""

    artist: str
    title: str
    sampled: bool


class UnreadableCardError(Exception):
    """What is stored is no card."""


def _known(kind: type[Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    return {field.name: stored[field.name] for field in fields(kind) if field.name in stored}


@dataclass(frozen=True)
class Card:
    """A data set: its id and name, how large it was said to be, of when and where it is, who used it.

    `rows` are those of all published files: what has far fewer is a part of it. `declared` says that whoever loaded the
    data set wrote the card; of such a card, count, rows, day of release and revision may be missing.
    """

    id: str
    name: str
    published_count: str = "not stated"
    rows: int = 0
    released: str = ""
    revision: str = ""
    platform: str = ""
    licence: str = ""
    track_licences: bool = False
    addresses: tuple[str, ...] = ()
    used_by: tuple[Claim, ...] = ()
    golden: tuple[GoldenQuery, ...] = ()
    notes: tuple[str, ...] = ()
    declared: bool = False

    @classmethod
    def read_from(cls, stored: Mapping[str, Any]) -> Self:
        """Return a card that was stored as JSON (`dataclasses.asdict`), by this version or by another.

        What another version added is passed over, what it lacks is not stated. Raises UnreadableCardError for no card.

        >>> import orjson
        >>> Card.read_from(orjson.loads(orjson.dumps(CARDS["laion-disco-12m"]))) == CARDS["laion-disco-12m"]
        True
        """
        try:
            lists = {
                "addresses": tuple(map(str, stored.get("addresses", ()))),
                "used_by": tuple(Claim(**_known(Claim, claim)) for claim in stored.get("used_by", ())),
                "golden": tuple(GoldenQuery(**_known(GoldenQuery, query)) for query in stored.get("golden", ())),
                "notes": tuple(map(str, stored.get("notes", ()))),
            }
            return cls(**{**_known(cls, stored), **lists})
        except (AttributeError, TypeError) as error:
            raise UnreadableCardError(str(error)) from error

    @property
    def released_year(self) -> int:
        """Return the year of the release that is read; this year where nobody said when that was."""
        return int(self.revision[:4]) if self.revision else datetime.now(UTC).year


_CARDS = (
    Card(
        id="laion-disco-12m",
        name="LAION-DISCO-12M",
        published_count="12,320,916 rows in its files; announced as 12,648,485",
        rows=12_320_916,
        released="2024-11-17",
        revision="2024-11-17",
        platform="YouTube Music",
        licence="Apache-2.0 (MIT before 2024-11-14); its authors ask for academic use only",
        track_licences=False,
        addresses=("https://laion.ai/blog/laion-disco-12m/", "https://huggingface.co/datasets/laion/LAION-DISCO-12M"),
        used_by=(
            Claim(
                "7,507,574 samples of it are listed as training data of Nemotron-3-Nano-Omni",
                "NVIDIA",
                "NVIDIA, model card of Nemotron-3-Nano-Omni",
                SECOND_HAND,
                tracks=7_507_574,
            ),
            Claim(
                "a subset of it was used in the work on continuous audio language models",
                "Kyutai",
                'Kyutai, paper "Continuous Audio Language Models"',
                SECOND_HAND,
            ),
        ),
        golden=(GoldenQuery("Queen", "Bohemian Rhapsody", sampled=False),),
        notes=("No real rows were available for this project: its sample rows are synthetic.",),
    ),
    Card(
        id="sleeping-disco-9m",
        name="Sleeping-DISCO-9M",
        published_count="9,713,413 songs",
        rows=9_713_413,
        released="2025-06",
        revision="2025-06",
        platform="Genius",
        licence="none stated for the data; its code is MIT",
        track_licences=False,
        addresses=("https://arxiv.org/abs/2506.14293",),
        golden=(GoldenQuery("Queen", "Bohemian Rhapsody", sampled=False),),
        notes=("No real rows were available for this project: its sample rows are synthetic.",),
    ),
    Card(
        id="free-music-archive",
        name="FMA",
        published_count="106,574 tracks (109,727 in the raw files)",
        rows=106_574,
        released="2017-04",
        revision="2017-04",
        platform="Free Music Archive",
        licence="metadata CC BY 4.0, code MIT; each track has its own licence",
        track_licences=True,
        addresses=("https://github.com/mdeff/fma", "https://arxiv.org/abs/1612.01840"),
        used_by=(
            Claim(
                "used for training, as The Atlantic's search tool states for the data set",
                "Google",
                "The Atlantic",
                PRESS,
                date="2026-06",
            ),
            Claim(
                "13,874 FMA recordings are in the training data of Stable Audio Open; 6,371 of their ids can be in "
                "this 2017 data set",
                "Stability AI",
                "Stability AI, model card of Stable Audio Open",
                SELF_DISCLOSED,
                date="2024-06",
                tracks=13_874,
            ),
        ),
        golden=(GoldenQuery("AWOL", "Food", sampled=True), GoldenQuery("Kurt Vile", "Freeway", sampled=True)),
    ),
    Card(
        id="spotify-tracks-dataset",
        name="Spotify Tracks Dataset",
        published_count="114,000 rows: 114 genres with 1,000 each, a track repeated for each of its genres",
        rows=114_000,
        released="2022-10",
        revision="2022-10",
        platform="Spotify",
        licence="tagged bsd in one place, ODbL in another",
        track_licences=False,
        addresses=("https://huggingface.co/datasets/maharshipandya/spotify-tracks-dataset",),
        golden=(
            GoldenQuery("Fall Out Boy", "Sugar, We're Goin Down", sampled=True),
            GoldenQuery("翁倩玉", "海鷗", sampled=True),
        ),
    ),
)

LATEST_DECLARATIONS: Mapping[str, Any] = {
    "collapse": {"field": "dataset"},
    "sort": [{"number": {"order": "desc", "unmapped_type": "integer"}}],
    "size": 10_000,
    "ignore_unavailable": True,
}
"""What searches the index of declarations for the latest one of each data set: as many as are in one answer."""

CARDS: Mapping[str, Card] = {card.id: card for card in _CARDS}
"""Data set id to its card."""
