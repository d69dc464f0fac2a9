"""Explains why Elasticsearch didn't start, from what it printed: the commonest causes, each with a remedy."""

import re

from mappings.errors import LinernotesError

AGAIN = "Run `linernotes node start` again"
SMALLER = "Start it with a smaller --heap, such as 512m, or end other programs."
ELSEWHERE = "set LINERNOTES_HOME to another folder"

# What is printed, what it means (with the pattern's group), and what to do. The first that matches counts, so the more
# particular ones stand above.
CAUSES: tuple[tuple[str, str, str], ...] = (
    (
        r"\bBind\w*Exception\b",
        "A port that was free a moment ago was taken by another program.",
        f"{AGAIN}: it chooses another one.",
    ),
    (
        r"No space left on device|Disk quota exceeded",
        "The disk is full.",
        "Make room, or set LINERNOTES_HOME to a folder on another disk.",
    ),
    (
        r"Could not reserve enough space|insufficient memory for the Java|Cannot allocate memory|nvalid \w+ heap size",
        "Java can't have that much memory.",
        SMALLER,
    ),
    (r"java\.lang\.OutOfMemoryError", "Elasticsearch ran out of memory.", "Start it with a larger --heap."),
    (r"with exit code 137\b", "The system killed Elasticsearch, most likely for lack of memory.", SMALLER),
    (
        r"failed to obtain node locks?|Lock held by another program",
        "Another Elasticsearch is using this node's data.",
        f"End it, or {ELSEWHERE}.",
    ),
    (
        r"cannot (?:up|down)grade a node from version \[[\d.]+\]",
        "The data were written by another version of Elasticsearch.",
        f"Use that version (--es-version), or {ELSEWHERE} and load again.",
    ),
    (
        r"AccessDeniedException: (\S+)",
        "Elasticsearch may not use {}.",
        f"Give that folder to the user that it runs as, or {ELSEWHERE}.",
    ),
    (
        r"CorruptIndexException|CorruptStateException|IndexFormatToo(?:Old|New)Exception|failed to read .*_state",
        "The node's data are damaged.",
        "Move the folder `node` out of LINERNOTES_HOME, and load again.",
    ),
    (
        r"UnsupportedClassVersionError|Unrecognized VM option|Module \S+ not found",
        "This Java can't run Elasticsearch.",
        "Set JAVA_HOME to another JDK, version 17 or newer.",
    ),
)

CAUSED = re.compile(r"^Caused by: (.+)", re.MULTILINE)
FATAL = re.compile(
    r"(?:fatal exception while booting Elasticsearch|^ERROR:|Exception in thread.*?:)\s*(.+)", re.MULTILINE
)


def explain(printed: str, code: int | None, log: str) -> LinernotesError:
    """Return why it ended, from what it printed and its exit code; `log` is where that text is.

    >>> explain("... java.net.BindException: Address already in use", 1, "log").message
    "Elasticsearch didn't start. A port that was free a moment ago was taken by another program."
    """
    if code and code < 0:
        return LinernotesError(f"Elasticsearch didn't start: its launcher was ended by signal {-code}.", f"{AGAIN}.")
    for pattern, message, hint in CAUSES:
        if match := re.search(pattern, printed, re.MULTILINE):
            return LinernotesError(f"Elasticsearch didn't start. {message.format(*match.groups())}", hint)
    # The last cause is the first thing that went wrong; what stands above it only passed it on.
    last = CAUSED.findall(printed)[-1:] or FATAL.findall(printed)[:1] or ["it ended without a message"]
    return LinernotesError(f"Elasticsearch didn't start: {last[0].strip()[:200].rstrip('.')}.", f"More is in {log}")
