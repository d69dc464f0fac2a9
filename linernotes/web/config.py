"""Settings of the server, and the limits that keep one client from taking it from the others."""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from mappings.errors import InputError

LOOPBACK = ("127.0.0.0/8", "::1/128")
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
ANY_HOST = "*"
_HOST = re.compile(r"(\*\.)?[\w-]+(\.[\w-]+)*")


@dataclass(frozen=True)
class Options:
    """How the server listens and what it bears. Sizes are bytes, times seconds."""

    host: str = "127.0.0.1"
    port: int = 8000
    trusted_proxies: tuple[str, ...] = LOOPBACK
    """Networks of the proxies that are believed about a client's address and scheme."""
    allowed_hosts: tuple[str, ...] = ()
    """Host names that requests may be for; empty: every address (but no name) of this machine, and `public_url`."""
    public_url: str = ""
    """Address by which visitors reach the server, for links that leave it; without a slash at its end."""
    metrics_clients: tuple[str, ...] = LOOPBACK
    """Networks that may read `/metrics`."""
    contact: str = ""
    """Whom visitors can write to: an e-mail address, a web address or a name; on every page."""
    requests_per_minute: int = 240
    """Of one client; people browse at a few a minute, and typing asks for suggestions three times a second. A request
    counts as many times as it costs: `middleware.limits.COSTS`."""
    requests_per_client: int = 8
    """Requests of one client that are answered at a time. A browser has six connections."""
    max_requests: int = 500
    """The same of all clients together."""
    max_connections: int = 1000
    """Connections at a time; of more, those that are idle are closed. Each has a file, of which a process mostly has
    1,024."""
    keep_alive_s: int = 15
    """How long an idle connection is kept: with uvicorn's 5 s, a visitor who clicks just then is turned away."""
    request_head_s: float = 10.0
    """What a client has to send the head of a request, on a new connection too."""
    stall_s: float = 60.0
    """How long a client may take nothing of its response before it is cut off."""
    log_texts: bool = False
    """Whether the access log has what people search for."""
    upload_bytes: int = 20_000_000
    upload_rows: int = 100_000
    upload_s: float = 300.0
    """What an upload may take; 20 MB need 64 kB a second."""
    body_bytes_per_s: int = 32_000
    """What a client has to send on average of the body of a request, after ten seconds."""
    max_uploads: int = 16
    """Uploads that are received at a time; of one client one."""
    check_bytes: int = 2_000_000_000
    """Disk for catalogue checks: uploads that are being received, catalogues that wait, and answers that are kept."""
    free_bytes: int = 500_000_000
    """Disk that is left to others: below it no upload is taken and no Parquet file is written."""
    max_checks: int = 200
    """Checks that run or are kept."""
    running_checks: int = 20
    """Checks that run, side by side: they take turns at Elasticsearch, so a small one doesn't wait for large ones."""
    checks_per_client: int = 10
    """Checks of one client that run or are kept."""
    running_checks_per_client: int = 2
    search_threads: int = 8
    """Requests that are answered side by side; Elasticsearch itself searches with four threads on two cores."""
    analysis_threads: int = 1
    """Overlaps and statistics at a time: a search always finds a thread, here and in Elasticsearch."""
    walk_threads: int = 1
    """Looks through all values of a facet at a time."""
    batch_threads: int = 2
    """Batches of rows (`/matches`, `/reconcile`) that are answered at a time."""
    max_exports: int = 2
    """Exports at a time."""
    queue_size: int = 200
    """Requests that may wait for a thread; more are refused at once."""
    search_timeout_s: float = 15.0
    """What a request may take, the wait for a thread included; also what Elasticsearch has for one query."""
    slow_timeout_s: float = 60.0
    """The same for slow requests, which send Elasticsearch many queries."""
    check_requests: int = 1
    """Requests that all catalogue checks together send at a time, of 25 rows each."""
    version_timeout_s: float = 5.0
    """What Elasticsearch has to say which version of the data it has."""
    export_s: float = 3600.0
    """What an export may take."""
    export_bytes_per_s: int = 64_000
    """What a client has to take on average of a download, before compression; else it is cut off."""
    cache_bytes: int = 32_000_000
    """Responses that are cached until the data changes."""
    shutdown_s: int = 10
    """What requests under way have when the server is stopped."""

    def link(self, path: str) -> str:
        """Return the address of a path for somebody who may not be on this site.

        >>> Options(public_url="https://music.example").link("/search"), Options().link("/search")
        ('https://music.example/search', '/search')
        """
        return self.public_url + path


def parse_networks(text: str, name: str) -> tuple[str, ...]:
    """Return the networks of a list with commas; raises InputError for what is neither an address nor a network.

    >>> parse_networks("10.0.0.7, 192.168.0.0/16", "--trusted-proxies")
    ('10.0.0.7/32', '192.168.0.0/16')
    """
    return tuple(_network(each, name) for each in _items(text))


def _network(text: str, name: str) -> str:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise InputError(f"{name}: {text!r} is no address or network.", "Write 10.0.0.7 or 10.0.0.0/24.") from error
    if not network.prefixlen:
        # Whoever is believed about addresses may take any: then the limits of a client are none.
        raise InputError(f"{name}: {text!r} is the whole internet.", "Name the proxy's own network.")
    return str(network)


def parse_hosts(text: str) -> tuple[str, ...]:
    """Return the host names of a list with commas; raises InputError for what is none.

    >>> parse_hosts("Music.example, [::1], *.music.example")
    ('music.example', '::1', '*.music.example')
    """
    return tuple(_host(each) for each in _items(text))


def _host(text: str) -> str:
    host = text.lower().removeprefix("[").removesuffix("]").rstrip(".")
    if host != ANY_HOST and not _is_ip(host) and not _HOST.fullmatch(host):
        raise InputError(
            f"--allowed-hosts: {text!r} is no host name.", "Write music.example, without a port and without https://."
        )
    return host


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def parse_public_url(text: str) -> str:
    """Return an address without the slash at its end; raises InputError for what is none, or has a path.

    >>> parse_public_url(" https://Music.example/ ")
    'https://music.example'
    """
    given = text.strip()
    if not given:
        return ""
    try:
        parts = urlsplit(given)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_usable = False
    if not is_usable or parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise InputError(
            f"--public-url: {given!r} can't be the address of this site.",
            "Write it like https://music.example, without a path: the site needs a host of its own.",
        )
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _items(text: str) -> Iterable[str]:
    return filter(None, map(str.strip, text.split(",")))


def is_allowed_host(options: Options, host: str) -> bool:
    """Tell whether requests may be for a host, given without its port.

    Names are refused unless they are listed, since any page may let its own name point to this machine (DNS
    rebinding). An address can't be made to point elsewhere.

    >>> is_allowed_host(Options(), "localhost"), is_allowed_host(Options(), "evil.example")
    (True, False)
    >>> only = Options(allowed_hosts=("*.music.example",))
    >>> is_allowed_host(only, "www.music.example"), is_allowed_host(only, "192.0.2.1")
    (True, False)
    """
    name = host.lower().rstrip(".")
    public = urlsplit(options.public_url).hostname
    if name in LOOPBACK_NAMES or (public and name == public):
        return True
    if not options.allowed_hosts:
        return not public and (_is_ip(name) or name == options.host.lower())
    return any(
        pattern in (ANY_HOST, name) or (pattern.startswith("*.") and name.endswith(pattern[1:]))
        for pattern in options.allowed_hosts
    )
