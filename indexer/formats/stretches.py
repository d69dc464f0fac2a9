"""Cutting text into stretches: one sequential pass, the same cuts for the same bytes, always."""

from collections.abc import Callable, Iterator

from indexer.formats.inputs import Text
from indexer.records import Stretch
from mappings.errors import InputError

STRETCH_BYTES = 16 << 20
"""Bytes of text in a stretch. Each stretch costs some 30 ms of CPU before its first row.
Microseconds of CPU a row, and peak memory, for 194,268 synthetic JSON Lines of 810 bytes, read to search fields:
4 MB 25, 223 MB · 8 MB 18, 271 MB · 16 MB 16, 359 MB · 32 MB 16, 492 MB."""

RECORD_BYTES = 256 << 20
"""Text that goes on for so long without the end of a record isn't of this format; a limit keeps memory flat."""

Cut = Callable[[bytes, bool], tuple[int, int]]
"""Takes bytes that begin with a record, and whether they are the last of the file. Returns how many of them are whole
records (0: none yet, more is needed), and how many records these are."""


def plan(text: Text, start: int, cut: Cut, block: int = STRETCH_BYTES) -> Iterator[Stretch]:
    """Yield the stretches from byte `start` on: whole records, about `block` bytes each, rows counted from 1."""
    number, first_row, offset, buffer = 0, 1, start, b""
    while offset < text.size:
        buffer += text.read_at(offset + len(buffer), block)
        end, rows = cut(buffer, offset + len(buffer) >= text.size)
        if end:
            yield Stretch(number, offset, end, first_row, rows)
            number, first_row, offset, buffer = number + 1, first_row + rows, offset + end, buffer[end:]
        elif len(buffer) > max(RECORD_BYTES, block):
            size = f"{len(buffer) / 1e6:,.0f} MB"
            raise InputError(f"{text.name} has no end of a record in {size}.", "Check that this is the right file.")
