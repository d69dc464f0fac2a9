"""Do the sums hold, and is the new generation about as large as the current one? Pure: numbers in, gates out."""

from indexer.checks.gate import Candidate, Gate, IndexStats, Thresholds, grows, not_applied

NOTHING = "none:"
"""Begins what a gate saw that would put an empty index into service."""


def totals(candidate: Candidate) -> Gate:
    """Return the gate of the sums: read = indexed + duplicates + skipped + rejected, and all that was planned."""
    count = candidate.totals
    problems = count.differences(count.indexed, candidate.kept, candidate.planned)
    parts = f"{count.indexed:,} indexed, {count.duplicates:,} duplicates, {count.skipped:,} skipped"
    seen = "; ".join(problems) or f"{count.read:,} read = {parts}, {count.rejected:,} rejected"
    return Gate("totals", seen, "no difference", not problems)


def documents(candidate: Candidate) -> Gate:
    """Return the gate of the index's own count: as many as accepted records have distinct ids, and not nothing."""
    seen, expected, read = candidate.documents, candidate.totals.indexed, candidate.totals.read
    if read and not expected:
        nothing = f"{NOTHING} all of {read:,} records were rejected or skipped"
        return Gate("documents", nothing, "at least one", passed=False)
    return Gate("documents", f"{seen:,} documents", f"{expected:,}, one for each id", seen == expected)


def rejected(candidate: Candidate, thresholds: Thresholds) -> Gate:
    """Return the gate of the rejected records' share."""
    count, read = candidate.totals.rejected, candidate.totals.read
    allowed = f"at most {thresholds.max_rejected:g} %"
    if candidate.planned is None:
        return not_applied("rejected", "no source file was read", allowed)
    share = 100.0 * count / read if read else 0.0
    seen = f"{count:,} of {read:,} records ({share:.2g} %)"
    return Gate("rejected", seen, allowed, share <= thresholds.max_rejected)


def change(candidate: Candidate, before: IndexStats | None, gone: float, thresholds: Thresholds) -> Gate:
    """Return the gate of the change: of the number of documents, and of which tracks there are.

    `gone` is how many of a sample of the current generation's tracks are missing in the new one, in per cent; where
    the difference is known exactly (`touched`), that is what counts.
    """
    allowed = f"at most {thresholds.max_change:g} %"
    if before is None or not before.documents:
        return not_applied("change", "there is no current generation", allowed)
    if grows(candidate, before, thresholds):
        return not_applied("change", f"the current generation is a part ({candidate.part_before})", allowed)
    grown = 100.0 * (candidate.documents - before.documents) / before.documents
    size = f"{before.documents:,} to {candidate.documents:,} documents ({grown:+.1f} %)"
    if candidate.touched is not None:
        share = 100.0 * candidate.touched / before.documents
        text = f"{size}, {candidate.touched:,} added, changed or removed ({share:.1f} %)"
        return Gate("change", text, allowed, max(abs(grown), share) <= thresholds.max_change)
    text = f"{size}, {gone:.1f} % of {len(before.ids):,} sampled tracks gone"
    return Gate("change", text, allowed, max(abs(grown), gone) <= thresholds.max_change)
