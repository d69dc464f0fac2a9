"""Rows of all kinds and the documents that they become, pinned: python -m tests.normalise.pinned writes them anew.

A document that changes without `NORMALISATION_VERSION` being raised would mix two normalisations in one index.
"""

import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import orjson
import polars as pl

from benchmarks import known_tracks
from indexer.documents.bulk_body import encode, finalise
from indexer.normalise.track import NORMALISATION_VERSION
from indexer.sources import SOURCES
from linernotes import samples

FILE = Path(__file__).with_name("pinned.ndjson")

OF_EACH = 60
"""Rows of each data set's samples."""

ODD = (
    "Rock &amp;amp; Roll", "BeyoncÃ©", "<p>Rock <b>me</b></p>", "  two   words \t", "e\u0301tude", "ｶﾀｶﾅ", "ＦＵＬＬ",
    "Guns N’ Roses", "AC/DC", "A$AP", "$ign", "P!nk", "Ke$ha", "!!!", "½", "2Pac", "R&B", "Die Ärzte", "Straße",
    "Œuvre", "Алёна", "Кино", "Цой", "東京事変", "きゃりーぱみゅぱみゅ", "서울 아리랑", "مرحبا", "שלום", "ไทย",
    "Ωμέγα", "Łódź", "İstanbul", "naïve – “Ã”", "Stan (feat. Dido)", "One ft. Two", "Daft Punk", "Deadmau5",
    "Song - Remastered 2011", "Song (Live)", "Song (Official Video)", "Chanson d'automne pour toi",
    "Das letzte Lied der Nacht", "La canción de la noche", "Мы ждём перемен",
)  # fmt: skip
"""Names that are cleaned, spelled otherwise, taken apart or told apart by language."""


def lines() -> Iterator[bytes]:
    """Yield the actions and documents of the pinned rows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = samples.write(folder / "samples")
        odd = folder / "laion-disco-12m" / "odd.parquet"
        odd.parent.mkdir()
        pairs = [*pairwise(ODD), *list(known_tracks.compiled())[::3]]
        known_tracks.write_laion(pairs, odd)
        for dataset, paths in files.items():
            yield from _documents(dataset, paths, OF_EACH)
        yield from _documents("laion-disco-12m", [odd], len(pairs))


def _documents(dataset: str, paths: list[Path], number: int) -> Iterator[bytes]:
    source = SOURCES[dataset]
    for place, file in enumerate(source.files(paths)):
        reader = source.reader(file)
        for chunk in reader.chunks():
            tracks = finalise(source.normalise(reader.read(chunk), file), file.name).tracks
            step = max(1, tracks.height // number)
            for body in encode(tracks.gather_every(step).head(number), place, 1_000_000):
                yield from body.lines()


def hashes() -> list[int]:
    """Return the hashes of a few texts: fingerprints and sketches are made of them."""
    return pl.Series(["", "a", "Björk", "東京"]).hash(0).to_list()


def content() -> bytes:
    """Return what the file holds: version and hashes, then actions and documents."""
    head = {"normalisation": NORMALISATION_VERSION, "hashes": hashes()}
    return b"\n".join((orjson.dumps(head), *lines())) + b"\n"


if __name__ == "__main__":
    FILE.write_bytes(content())
