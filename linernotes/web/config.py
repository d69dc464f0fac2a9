"""Settings of the server, and the limits that keep one client from taking it from the others."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """How the server listens and what it bears. Sizes are bytes, times seconds."""

    host: str = "127.0.0.1"
    port: int = 8000
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
    max_exports: int = 2
    """Exports at a time."""
    queue_size: int = 200
    """Requests that may wait for a thread; more are refused at once."""
    search_timeout_s: float = 15.0
    """What a request may take, the wait for a thread included; also what Elasticsearch has for one query."""
    slow_timeout_s: float = 60.0
    """The same for slow requests, which send Elasticsearch many queries."""
    check_requests: int = 1
    """Requests that all catalogue checks together send at a time, of a hundred rows each."""
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
