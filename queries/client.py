"""The one module here that talks to the network: asks Elasticsearch, and tells what went wrong in one sentence."""

import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import orjson
from elastic_transport import ConnectionTimeout, SerializationError, TransportError
from elasticsearch import ApiError, Elasticsearch

from mappings.errors import LinernotesError, UnreachableError
from mappings.index_names import alias
from queries import again, copies, grouping, guesses, loaded, matching, one, search, sharing, summing, values, walking
from queries.answer import Hit, SearchAnswer
from queries.guesses import Guess
from queries.loaded import NOTHING, Loaded, NothingLoadedError
from queries.matching import Stage
from queries.overlap import Overlap
from queries.people import asking, page, suggesting
from queries.people.asking import ArtistRequest
from queries.people.page import ArtistAnswer
from queries.people.suggesting import Suggestions, SuggestRequest
from queries.request import SearchRequest
from queries.search import Search
from queries.sharing import Progress
from queries.stats import Stats
from queries.values import FacetValues, ValuesRequest

Json = dict[str, Any]
Result = TypeVar("Result")

NOT_FOUND = 404
_MISSING_INDEX = "index_not_found_exception"


@dataclass(frozen=True)
class Searcher:
    """Asks the current generations behind the aliases of one prefix."""

    client: Elasticsearch
    prefix: str

    def search(self, request: SearchRequest) -> SearchAnswer:
        """Return one page of the answer to a request.

        Raises InputError for a bad cursor or when nothing is loaded, UnreachableError when Elasticsearch doesn't
        answer, refuses, or could answer only in part.
        """
        began = time.monotonic()
        asked = search.start(request)
        hits, counts = self._hits_and_counts(asked)
        if self._found_little(asked, hits, counts):
            further = replace(asked, stage=Stage.FUZZY)
            more = self._hits_and_counts(further)
            if search.total(further, more[1]) > search.total(asked, counts):
                asked, (hits, counts) = further, more
        grouped = self._walk(grouping.walk(asked, hits, search.total(asked, counts))) if request.group else None
        meant = self._meant(asked, hits)
        return search.answer(asked, hits, counts, round((time.monotonic() - began) * 1000), grouped, meant)

    def _hits_and_counts(self, asked: Search) -> tuple[Json, Json]:
        if body := search.both_body(asked):
            (found,) = self.ask(body)
            return found, found
        valued = search.hits_with_value_body(asked)
        hits, counts = self.ask(valued or search.hits_body(asked), search.count_body(asked))
        if valued and not search.is_whole(asked, hits):
            (hits,) = self.ask(search.hits_body(asked))
        return hits, counts

    def _meant(self, asked: Search, hits: Json) -> tuple[Guess, ...]:
        """Return texts without slips that find something, for the first page of a text that found little as it is."""
        found = asked.stage is Stage.FUZZY and not asked.after
        texts = guesses.texts(asked.request.text, hits["hits"]["hits"]) if found else []
        counts = self.ask(*(search.guess_body(asked, text) for text in texts)) if texts else []
        both = zip(texts, map(_total, counts), strict=True)
        return tuple(Guess(text, count) for text, count in both if count)

    def values(self, request: ValuesRequest) -> FacetValues:
        """Return one page of all values of a facet. Raises what `search` raises."""
        began = time.monotonic()
        counted = self.search(request.search)
        page = values.listed(request, counted.facets[request.facet.name])
        if page is None:
            page = self._walk(walking.start(request, counted.stage or Stage.STRICT))
        return values.answer(request, counted, page, round((time.monotonic() - began) * 1000))

    def _walk(self, walk: Generator[Json, Json, Result]) -> Result:
        """Ask what a walk asks, one request after the other, until it returns."""
        try:
            body = next(walk)
            while True:
                (answer,) = self.ask(body)
                body = walk.send(answer)
        except StopIteration as end:
            result: Result = end.value
            return result

    def suggest(self, request: SuggestRequest) -> Suggestions:
        """Return artists and titles that begin as was typed. Raises what `search` raises."""
        began = time.monotonic()
        chosen = suggesting.choose(request, self.ask(*suggesting.first(request)))
        bodies = suggesting.second(chosen)
        counted = self.ask(*bodies) if bodies else []
        return suggesting.answer(request, chosen, counted, round((time.monotonic() - began) * 1000))

    def copies(self, found: Hit) -> tuple[list[Hit], int]:
        """Return the first tracks that share something with a track, and how many there are. Raises as `search`."""
        body = copies.body(found)
        return copies.read(*self.ask(body)) if body else ([], 0)

    def artist(self, request: ArtistRequest) -> ArtistAnswer:
        """Return who may be meant by a name or id, and the page of who is. Raises what `search` raises."""
        began = time.monotonic()
        names = asking.names(request, self.ask(*asking.first(request)))
        slips = not names and request.typed is not None
        names = names or (asking.other_names(request, *self.ask(asking.slipped(request))) if slips else [])
        found = asking.read(request, names, *self.ask(asking.counted(names))) if names else ()
        name = asking.determined(request, found)
        one = page.read(request, name, found, self.ask(*page.asked(request, name))) if name else None
        return page.answer(request, found, one, slips and bool(found), round((time.monotonic() - began) * 1000))

    def track(self, track_id: str) -> Hit | None:
        """Return the track that has an id, None if there is none. Raises what `search` raises."""
        return one.read(*self.ask(one.body(track_id))) if one.may_be(track_id) else None

    def overlap(self, request: SearchRequest, *, exact: bool = False, told: Progress = lambda *_: None) -> Overlap:
        """Return what data sets share; `exact` counts where much has to be counted, and tells how far it is.

        Raises what `search` raises.
        """
        began = time.monotonic()
        found = self._walk(sharing.walk(request, exact=exact, told=told))
        return replace(found, took_ms=round((time.monotonic() - began) * 1000))

    def stats(self, request: SearchRequest, *, size: int = 10) -> Stats:
        """Return shares, and up to `size` values of each kind that are over-represented. Raises as `search`."""
        began = time.monotonic()
        stage = self.search(replace(request, size=0, after=None, facets=(), group=None)).stage or Stage.STRICT
        found = self._walk(summing.walk(request, stage, size))
        return replace(found, took_ms=round((time.monotonic() - began) * 1000))

    def loaded(self) -> dict[str, Loaded]:
        """Return what is loaded, by data set; empty if nothing is. Raises UnreachableError."""
        known = self.client.options(ignore_status=404).indices
        with told():
            indices = again.patiently(lambda: known.get_alias(name=alias(self.prefix))).body
            if indices.get("status") == NOT_FOUND:
                return {}
        (counted,) = self.ask(loaded.count_body())
        return loaded.read(self.prefix, indices, counted)

    def _found_little(self, asked: Search, hits: Json, counts: Json) -> bool:
        """Say whether to go on with the fuzzy stage; a cursor has decided that already."""
        if asked.after or not matching.may_slip(asked.request.text) or _total(counts) >= matching.LITTLE:
            return False
        (found,) = [hits] if search.tells_enough(asked) else self.ask(search.enough_body(asked))
        return not search.is_enough(asked, found)

    def ask(self, *bodies: Json) -> list[Json]:
        """Ask several requests at once and return Elasticsearch's answers, none of them partial."""
        header = {"index": alias(self.prefix), "allow_partial_search_results": False}
        # Encoded here: the client library takes the standard library's JSON for lines (0.27 ms a search, orjson 0.12).
        searches = [orjson.dumps(part) for body in bodies for part in (header, body)]
        with told():
            return again.patiently(lambda: self._answers(searches))

    def _answers(self, searches: list[Any]) -> list[Json]:
        answers = list(self.client.msearch(searches=searches)["responses"])
        for answer in answers:
            if "error" in answer:
                raise again.PartError(int(answer["status"]), answer["error"])
        return answers


def _total(counts: Json) -> int:
    return int(counts["hits"]["total"]["value"])


@contextmanager
def told() -> Iterator[None]:
    """Turn what the client library raises into problems that can be told."""
    try:
        yield
    except LinernotesError:  # told already: at the door, where it is known whose rights were missing
        raise
    except ConnectionTimeout as error:
        raise UnreachableError("Elasticsearch didn't answer in time.", "Ask again, or for less.") from error
    except SerializationError as error:  # a proxy between us and Elasticsearch speaks for itself
        raise _problem(503, str(error.message)) from error
    except TransportError as error:
        raise UnreachableError(
            f"Elasticsearch can't be reached ({error.message}).", "Try: linernotes node status"
        ) from error
    except ApiError as error:
        raise _problem(error.status_code, error.body) from error
    except again.PartError as error:
        raise _problem(error.status, error.body) from error


def _problem(status: int, error: object) -> LinernotesError:
    """Return the problem behind an error of Elasticsearch."""
    kind, reason = again.read(error)
    if kind == _MISSING_INDEX:
        return NothingLoadedError(*NOTHING)
    if status in (401, 403):
        return UnreachableError(f"Elasticsearch doesn't let us in ({status}).", "Check the LINERNOTES_ credentials.")
    if status in (429, 502, 503, 504):
        return UnreachableError(f"Elasticsearch can't answer just now ({status}, {kind}).", "Ask again in a while.")
    return LinernotesError(
        f"Elasticsearch refused a search ({status}, {kind}: {reason}).", "That is our fault: report it."
    )
