"""What the server may be told, and the bounds that keep one visitor from taking it from the others."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """How the server listens and what it bears. Sizes are bytes, times seconds."""

    host: str = "127.0.0.1"
    port: int = 8000
    requests_per_minute: int = 240
    """Of one client; people browse at a few a minute, and typing asks for a suggestion three times a second."""
    log_texts: bool = False
    """Whether the access log says what people look for."""
    upload_bytes: int = 20_000_000
    upload_rows: int = 100_000
    asking: int = 8
    """Requests that are answered side by side; Elasticsearch itself searches with four threads on two cores."""
    counting: int = 2
    """Long answers (overlap, statistics, values that contain a text) at a time, as many exports, and as many checks: a
    search always finds room."""
    waiting: int = 200
    """Requests that may wait for their turn; more are told at once that it doesn't come."""
    answer_s: float = 15.0
    """What an answer may take, the wait for its turn included; also what Elasticsearch has for one question."""
    count_s: float = 60.0
    """The same for long answers, which ask Elasticsearch many questions."""
    kept_bytes: int = 32_000_000
    """Answers that are kept until something else is loaded; with 64 MB of them the server came to 266 MB."""
    drain_s: int = 10
    """What requests under way have when the server is stopped."""
