"""Which ports a node listens on: its own ones again when they are free, so that its address stays the same."""

import socket
import zlib
from collections.abc import Callable, Iterator

from linernotes.node.config import Ports
from mappings.errors import LinernotesError

# Below 32768, where Linux takes the ports of outgoing connections from: one of those could take ours between two
# starts, or in the seconds between choosing a port and Elasticsearch's listening there.
FIRST, LAST = 20_000, 32_000
LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """Tell whether a port of the loopback address can be listened on."""
    with socket.socket() as probe:
        # As Elasticsearch does: a connection of the last run that is just timing out doesn't count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def choose(remembered: Ports | None, seed: str, free: Callable[[int], bool] = is_free) -> Ports:
    """Return the remembered ports where free, else the first free ones from a place that `seed` sets."""
    found = (port for port in _from(seed) if free(port))
    http = remembered.http if remembered and free(remembered.http) else next(found, 0)
    if remembered and remembered.transport != http and free(remembered.transport):
        return Ports(http, remembered.transport)
    transport = next((port for port in found if port != http), 0)
    if not (http and transport):
        raise LinernotesError(f"No port between {FIRST} and {LAST} is free.", "End what occupies them.")
    return Ports(http, transport)


def _from(seed: str) -> Iterator[int]:
    """Yield all ports of the range once, starting at the one that belongs to the seed."""
    width = LAST - FIRST
    # Even numbers to begin with: two homes are then less likely to meet.
    begin = zlib.crc32(seed.encode()) % (width // 2) * 2
    return (FIRST + (begin + step) % width for step in range(width))
