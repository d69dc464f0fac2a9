"""Why a start failed, in one sentence, from what Java and Elasticsearch printed. Pure: rows, no branches."""

import re
from dataclasses import dataclass

from mappings.errors import LinernotesError

AGAIN = "Run `linernotes node start` again"


@dataclass(frozen=True)
class Cause:
    """What is printed, what it means (with the pattern's groups), and what to do."""

    pattern: re.Pattern[str]
    message: str
    hint: str


def _cause(pattern: str, message: str, hint: str) -> Cause:
    return Cause(re.compile(pattern, re.MULTILINE), message, hint)


# The first that matches counts, so the more particular ones stand above.
CAUSES = (
    _cause(
        r"\bBind\w*Exception\b",
        "A port that was free a moment ago was taken by another program.",
        f"{AGAIN}: it chooses another one.",
    ),
    _cause(
        r"No space left on device|Disk quota exceeded",
        "The disk is full.",
        "Make room, or set LINERNOTES_HOME to a folder on another disk.",
    ),
    _cause(
        r"Could not reserve enough space|Initial heap size set to a larger value|insufficient memory for the Java|"
        r"Cannot allocate memory|Invalid (?:initial|maximum) heap size|exceeds the maximum representable size",
        "Java can't have that much memory.",
        "Start it with a smaller --heap, such as 512m, or end other programs.",
    ),
    _cause(
        r"java\.lang\.OutOfMemoryError",
        "Elasticsearch ran out of memory.",
        "Start it with a larger --heap.",
    ),
    _cause(
        r"failed to obtain node locks?|Lock held by another program",
        "Another Elasticsearch is using this node's data.",
        "End it, or set LINERNOTES_HOME to another folder.",
    ),
    _cause(
        r"bootstrap check failure \[\d+\] of \[\d+\]: (?P<what>.+?);? ?(?:for more information.*)?$",
        "Elasticsearch found this machine's settings unfit: {what}.",
        "Change that setting, or use `docker compose up`.",
    ),
    _cause(
        r"cannot upgrade a node from version \[(?P<what>[\d.]+)\]|"
        r"cannot downgrade a node from version \[(?P<newer>[\d.]+)\]",
        "The data were written by another version of Elasticsearch.",
        "Set LINERNOTES_HOME to another folder and load again.",
    ),
    _cause(
        r"AccessDeniedException: (?P<what>\S+)",
        "Elasticsearch may not use {what}.",
        "Give that folder to the user that it runs as, or set LINERNOTES_HOME to another folder.",
    ),
    _cause(
        r"CorruptIndexException|CorruptStateException|IndexFormatToo(?:Old|New)Exception|failed to read .*_state",
        "The node's data are damaged.",
        "Move the folder `node` out of LINERNOTES_HOME, and load again.",
    ),
    _cause(
        r"unknown setting \[(?P<what>[^\]]+)\]",
        "Elasticsearch doesn't know the setting {what}.",
        "This is a mistake of linernotes: please report it.",
    ),
    _cause(
        r"UnsupportedClassVersionError|Unrecognized VM option '(?P<what>[^']+)'|Module (?P<module>\S+) not found",
        "This Java can't run Elasticsearch.",
        "Set JAVA_HOME to another JDK, version 17 or newer.",
    ),
    _cause(
        r"with exit code 137\b",
        "The system killed Elasticsearch, most likely for want of memory.",
        "Start it with a smaller --heap, such as 512m, or end other programs.",
    ),
)

CAUSED = re.compile(r"^Caused by: (.+)", re.MULTILINE)
FATAL = re.compile(
    r"(?:fatal exception while booting Elasticsearch|^ERROR:|Exception in thread.*?:)\s*(.+)", re.MULTILINE
)


def explain(printed: str, code: int | None, log: str) -> LinernotesError:
    """Return why it died, from what it printed and its exit code; `log` is where that text is.

    >>> explain("... java.net.BindException: Address already in use", 1, "log").message
    "Elasticsearch didn't start. A port that was free a moment ago was taken by another program."
    """
    if code and code < 0:
        return LinernotesError(f"Elasticsearch didn't start: its launcher was ended by signal {-code}.", f"{AGAIN}.")
    for cause in CAUSES:
        if match := cause.pattern.search(printed):
            told = {name: value or "" for name, value in match.groupdict().items()}
            return LinernotesError(f"Elasticsearch didn't start. {cause.message.format(**told)}", cause.hint)
    # The last cause is the first thing that went wrong; what stands above it only passed it on.
    said = CAUSED.findall(printed)[-1:] or FATAL.findall(printed)[:1] or ["it ended without a word"]
    return LinernotesError(f"Elasticsearch didn't start: {said[0].strip()[:200].rstrip('.')}.", f"More is in {log}")
