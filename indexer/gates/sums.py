"""Do the sums hold, and is the new generation about as large as the current one? Pure: numbers in, gates out."""

from indexer.gates.gate import Bounds, Candidate, Gate, Look, grows, not_applied


def totals(candidate: Candidate) -> Gate:
    """Return the gate of the sums: read = indexed + duplicates + skipped + rejected, and all that was planned."""
    count = candidate.totals
    problems = count.differences(count.indexed, candidate.kept, candidate.planned)
    parts = f"{count.indexed:,} indexed, {count.duplicates:,} duplicates, {count.skipped:,} skipped"
    seen = "; ".join(problems) or f"{count.read:,} read = {parts}, {count.rejected:,} rejected"
    return Gate("totals", seen, "no difference", not problems)


def documents(candidate: Candidate) -> Gate:
    """Return the gate of the index's own count: each distinct id was answered once with "created"."""
    seen, expected = candidate.documents, candidate.totals.indexed
    return Gate("documents", f"{seen:,} documents", f"{expected:,}, one for each id", seen == expected)


def change(candidate: Candidate, before: Look | None, gone: float, bounds: Bounds) -> Gate:
    """Return the gate of the change: of the number of documents, and of which tracks there are.

    `gone` is how many of a sample of the current generation's tracks are missing in the new one, in per cent; where
    the difference is known exactly (`touched`), that is what counts.
    """
    allowed = f"at most {bounds.max_change:g} %"
    if before is None or not before.documents:
        return not_applied("change", "there is no current generation", allowed)
    if grows(candidate, before, bounds):
        return not_applied("change", f"the current generation is a part ({candidate.part_before})", allowed)
    grown = 100.0 * (candidate.documents - before.documents) / before.documents
    size = f"{before.documents:,} to {candidate.documents:,} documents ({grown:+.1f} %)"
    if candidate.touched is not None:
        share = 100.0 * candidate.touched / before.documents
        text = f"{size}, {candidate.touched:,} added, changed or removed ({share:.1f} %)"
        return Gate("change", text, allowed, max(abs(grown), share) <= bounds.max_change)
    text = f"{size}, {gone:.1f} % of {len(before.ids):,} sampled tracks gone"
    return Gate("change", text, allowed, max(abs(grown), gone) <= bounds.max_change)
