"""How long something takes, and how times are spread."""

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Spread:
    """Times of one kind of question, in milliseconds: how many, and the least, quarters, percentiles and most."""

    n: int
    least: float
    quarter: float
    median: float
    three_quarters: float
    p95: float
    p99: float
    most: float


def spread(seconds: Iterable[float]) -> Spread:
    """Return how times are spread; of at least one.

    >>> spread([0.001, 0.002, 0.003]).median
    2.0
    """
    times = sorted(1000 * each for each in seconds)

    def at(share: float) -> float:
        return round(times[min(int(share * len(times)), len(times) - 1)], 2)

    median = round(statistics.median(times), 2)
    return Spread(len(times), at(0), at(0.25), median, at(0.75), at(0.95), at(0.99), at(1))


def timed(ask: Callable[P, Result], *args: P.args, **kwargs: P.kwargs) -> tuple[float, Result]:
    """Return the seconds that a call took, and what it returned."""
    began = time.perf_counter()
    answer = ask(*args, **kwargs)
    return time.perf_counter() - began, answer
