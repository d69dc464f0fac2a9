"""Reports each part of the snapshot that isn't available once: a missing right, or a request without an answer."""

from collections.abc import Iterable

from linernotes.doctor.finding import ERROR, UNKNOWN, WARNING, Finding
from linernotes.doctor.snapshot import ABSENT, DENIED, SICK, SILENT, SURVEYS, Missing, Snapshot

WORDS = {
    "licence": "the licence",
    "settings": "the settings of the cluster",
    "nodes": "the nodes",
    "stats": "the figures of the nodes",
    "health": "the health of the indices",
    "report": "the health report",
    "indices": "the indices",
    "aliases": "the aliases",
    "me": "the user",
    SURVEYS: "the state of generations, ledger and locks",
}
"""How a part of the snapshot is called in a sentence."""

_ASK = "Ask an operator to run linernotes doctor, or use a key of that role: linernotes keys create --role operator"
_AGAIN = "Try again in a minute; if it stays, look into the log: linernotes node logs"
_NOTHING = "Nothing is to be done: this Elasticsearch doesn't provide it."
_MEND = "Repair the ledger and the locks as described first, then try again."

_KINDS: dict[str, tuple[str, str, str, str]] = {
    DENIED: ("not_allowed", UNKNOWN, "{who} may not see {what} (unchecked: {checks}).", _ASK),
    SILENT: ("unanswered", WARNING, "Elasticsearch didn't return {what} ({why}; unchecked: {checks}).", _AGAIN),
    ABSENT: ("not_told", UNKNOWN, "Elasticsearch doesn't have {what} ({why}; unchecked: {checks}).", _NOTHING),
    SICK: ("unsurveyed", ERROR, "Generations can't be read: {why} (unchecked: {checks}).", _MEND),
}


def finding(snapshot: Snapshot, part: str, lack: Missing, checks: Iterable[str]) -> Finding:
    """Return the finding for a part that isn't there, which the named checks need."""
    kind, severity, sentence, remedy = _KINDS[lack.kind]
    words = {"who": snapshot.holder, "what": WORDS.get(part, part), "why": lack.why, "checks": ", ".join(checks)}
    return Finding(kind, severity, part, sentence.format_map(words), remedy)


def summary(snapshot: Snapshot, parts: Iterable[str]) -> str:
    """Return why the parts are not there, those with the same reason together."""
    reasons: dict[str, list[str]] = {}
    for part in parts:
        if lack := snapshot.lacks(part):
            reasons.setdefault(lack.why, []).append(WORDS.get(part, part))
    return "; ".join(f"{why}: {', '.join(words)}" for why, words in reasons.items())
