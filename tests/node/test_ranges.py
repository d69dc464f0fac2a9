"""The plan of what to fetch: everything that is wanted, nothing twice, few requests."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from linernotes.node.remote import Range, before, merged, missing

RANGES = st.lists(
    st.builds(lambda start, length: Range(start, start + length), st.integers(0, 500), st.integers(1, 40)), max_size=30
)


def offsets(plan: list[Range]) -> set[int]:
    return {offset for one in plan for offset in range(one.start, one.end)}


@given(RANGES, st.integers(0, 60))
def test_a_plan_covers_what_is_wanted_and_bridges_only_small_gaps(wanted: list[Range], gap: int) -> None:
    plan = merged(wanted, gap)
    assert offsets(wanted) <= offsets(plan)
    assert all(second.start - first.end > gap for first, second in pairwise(plan))
    assert len(offsets(plan) - offsets(wanted)) <= gap * max(0, len(wanted) - 1)


@given(RANGES, st.integers(0, 600))
def test_what_is_there_and_what_is_missing_make_the_whole(wanted: list[Range], have: int) -> None:
    plan = merged(wanted, gap=5)
    assert offsets(missing(plan, have)) == {offset for offset in offsets(plan) if offset >= have}
    assert offsets(before(plan, have)) == {offset for offset in offsets(plan) if offset < have}
    assert merged(plan, gap=5) == plan
