"""Sockets to listen on: opened before anything else, so that an address that can't be had is told in one sentence."""

import socket

from linernotes.security.credentials import is_loopback
from mappings.errors import InputError

BACKLOG = 512
WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - named to be told apart
"""Addresses that mean all of this machine's, with the one by which it is asked here."""


def opened(host: str, port: int) -> list[socket.socket]:
    """Return listening sockets for all addresses of a host, of one port; port 0 is one that is free.

    Raises InputError for a host that isn't this machine, or a port that is taken or not for us.
    """
    sockets: list[socket.socket] = []
    try:
        for family, address in _addresses(host, port):
            taken = sockets[0].getsockname()[1] if sockets else port
            sockets.append(_listening(family, address, taken))
    except OSError as error:
        for each in sockets:
            each.close()
        reason = error.strerror or str(error)
        raise InputError(
            f"Nobody can listen at {host}, port {port}: {reason}.",
            "Choose others with --host and --port (0: a free one).",
        ) from error
    return sockets


def url(host: str, sockets: list[socket.socket]) -> str:
    """Return the address by which this machine asks what listens there."""
    shown = WILDCARDS.get(host, host)
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{sockets[0].getsockname()[1]}"


def is_open(host: str) -> bool:
    """Tell whether other machines may come in."""
    return not is_loopback(host)


def _addresses(host: str, port: int) -> list[tuple[socket.AddressFamily, str]]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((family, str(address[0])) for family, _, _, _, address in found))


def _listening(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    # Told to be TCP, as asyncio switches Nagle off for no other: else each answer waits 40 ms for an acknowledgement.
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((address, port))
        made.listen(BACKLOG)
    except OSError:
        made.close()
        raise
    return made
