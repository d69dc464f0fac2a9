"""Views of what others can cite: an address, the moment, and the generations and source files behind a number."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from linernotes import i18n
from linernotes.catalogue.run import DataSet
from linernotes.i18n import gettext
from linernotes.web.pages import display_text, labels, urls
from mappings.track import SOURCE_FILE, SOURCE_ROW

MAX_FILES = 40
"""Source files of a data set that are listed; its own page has all."""


@dataclass(frozen=True)
class SourceFile:
    """A file as it was published, and its hash, if the generation notes one."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Source:
    """The generation of a data set, and its source files."""

    name: str
    href: str
    generation: str
    revision: str
    files: tuple[SourceFile, ...]
    files_omitted: int


@dataclass(frozen=True)
class Citation:
    """What to cite: one sentence, and the sources behind it."""

    text: str
    address: str
    counted_at: str
    sources: tuple[Source, ...]


def citation(
    title: str,
    address: str,
    present: Iterable[str],
    loaded: Mapping[str, DataSet],
    track: Mapping[str, Any] | None = None,
) -> Citation:
    """Return how to cite a page about tracks of some data sets; of one `track` only the file that it is in."""
    own = str(track.get(SOURCE_FILE) or "") if track else ""
    sources = tuple(source(loaded[name], own) for name in present if name in loaded)
    now = i18n.moment(datetime.now(UTC))
    parts = [f"“{display_text.shown(title, 200)}”", *(_short(each) for each in sources)]
    if own and track and track.get(SOURCE_ROW):
        parts.append(gettext("file %(file)s, row %(row)s", file=display_text.shown(own, 100), row=track[SOURCE_ROW]))
    parts += [f"linernotes, {address}", gettext("as of %(moment)s", moment=now)]
    return Citation("; ".join(parts) + ".", address, now, sources)


def _short(source: Source) -> str:
    return f"{source.name} ({source.generation})"


def source(dataset: DataSet, only: str = "") -> Source:
    """Return the generation of a data set with its source files, or `only` the one of a track."""
    files = [file for file in dataset.files if not only or _is_named(file, only)] or list(dataset.files)
    listed = tuple(
        SourceFile(display_text.shown(each.get("name", ""), 120), str(each.get("sha256") or "")) for each in files
    )
    return Source(
        name=labels.value("dataset", dataset.id),
        href=urls.dataset(dataset.id),
        generation=dataset.generation,
        revision=display_text.shown(dataset.revision or gettext("unknown"), 60),
        files=listed[:MAX_FILES],
        files_omitted=max(len(listed) - MAX_FILES, 0),
    )


def _is_named(file: Mapping[str, Any], name: str) -> bool:
    """Tell whether a source file is the one that a track names: a member of an archive names the archive too."""
    listed = str(file.get("name", ""))
    return bool(listed) and (listed == name or name.startswith(f"{listed}/") or listed.endswith(f"/{name}"))


def recording_data(track: Mapping[str, Any], address: str, source: tuple[str, str] | None) -> dict[str, Any]:
    """Return a track as JSON-LD (schema.org): what the data set says, and nothing that it doesn't."""
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "MusicRecording",
        "@id": address,
        "url": address,
        "name": track.get("title") or None,
        "byArtist": [{"@type": "MusicGroup", "name": each} for each in track.get("artists") or ()] or None,
        "inAlbum": {"@type": "MusicAlbum", "name": track["album"]} if track.get("album") else None,
        "genre": track.get("genre") or None,
        "datePublished": str(track.get("release_date") or track.get("year") or "") or None,
        "duration": f"PT{int(track['duration_s'])}S" if track.get("duration_s") else None,
        "license": track.get("licence_url") or None,
        "sameAs": source[0] if source else None,
        "subjectOf": {"@type": "Dataset", "name": labels.value("dataset", track["dataset"])},
    }
    return {name: value for name, value in data.items() if value is not None}
