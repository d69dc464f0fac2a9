"""The one module here that sends searches: asks Elasticsearch within a deadline, and raises errors of one sentence."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import orjson
from elasticsearch import Elasticsearch

from mappings.index_names import alias
from queries.analysis import overlap, stats
from queries.analysis.facet_values import FacetValues, ValuesRequest, fetch_values
from queries.analysis.overlap import Overlap, Progress, no_progress
from queries.analysis.stats import Stats
from queries.artists import artist_profile, suggest
from queries.artists.artist_profile import ArtistResult
from queries.artists.name_input import ArtistRequest
from queries.artists.suggest import Suggestions, SuggestRequest
from queries.errors import DeadlineError, translated_errors
from queries.model import Ask, Hit, Json, SearchResult
from queries.retry import PartError, call_with_retry, error_type
from queries.search import run, tracks
from queries.search.search_request import SearchRequest
from queries.search.tracks import Loaded

NOT_FOUND = 404

SECONDS = 20.0
"""How long one question may take, with all requests that it sends; also said to Elasticsearch, which then stops."""

LONG_SECONDS = 600.0
"""The same for questions that look at everything: overlap, statistics, exports."""

COUNTING_SECONDS = 4 * 3600.0
"""The same for an overlap that is counted instead of estimated: it pages through every value, and reports how far."""

KEEP_ALIVE = "5m"
"""How long a point in time stays open from one request to the next."""

_LEAST_SECONDS = 0.05
_TIMEOUT = "search_timeout_exception"


@dataclass(frozen=True)
class Searcher:
    """Asks the current generations behind the aliases of one prefix. `seconds` is the deadline of a question."""

    client: Elasticsearch
    prefix: str
    seconds: float = SECONDS
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)

    def search(self, request: SearchRequest) -> SearchResult:
        """Return one page of the result of a request.

        Raises InputError for a bad cursor or when nothing is loaded, UnreachableError when Elasticsearch doesn't
        answer, refuses, could answer only in part, or takes too long.
        """
        return run.run(self.question(), request)

    def values(self, request: ValuesRequest) -> FacetValues:
        """Return one page of all values of a facet. Raises what `search` raises."""
        began, ask = time.monotonic(), self.question()
        return fetch_values(ask, request, run.run(ask, request.search), began)

    def suggest(self, request: SuggestRequest) -> Suggestions:
        """Return artists and titles that begin as was typed. Raises what `search` raises."""
        return suggest.run(self.question(), request)

    def artist(self, request: ArtistRequest) -> ArtistResult:
        """Return the artists of a name or id, and the profile of the one that is certain. Raises as `search`."""
        return artist_profile.run(self.question(), request)

    def overlap(self, request: SearchRequest, *, exact: bool = False, progress: Progress = no_progress) -> Overlap:
        """Return what data sets share; `exact` counts where much has to be counted, and reports how far it is.

        Raises what `search` raises.
        """
        ask = self.question(COUNTING_SECONDS if exact else LONG_SECONDS)
        return overlap.run(ask, request, exact=exact, progress=progress)

    def stats(self, request: SearchRequest, *, limit: int = 10) -> Stats:
        """Return shares, and up to `limit` values of each kind that are over-represented. Raises as `search`."""
        began, ask = time.monotonic(), self.question(LONG_SECONDS)
        search, _ = run.for_all_tracks(ask, request)
        return stats.run(ask, search, limit, began)

    def track(self, track_id: str) -> Hit | None:
        """Return the track that has an id, None if there is none. Raises what `search` raises."""
        return tracks.get_track(self.ask, track_id)

    def duplicates(self, hit: Hit) -> tuple[list[Hit], int]:
        """Return the first tracks of the same recording as a track, and how many there are. Raises as `search`."""
        return tracks.find_duplicates(self.ask, hit)

    def loaded(self) -> dict[str, Loaded]:
        """Return what is loaded, by data set; empty if nothing is. Raises UnreachableError."""
        known = self.client.options(ignore_status=NOT_FOUND).indices
        with translated_errors():
            indices = call_with_retry(
                lambda: known.get(index=alias(self.prefix), features="mappings", filter_path="*.mappings._meta")
            ).body
        if indices.get("status") == NOT_FOUND or not indices:
            return {}
        return tracks.count_loaded(self.ask, self.prefix, indices)

    def ask(self, *bodies: Json) -> list[Json]:
        """Send several requests together and return Elasticsearch's answers, none of them partial."""
        return self.question()(*bodies)

    def question(self, seconds: float | None = None, *, point_in_time: str | None = None) -> Ask:
        """Return the function that asks for one question: all that it sends shares one deadline, from now on.

        With the id of a point in time, it goes there instead of to the alias.
        """
        allowed = self.seconds if seconds is None else seconds
        end = self.clock() + allowed

        def ask(*bodies: Json) -> list[Json]:
            left = end - self.clock()
            if left < _LEAST_SECONDS:
                raise DeadlineError(allowed)
            with translated_errors():
                return call_with_retry(lambda: self._send(bodies, end, allowed, point_in_time), left)

        return ask

    def _send(self, bodies: tuple[Json, ...], end: float, allowed: float, point_in_time: str | None) -> list[Json]:
        left = max(end - self.clock(), _LEAST_SECONDS)
        where = {} if point_in_time else {"index": alias(self.prefix)}
        header = orjson.dumps(where | {"allow_partial_search_results": False})
        # Elasticsearch ends what takes longer, and answers; a little later we hang up, which ends it too. Rounded, as
        # the time is a part of the request: an equal one is answered from Elasticsearch's cache.
        further: Json = {"timeout": f"{math.ceil(10 * left) * 100}ms"}
        if point_in_time:
            further["pit"] = {"id": point_in_time, "keep_alive": KEEP_ALIVE}
        # Encoded here: the client library takes the standard library's JSON for lines.
        lines: list[Any] = [part for body in bodies for part in (header, orjson.dumps(body | further))]
        answers = list(_with_timeout(self.client, math.ceil(left) + 1).msearch(searches=lines)["responses"])
        for answer in answers:
            if "error" in answer:
                if is_timeout(answer["error"]):
                    raise DeadlineError(allowed)
                raise PartError(int(answer["status"]), answer["error"])
            if answer.get("timed_out"):
                raise DeadlineError(allowed)
        return answers


@lru_cache(maxsize=64)
def _with_timeout(client: Elasticsearch, seconds: int) -> Elasticsearch:
    """Return a client that hangs up after some seconds; cached, as it costs half a millisecond to make one."""
    return client.options(request_timeout=seconds)


def is_timeout(error: object) -> bool:
    """Tell whether an error says that a search was ended because it took too long.

    Where no partial answer is allowed, it has status 504, which other errors have that are worth another try.

    >>> is_timeout({"root_cause": [{"type": "search_timeout_exception"}]}), is_timeout({"type": "timeout_exception"})
    (True, False)
    """
    return error_type(error)[0] == _TIMEOUT
