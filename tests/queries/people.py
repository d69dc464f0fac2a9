"""Made-up tracks with what artists' pages, overlaps and statistics count: keys, videos, ids, namesakes."""

import random
from typing import Any

from tests.queries import made
from tests.queries.tracks import track

LAION, SLEEPING, FMA, SPOTIFY = made.DATASETS

NOAHS = {"UC-one": 5, "UC-two": 3}
"""Tracks by id of two artists called Noah in one data set."""


def tracks(number: int, seed: int) -> list[dict[str, Any]]:
    rng = random.Random(seed)
    return [*(_joined(rng, one) for one in made.tracks(number, seed)), *named(number)]


def _joined(rng: random.Random, one: dict[str, Any]) -> dict[str, Any]:
    """Add keys and videos that are often shared, and artists of which one data set has more."""
    videos = [f"video{rng.randint(0, 900):06d}" for _ in range(rng.choice((0, 1, 1, 2)))]
    with_video = one["dataset"] in (LAION, SLEEPING)
    much = ["Over Represented"] if one["dataset"] == FMA and rng.random() < 0.2 else []
    contributors = rng.sample(made.ARTISTS, rng.choice((0, 0, 1, 2)))
    return one | {
        "artists": [*one["artists"], *much],
        "contributors": contributors or None,
        "recording_key": rng.choice((None, f"key / {rng.randint(0, 1200)}", f"key / {rng.randint(0, 1200)}")),
        "video_ids": (videos or None) if with_video else None,
        "licence": one["licence"] if one["dataset"] == FMA else None,
    }


def named(first: int) -> list[dict[str, Any]]:
    """Return tracks of artists whose names are spelt in odd ways, or shared."""
    rows: list[tuple[str, list[str], list[str] | None, str]] = []
    rows += [(f"Ark {n}", ["Noah"], ["UC-one"], LAION) for n in range(4)]
    rows += [("Ark with guest", ["Guest", "Noah"], ["UC-guest", "UC-one"], LAION)]
    rows += [(f"Dove {n}", ["Noah"], ["UC-two"], LAION) for n in range(3)]
    rows += [("Untold", ["Noah", "Somebody"], ["UC-other"], LAION)]  # it isn't known whose id that is
    rows += [("Raven", ["Noah"], ["77"], FMA), ("Olive", ["Noah"], None, SPOTIFY)]
    rows += [("Capital", ["NOAH"], None, SPOTIFY), ("Small", ["noah"], None, SLEEPING)]
    rows += [("Thunderstruck", ["AC/DC"], None, SPOTIFY), ("T.N.T.", ["AC/DC"], None, SPOTIFY)]
    rows += [("Группа крови", ["Кино"], None, LAION), ("Jóga", ["Björk"], None, SPOTIFY)]
    rows += [("So What", ["P!nk"], None, SPOTIFY), ("Me and Giuliani", ["!!!"], None, SPOTIFY)]
    rows += [("Twist and Shout", ["The Beatles"], None, SPOTIFY), ("thunderstruck", ["Some Cover"], None, LAION)]
    rows += [("Paranoid", ["Ty Dolla $ign"], None, SPOTIFY), ("私以外私じゃないの", ["ゲスの極み乙女"], None, LAION)]
    rows += [("Восьмиклассница", ["Виктор Цой"], None, LAION), ("Schrei nach Liebe", ["Die Ärzte"], None, LAION)]
    return [
        track(first + at, title, artists, artist_ids=ids, dataset=dataset, plays=1000 - at, album="Odd Names")
        for at, (title, artists, ids, dataset) in enumerate(rows)
    ]
