"""The one module here that talks to the network: asks Elasticsearch, and tells what went wrong in one sentence."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from elastic_transport import ConnectionTimeout, SerializationError, TransportError
from elasticsearch import ApiError, Elasticsearch

from mappings.names import alias
from mappings.problems import InputProblem, Problem, UnreachableProblem
from queries import loaded, matching, search
from queries.answer import SearchAnswer
from queries.loaded import Loaded
from queries.matching import Stage
from queries.request import SearchRequest
from queries.search import Search

Json = dict[str, Any]

NOT_FOUND = 404
_MISSING_INDEX = "index_not_found_exception"


@dataclass(frozen=True)
class Searcher:
    """Asks the current generations behind the aliases of one prefix."""

    client: Elasticsearch
    prefix: str

    def search(self, request: SearchRequest) -> SearchAnswer:
        """Return one page of the answer to a request.

        Raises InputProblem for a bad cursor or when nothing is loaded, UnreachableProblem when Elasticsearch doesn't
        answer, refuses, or could answer only in part.
        """
        began = time.monotonic()
        asked = search.start(request)
        hits, counts = self._ask(search.hits_body(asked), search.count_body(asked))
        if self._found_little(asked, counts):
            further = replace(asked, stage=Stage.FUZZY)
            more = self._ask(search.hits_body(further), search.count_body(further))
            if search.total(further, more[1]) > search.total(asked, counts):
                asked, (hits, counts) = further, more
        return search.answer(asked, hits, counts, round((time.monotonic() - began) * 1000))

    def loaded(self) -> dict[str, Loaded]:
        """Return what is loaded, by data set; empty if nothing is. Raises UnreachableProblem."""
        with told():
            indices = self.client.options(ignore_status=404).indices.get_alias(name=alias(self.prefix)).body
            if indices.get("status") == NOT_FOUND:
                return {}
        (counted,) = self._ask(loaded.count_body())
        return loaded.read(self.prefix, indices, counted)

    def _found_little(self, asked: Search, counts: Json) -> bool:
        """Say whether to go on with the fuzzy stage; a cursor has decided that already."""
        if asked.after or not matching.may_slip(asked.request.text) or _total(counts) >= matching.LITTLE:
            return False
        (found,) = self._ask(search.enough_body(asked))
        return not search.is_enough(asked, found)

    def _ask(self, *bodies: Json) -> list[Json]:
        """Ask several requests at once and return their answers, none of them partial."""
        header = {"index": alias(self.prefix), "allow_partial_search_results": False}
        with told():
            found = self.client.msearch(searches=[part for body in bodies for part in (header, body)])
        for answer in found["responses"]:
            if "error" in answer:
                raise _problem(int(answer["status"]), answer["error"])
        return list(found["responses"])


def _total(counts: Json) -> int:
    return int(counts["hits"]["total"]["value"])


@contextmanager
def told() -> Iterator[None]:
    """Turn what the client library raises into problems that can be told."""
    try:
        yield
    except ConnectionTimeout as error:
        raise UnreachableProblem("Elasticsearch didn't answer in time.", "Ask again, or for less.") from error
    except SerializationError as error:  # a proxy between us and Elasticsearch speaks for itself
        raise _problem(503, str(error.message)) from error
    except TransportError as error:
        raise UnreachableProblem(
            f"Elasticsearch can't be reached ({error.message}).", "Try: linernotes node status"
        ) from error
    except ApiError as error:
        raise _problem(error.status_code, error.body) from error


def _problem(status: int, error: object) -> Problem:
    """Return the problem behind an error of Elasticsearch."""
    kind, reason = _read(error)
    if kind == _MISSING_INDEX:
        return InputProblem("Nothing is loaded yet.", "Run: linernotes load, or linernotes demo")
    if status in (401, 403):
        return UnreachableProblem(f"Elasticsearch doesn't let us in ({status}).", "Check the LINERNOTES_ credentials.")
    if status in (429, 502, 503, 504):
        return UnreachableProblem(f"Elasticsearch can't answer just now ({status}, {kind}).", "Ask again in a while.")
    return Problem(f"Elasticsearch refused a search ({status}, {kind}: {reason}).", "That is our fault: report it.")


def _read(error: object) -> tuple[str, str]:
    """Return kind and reason of an error, whether it came as a body or as a part of one."""
    inner = error.get("error", error) if isinstance(error, dict) else error
    if not isinstance(inner, dict):
        return str(inner)[:200], ""
    causes = inner.get("root_cause") or [inner]
    cause = causes[0] if isinstance(causes, list) and causes and isinstance(causes[0], dict) else inner
    return str(cause.get("type", "")), str(cause.get("reason", ""))[:200]
