"""Settings of the server, and the limits that keep one client from taking it from the others."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """How the server listens and what it bears. Sizes are bytes, times seconds."""

    host: str = "127.0.0.1"
    port: int = 8000
    requests_per_minute: int = 240
    """Of one client; people browse at a few a minute, and typing asks for suggestions three times a second."""
    log_texts: bool = False
    """Whether the access log has what people search for."""
    upload_bytes: int = 20_000_000
    upload_rows: int = 100_000
    search_threads: int = 8
    """Requests that are answered side by side; Elasticsearch itself searches with four threads on two cores."""
    slow_threads: int = 2
    """Slow requests (overlap, statistics, values that contain a text) at a time, and as many exports and catalogue
    checks: a search always finds a thread."""
    queue_size: int = 200
    """Requests that may wait for a thread; more are refused at once."""
    search_timeout_s: float = 15.0
    """What a request may take, the wait for a thread included; also what Elasticsearch has for one query."""
    slow_timeout_s: float = 60.0
    """The same for slow requests, which send Elasticsearch many queries."""
    cache_bytes: int = 32_000_000
    """Responses that are cached until the data changes."""
    shutdown_s: int = 10
    """What requests under way have when the server is stopped."""
