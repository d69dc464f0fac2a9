"""Which files a user's paths stand for: files, patterns, folders, archives, standard input."""

import glob
import os
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path, PurePath

from indexer.readers.compression import STDIN, SUFFIXES, copied, is_archive
from indexer.readers.files import check_path, open_archive
from indexer.records import SourceFile
from mappings.errors import InputError

_STDIN_NAME = "stdin"

_FOREIGN = re.compile(r"(^|/)(__MACOSX/|\._)")
"""What macOS adds to archives and to other disks: it looks like the files that it describes."""


def choose(paths: Sequence[Path], dataset: str, patterns: Sequence[str]) -> list[SourceFile]:
    """Return the source files of what the user named, each once, in the order that decides "first wins".

    In a folder, at any depth, and in an archive these are the files whose names match the first of the patterns that
    matches any, in the order of their names and numbers. Raises InputError for a path that is missing or holds
    nothing of the data set.
    """
    if not paths:
        raise InputError(f"No file of {dataset} was given.", "Name a file or a folder.")
    kind = _Kind(dataset, tuple(patterns))
    chosen: dict[tuple[Path, str], SourceFile] = {}
    for path in dict.fromkeys(_expanded(paths)):
        for file in kind.files(path):
            chosen.setdefault((file.path.resolve(), file.member), file)
    names = Counter(file.name for file in chosen.values())
    # Evidence names a file: two of the same name in different folders are distinguished by their paths.
    return [replace(file, name=_long_name(file)) if names[file.name] > 1 else file for file in chosen.values()]


@dataclass(frozen=True)
class _Kind:
    """What the files of a data set are called."""

    dataset: str
    patterns: tuple[str, ...]

    def files(self, path: Path) -> Iterator[SourceFile]:
        """Yield the files that one path stands for."""
        if path == STDIN:
            copy = copied(path, _STDIN_NAME)
            yield from self._members(SourceFile(copy.path, _STDIN_NAME, copy=copy))
            return
        check_path(path)
        if path.is_dir():
            yield from self._in_folder(path)
        elif path.is_fifo():  # such as <(curl ...): it can be read only once
            copy = copied(path, path.name)
            yield from self._members(SourceFile(copy.path, path.name, copy=copy))
        else:
            yield from self._members(SourceFile(path, path.name))

    def _in_folder(self, folder: Path) -> Iterator[SourceFile]:
        names = [str(path.relative_to(folder)) for path in _walked(folder)]
        matches = self._matching(names) or [name for name in names if self._is_archive_of(folder / name)]
        if not matches:
            raise self._nothing_in(str(folder))
        for name in matches:
            yield from self._members(SourceFile(folder / name, name))

    def _matching(self, names: Iterable[str]) -> list[str]:
        # The first pattern that finds something decides: a tracks.csv is preferred to the archive it came from.
        own = [name for name in names if not _FOREIGN.search(name)]
        for pattern in self.patterns:
            if matches := [name for name in own if _matches(PurePath(name), pattern)]:
                return sorted(matches, key=_natural)
        return []

    def _is_archive_of(self, path: Path) -> bool:
        return path.suffix.lower() == ".zip" and bool(self._matching(_entries(path, str(path))))

    def _members(self, file: SourceFile) -> list[SourceFile]:
        """Return the file itself, or those that are in it when it is an archive."""
        if not is_archive(file.path):
            return [file]
        if parse_list := self._matching(_entries(file.path, file.name)):
            return [replace(file, name=f"{file.name}/{member}", member=member) for member in parse_list]
        raise self._nothing_in(file.name)

    def _nothing_in(self, name: str) -> InputError:
        patterns = ", ".join(self.patterns)
        return InputError(f"{name} holds no file of {self.dataset} ({patterns}).", "Name the files instead.")


def _expanded(paths: Sequence[Path]) -> Iterator[Path]:
    """Yield the paths, and what quoted patterns match; a file of just that name is preferred."""
    for path in paths:
        if not glob.has_magic(str(path)) or os.path.lexists(path):
            yield path
            continue
        matches = sorted(glob.glob(str(path), recursive=True), key=_natural)  # noqa: PTH207 - Path.glob takes no absolute one
        if not matches:
            raise InputError(f"No file matches {path}.", "Check the pattern and the folder.")
        yield from map(Path, matches)


def _walked(folder: Path) -> Iterator[Path]:
    """Yield all files below a folder; a folder in it that may not be read is a problem, not an empty one."""
    for parent, _, names in os.walk(folder, onerror=_unreadable):
        yield from (Path(parent, name) for name in names)


def _unreadable(error: OSError) -> None:
    raise InputError(f"{error.filename} can't be read: {error.strerror}.", "Change its permissions.") from error


def _matches(name: PurePath, pattern: str) -> bool:
    """Tell whether a name matches, with or without the ending of a packed file."""
    plain = name.stem if name.suffix.lower() in SUFFIXES else name.name
    return fnmatch(name.name, pattern) or fnmatch(plain, pattern)


def _entries(path: Path, name: str) -> list[str]:
    with open_archive(path, name) as archive:
        return [entry.filename for entry in archive.infolist() if not entry.is_dir()]


def _long_name(file: SourceFile) -> str:
    return f"{file.path}/{file.member}" if file.member else str(file.path)


def _natural(name: str) -> list[tuple[int, str]]:
    """Sort part-2 before part-10."""
    return [(int(piece), "") if piece.isdigit() else (-1, piece) for piece in re.split(r"([0-9]+)", name)]


SIGNS: Mapping[str, frozenset[str]] = {
    "laion-disco-12m": frozenset({"song_id", "artist_names", "album_id", "isExplicit", "views"}),
    "sleeping-disco-9m": frozenset({"song_id", "primary_artist", "song_url", "youtube_links", "lyricists"}),
    "free-music-archive": frozenset({"album", "artist", "set", "track"}),  # its first header row has the groups
    "spotify-tracks-dataset": frozenset({"track_id", "track_name", "popularity", "track_genre", "danceability"}),
}
"""Columns that together are only this data set's."""

_ENOUGH = 0.6


def check_columns(file: str, dataset: str, seen: Collection[str], required: Collection[str]) -> None:
    """Raise InputError when required columns are missing, or when columns look like another data set's."""
    missing = [name for name in required if name not in seen]
    other = looks_like(seen)
    if other not in (None, dataset):
        what = f"its columns look like those of {other}"
    elif missing:
        what = f"column {missing[0]} is missing"
    else:
        return
    raise InputError(f"{file} is no file of {dataset}: {what}.", "Check the data set's name and the file.")


def looks_like(seen: Collection[str]) -> str | None:
    """Return the data set that columns most look like, or None."""
    shares = {dataset: len(signs.intersection(seen)) / len(signs) for dataset, signs in SIGNS.items()}
    best = max(shares, key=lambda dataset: shares[dataset])
    return best if shares[best] >= _ENOUGH else None
