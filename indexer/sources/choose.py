"""Which files a user's paths stand for."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from indexer.formats.inputs import check_path, open_archive
from indexer.records import SourceFile
from mappings.problems import InputProblem


def choose(paths: Sequence[Path], dataset: str, patterns: Sequence[str], member: str) -> list[SourceFile]:
    """Return the source files of files, folders and archives, each once, in the order that decides "first wins".

    In a folder these are the files whose names match one of the patterns, at any depth, sorted; of an archive it is the
    member of the given name. Raises InputProblem for a path that is missing or holds nothing of the data set.
    """
    if not paths:
        raise InputProblem(f"No file of {dataset} was given.", "Name a file or a folder.")
    chosen: dict[tuple[Path, str], SourceFile] = {}
    for path in paths:
        check_path(path)
        for file in _in_folder(path, dataset, patterns, member) if path.is_dir() else [_one(path, path.name, member)]:
            chosen.setdefault((file.path.resolve(), file.member), file)
    names = Counter(file.name for file in chosen.values())
    # Evidence names a file: two of the same name in different folders are told apart by their paths.
    return [replace(file, name=str(file.path)) if names[file.name] > 1 else file for file in chosen.values()]


def _in_folder(folder: Path, dataset: str, patterns: Sequence[str], member: str) -> Iterator[SourceFile]:
    # The first pattern that finds something decides: a tracks.csv is preferred to the archive it came from.
    for pattern in patterns:
        found = sorted((path for path in folder.rglob(pattern) if path.is_file()), key=_natural)
        if found:
            yield from (_one(path, str(path.relative_to(folder)), member) for path in found)
            return
    raise InputProblem(f"{folder} holds no file of {dataset} ({', '.join(patterns)}).", "Name the files instead.")


def _natural(path: Path) -> list[tuple[int, str]]:
    """Sort part-2 before part-10."""
    return [(int(piece), "") if piece.isdigit() else (-1, piece) for piece in re.split(r"([0-9]+)", str(path))]


def _one(path: Path, name: str, member: str) -> SourceFile:
    if path.suffix.lower() != ".zip" or not member:
        return SourceFile(path, name)
    with open_archive(path) as archive:
        members = [entry for entry in archive.namelist() if Path(entry).name == member]
    if not members:
        raise InputProblem(f"{path} holds no {member}.", "Check that this is the right archive.")
    return SourceFile(path, f"{name}/{members[0]}", members[0])
