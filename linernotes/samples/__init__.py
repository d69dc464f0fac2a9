"""Rows to try things with: real ones as published, and synthetic ones that say so."""

import shutil
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from linernotes.samples import synthetic

_REAL: Mapping[str, tuple[str, ...]] = {
    "free-music-archive": ("fma/tracks.csv", "fma/genres.csv"),
    "spotify-tracks-dataset": ("spotify-tracks/six_genres.csv",),
}
"""Real rows that make a demo; `original_header.csv` is for tests, as most of its rows have ids of their own."""

_LOADED = {"genres.csv"}
"""Read beside the file that needs it, not loaded itself."""


def write(folder: Path) -> dict[str, list[Path]]:
    """Write the sample files of all data sets below a folder and return those to load, by data set.

    The same bytes each time: 682 and 6,000 real rows, 3,000 and 2,000 synthetic ones.
    """
    written = {dataset: [_copied(name, folder) for name in names] for dataset, names in _REAL.items()}
    loaded = {dataset: [path for path in paths if path.name not in _LOADED] for dataset, paths in written.items()}
    return loaded | synthetic.write(folder)


def real(name: str) -> Path:
    """Return the path of a shipped sample file, such as "spotify-tracks/original_header.csv"."""
    return Path(str(resources.files(__name__).joinpath("data", name)))


def _copied(name: str, folder: Path) -> Path:
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(real(name), target)
    return target
