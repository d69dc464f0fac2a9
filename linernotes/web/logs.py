"""The log: one JSON object a line on standard error, whoever writes it.

What an error says of itself may quote what somebody looked for, so only its kind and the lines of code are written,
unless texts are wanted.
"""

import json
import logging
import logging.config
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import orjson

LIBRARIES = "WARNING"
"""From this level on others than us are heard: below, the client library writes every request."""


class JsonLines(logging.Formatter):
    """Writes a record as one line; what `extra={"told": {...}}` has stands beside the message."""

    def __init__(self, *, texts: bool = False) -> None:
        super().__init__()
        self._texts = texts

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
            "time": moment.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "from": record.name,
            "message": record.getMessage(),
            **getattr(record, "told", {}),
        }
        if record.exc_info and record.exc_info[1]:
            line["error"] = [*_told(traceback.TracebackException.from_exception(record.exc_info[1]), self._texts)]
        try:
            return orjson.dumps(line, default=str).decode()
        except TypeError:  # half a character, which no line may have
            return json.dumps(line, default=str, ensure_ascii=False).encode(errors="replace").decode()


def _told(error: traceback.TracebackException, texts: bool) -> Iterator[str]:
    """Yield an error's places and kind, the cause first."""
    if before := error.__cause__ or (None if error.__suppress_context__ else error.__context__):
        yield from _told(before, texts)
    for frame in error.stack:
        yield f"{frame.filename}:{frame.lineno} {frame.name}"
    yield "".join(error.format_exception_only()).strip() if texts else str(error.exc_type and error.exc_type.__name__)


def write(*, texts: bool) -> None:
    """Let everything be written so, from now on."""
    logging.captureWarnings(True)
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"lines": {"()": JsonLines, "texts": texts}},
            "handlers": {"err": {"class": "logging.StreamHandler", "formatter": "lines"}},
            "root": {"level": LIBRARIES, "handlers": ["err"]},
            "loggers": {"linernotes.web": {"level": "INFO"}},
        }
    )
