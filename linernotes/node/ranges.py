"""Which bytes of a zip must be fetched to have one folder of it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from zipfile import ZipFile, ZipInfo

# Two wanted entries with less than this between them are fetched by one request: a request costs about 0.2 s
# (403 requests took 76 s, design section 10), in which this much arrives at 10 MB/s.
GAP = 2 << 20


@dataclass(frozen=True, order=True)
class Range:
    """Bytes `start` (included) to `end` (excluded) of a file."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start


def merged(ranges: Iterable[Range], gap: int) -> list[Range]:
    """Return few ranges, ascending and apart by more than `gap` bytes, that cover all of `ranges`.

    >>> merged([Range(30, 40), Range(0, 10), Range(11, 20)], gap=5)
    [Range(start=0, end=20), Range(start=30, end=40)]
    """
    plan: list[Range] = []
    for one in sorted(ranges):
        if plan and one.start - plan[-1].end <= gap:
            plan[-1] = Range(plan[-1].start, max(plan[-1].end, one.end))
        else:
            plan.append(one)
    return plan


def missing(plan: Iterable[Range], have: int) -> list[Range]:
    """Return what is left of an ascending plan when every byte of it before offset `have` is there.

    >>> missing([Range(0, 10), Range(20, 30)], have=25)
    [Range(start=25, end=30)]
    """
    return [Range(max(one.start, have), one.end) for one in plan if one.end > have]


def before(plan: Iterable[Range], offset: int) -> list[Range]:
    """Return the part of a plan that lies before `offset`, from which on everything is there already.

    >>> before([Range(0, 10), Range(20, 30)], offset=25)
    [Range(start=0, end=10), Range(start=20, end=25)]
    """
    return [Range(one.start, min(one.end, offset)) for one in plan if one.start < offset]


def wanted(archive: ZipFile, folder: str) -> list[ZipInfo]:
    """Return the entries of `*/<folder>/`: the folder is the second step of their path."""
    return [entry for entry in archive.infolist() if entry.filename.split("/")[1:2] == [folder]]


def extents(archive: ZipFile, entries: Iterable[ZipInfo]) -> list[Range]:
    """Return where each of the entries lies: from its header to the next entry's, or to the directory.

    The next header bounds an entry without guessing the length of its own local header, which may carry
    other extra fields than the central directory says.
    """
    starts = sorted({*(entry.header_offset for entry in archive.infolist()), archive.start_dir})
    ends = dict(pairwise(starts))
    return [Range(entry.header_offset, ends[entry.header_offset]) for entry in entries]
