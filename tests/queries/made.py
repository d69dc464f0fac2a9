"""A made-up collection whose every count can be worked out by hand (that is, in Python)."""

import random
from typing import Any

from tests.queries.tracks import track

_WORDS = """
bakolu dremon fithas gwelph horzin jakturo kelvum lobrast mungito nerwyck oxtabel pluvine quastor rimbeldo sorfanti
tulpemo umbrago vextilla wobnuri yarkesh zephquin
"""

WORDS = tuple(_WORDS.split())
"""No two are within two letters of each other, so the fuzzy stage finds nothing more."""

DATASETS = ("laion-disco-12m", "sleeping-disco-9m", "free-music-archive", "spotify-tracks-dataset")
GENRES = ("rock", "pop", "jazz", "electronic", "folk")
LICENCES = ("CC-BY-4.0", "CC-BY-NC-SA-3.0", "CC0-1.0", "FMA-LIMITED")
LANGUAGES = ("und", "fr", "de", "pt-br")
ARTISTS = tuple(f"{first.title()} {second.title()}" for first in WORDS[:9] for second in WORDS[9:])


def tracks(number: int, seed: int) -> list[dict[str, Any]]:
    """Return so many tracks; the same seed gives the same ones."""
    rng = random.Random(seed)
    return [_track(rng, index) for index in range(number)]


def _track(rng: random.Random, index: int) -> dict[str, Any]:
    return track(
        index,
        " ".join(rng.choices(WORDS, k=rng.randint(1, 4))),
        rng.sample(ARTISTS, rng.choice((0, 1, 1, 1, 2))),
        album=rng.choice((None, rng.choice(WORDS))),
        dataset=rng.choice(DATASETS),
        platform=rng.choice(("YouTube Music", "Spotify")),
        genre=rng.choice((None, rng.sample(GENRES, rng.randint(1, 3)))),
        licence=rng.choice((None, *LICENCES)),
        commercial_use=rng.choice(("allowed", "prohibited", "unknown")),
        language=rng.choice((None, *LANGUAGES)),
        year=rng.choice((None, rng.randint(1960, 2020))),
        explicit=rng.choice((None, True, False)),
        plays=rng.choice((None, rng.randint(0, 5))),
    )
