"""The one module here that sends searches: asks Elasticsearch within a deadline, and raises errors of one sentence."""

import math
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import orjson
from elasticsearch import Elasticsearch

from mappings.cards import CARDS, LATEST_DECLARATIONS, Card, UnreadableCardError
from mappings.index_names import alias, declarations
from queries.analysis import overlap, stats
from queries.analysis.facet_values import FacetValues, ValuesRequest, fetch_values
from queries.analysis.overlap import Overlap, Progress, no_progress
from queries.analysis.stats import Stats
from queries.artists import artist_profile, suggest
from queries.artists.artist_profile import ArtistResult
from queries.artists.name_input import ArtistRequest
from queries.artists.suggest import Suggestions, SuggestRequest
from queries.errors import AbandonedError, DeadlineError, translated_errors
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

ONE_AT_A_TIME = {"max_concurrent_searches": 1, "max_concurrent_shard_requests": 1}
"""How requests in the background are sent: one shard after the other, so each takes one thread of Elasticsearch."""

_LEAST_SECONDS = 0.05
_TIMEOUT = "search_timeout_exception"


@dataclass(frozen=True)
class Limit:
    """When all questions of a searcher end: at a time of its clock, or once nobody waits for the answer any more."""

    seconds: float
    end: float
    stop_event: threading.Event

    def check(self, now: float) -> None:
        """Raise AbandonedError or DeadlineError where the questions have to end."""
        if self.stop_event.is_set():
            raise AbandonedError
        if self.end - now < _LEAST_SECONDS:
            raise DeadlineError(self.seconds)


@dataclass(frozen=True)
class Searcher:
    """Asks the current generations behind the aliases of one prefix. `seconds` is the deadline of a question.

    A `limit` is for all its questions together. In the `background`, shards are searched one after the other.
    """

    client: Elasticsearch
    prefix: str
    seconds: float = SECONDS
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)
    limit: Limit | None = None
    background: bool = False

    def within(self, seconds: float, stop_event: threading.Event | None = None) -> "Searcher":
        """Return a searcher whose questions all end within so many seconds from now, or when the event is set."""
        return replace(self, limit=Limit(seconds, self.clock() + seconds, stop_event or threading.Event()))

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
        return artist_profile.run(self.question(), request, self.cards)

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
        known = self.limited_client().options(ignore_status=NOT_FOUND).indices
        with translated_errors():
            indices = call_with_retry(
                lambda: known.get(index=alias(self.prefix), features="mappings", filter_path="*.mappings._meta")
            ).body
        if indices.get("status") == NOT_FOUND or not indices:
            return {}
        return tracks.count_loaded(self.ask, self.prefix, indices)

    def cards(self) -> dict[str, Card]:
        """Return the cards of all data sets, declared ones too, by id. Raises UnreachableError."""
        return all_cards(self.limited_client(), self.prefix)

    def ask(self, *bodies: Json) -> list[Json]:
        """Send several requests together and return Elasticsearch's answers, none of them partial."""
        return self.question()(*bodies)

    def question(
        self, seconds: float | None = None, *, point_in_time: str | None = None, keep_alive: str = KEEP_ALIVE
    ) -> Ask:
        """Return the function that asks for one question: all that it sends shares one deadline, from now on.

        With the id of a point in time, it goes there instead of to the alias, and keeps it open for `keep_alive` more.
        """
        allowed = self.seconds if seconds is None else seconds
        end = self.clock() + allowed
        if self.limit and self.limit.end < end:
            allowed, end = self.limit.seconds, self.limit.end
        pit: Json = {"pit": {"id": point_in_time, "keep_alive": keep_alive}} if point_in_time else {}

        def ask(*bodies: Json) -> list[Json]:
            left = end - self.clock()
            if left < _LEAST_SECONDS:
                raise DeadlineError(allowed)
            with translated_errors():
                return call_with_retry(lambda: self._send(bodies, end, allowed, pit), left)

        return ask

    def limited_client(self) -> Elasticsearch:
        """Return the client, with what is left until the limit as its timeout; raises AbandonedError, DeadlineError."""
        if not self.limit:
            return self.client
        self.limit.check(self.clock())
        return _with_timeout(self.client, math.ceil(self.limit.end - self.clock()))

    def _send(self, bodies: tuple[Json, ...], end: float, allowed: float, pit: Json) -> list[Json]:
        if self.limit:
            self.limit.check(self.clock())
        left = max(end - self.clock(), _LEAST_SECONDS)
        where = {} if pit else {"index": alias(self.prefix)}
        header = orjson.dumps(where | {"allow_partial_search_results": False})
        # Elasticsearch ends what takes longer, and answers; a little later we hang up, which ends it too. Rounded, as
        # the time is a part of the request: an equal one is answered from Elasticsearch's cache.
        further: Json = {"timeout": f"{math.ceil(10 * left) * 100}ms"} | pit
        # Encoded here: the client library takes the standard library's JSON for lines.
        lines: list[Any] = [part for body in bodies for part in (header, orjson.dumps(body | further))]
        how: dict[str, Any] = ONE_AT_A_TIME if self.background else {}
        answers = list(_with_timeout(self.client, math.ceil(left) + 1).msearch(searches=lines, **how)["responses"])
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


def all_cards(client: Elasticsearch, prefix: str) -> dict[str, Card]:
    """Return data set id to card, the built-in ones first; raises UnreachableError.

    A data set that was declared before it was built in has its built-in card. A card that can't be read is left out:
    one must not keep anybody from the others.
    """
    with translated_errors():
        answer = call_with_retry(
            lambda: client.search(
                index=declarations(prefix),
                source_includes=["dataset", "removed", "card"],
                **LATEST_DECLARATIONS,
                allow_partial_search_results=False,
            )
        )
    declared: dict[str, Card] = {}
    for latest in (hit["_source"] for hit in answer["hits"]["hits"]):
        with suppress(UnreadableCardError):
            if not latest["removed"] and latest["dataset"] not in CARDS:
                declared[latest["dataset"]] = Card.read_from(latest["card"])
    return {**CARDS, **dict(sorted(declared.items()))}
