"""Search results as the JSON of the contract."""

from pathlib import Path

import jsonschema
import orjson
import pytest

import queries
from tests.queries import made
from tests.queries.conftest import Collection

SCHEMA = orjson.loads((Path(__file__).parents[1] / "schemas" / "search.json").read_bytes())


@pytest.mark.parametrize("group", [None, "recording"])
@pytest.mark.parametrize("text", ["", made.WORDS[0], "bakollu", "!!!", "nothing like it"])
@pytest.mark.parametrize("sort", queries.Sort)
def test_results_keep_to_the_schema(collection: Collection, text: str, sort: str, group: str | None) -> None:
    filters = {"year": ["1970.."]}
    request = queries.request(
        text, facet_names=queries.FACETS, filters_by_facet=filters, sort=sort, size=5, group=group
    )
    result = orjson.loads(orjson.dumps(collection.searcher.search(request).as_json()))
    jsonschema.validate(result, SCHEMA)


def test_a_hit_has_what_the_contract_names_in_its_order(collection: Collection) -> None:
    hit = collection.searcher.search(queries.request("bakolu", size=1)).as_json()["hits"][0]
    assert list(hit)[:13] == SCHEMA["$defs"]["hit"]["required"]


def test_nothing_search_only_is_shown(collection: Collection) -> None:
    hit = collection.searcher.search(queries.request("bakolu", size=1)).hits[0]
    assert not {"all_words", "whole_names", "title_by_language"} & {*hit.track, *hit.as_json()}
    assert {"recording_key", "source_row", "fingerprint"} <= hit.as_json().keys()
