"""Packs bytes in each of the ways that a source file may be packed, for tests."""

import bz2
import gzip
import io
import sys
import zipfile
from collections.abc import Callable

if sys.version_info >= (3, 14):
    from compression import zstd as zstd
else:
    from backports import zstd as zstd


def zipped(content: bytes, name: str = "dataset.csv", method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return an archive with one member."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr(name, content)
    return packed.getvalue()


STREAMS: dict[str, Callable[[bytes], bytes]] = {".gz": gzip.compress, ".bz2": bz2.compress, ".zst": zstd.compress}
"""What is one stream, of which a beginning can be unpacked."""
