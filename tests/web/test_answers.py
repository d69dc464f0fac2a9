"""Answers have the shapes that the OpenAPI document promises, and are those of the command line."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import orjson
import pytest
from jsonschema import validate
from pydantic import BaseModel

import queries
from linernotes.web.api import PREFIX, openapi, schemas
from linernotes.web.api.openapi import examples
from queries import Hit
from tests.web.conftest import Site
from tests.web.examples import ask, timeless

SCHEMAS = Path(__file__).parents[1] / "schemas"

MODELS: dict[str, type[BaseModel]] = {
    "search": schemas.Search,
    "values": schemas.Values,
    "suggest": schemas.Suggestions,
    "artists": schemas.Artists,
    "matches": schemas.Matches,
    "track": schemas.OneTrack,
    "overlap": schemas.Overlap,
    "stats": schemas.Stats,
    "datasets": schemas.DataSets,
    "dataset": schemas.OneDataSet,
}
SAME = {"search": "search", "values": "facet", "suggest": "suggest", "artists": "artist", "overlap": "overlap"}
SAME |= {"stats": "stats"}
"""Example to the command of the same answer."""

ADDRESSES = [
    *((name, example["address"]) for name, example in examples().items() if "body" not in example),
    ("search", "/search"),
    ("search", "/search?q=metalica&facets=artist,platform,explicit,derivatives,decade,duration,genre_path"),
    ("search", "/search?genre=rock&genre=-pop&year=1990..1999&sort=plays&size=100&facets=none"),
    ("search", "/search?q=freeway&group=recording&size=3"),
    ("search", "/search?q=nothing+is+called+so&sort=year"),
    ("search", "/search?size=1000&sort=year&facets=genre&genre=-none"),
    ("values", "/facets/artist?contains=the&sort=value&size=3"),
    ("values", "/facets/explicit?explicit=-true"),
    ("values", "/facets/year?q=love&size=1000"),
    ("suggest", "/suggest?q=the+b"),
    ("artists", "/artists?name=the"),
    ("artists", "/artists?name=kurt+vyle"),
    ("artists", "/artists?name=nobody+is+called+so"),
    ("artists", "/artists?id=6"),
    ("overlap", "/overlap"),
    ("overlap", "/overlap?dataset=spotify-tracks-dataset"),
    ("stats", "/stats"),
    ("stats", "/stats?dataset=free-music-archive&size=50"),
]


@pytest.mark.parametrize(("name", "address"), ADDRESSES, ids=[address for _, address in ADDRESSES])
def test_shapes(web: httpx.Client, name: str, address: str) -> None:
    answer = web.get(PREFIX + address)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    content = answer.json()
    MODELS[name].model_validate_json(answer.content, strict=True)
    if name in SAME:
        validate(content, orjson.loads((SCHEMAS / f"{SAME[name]}.json").read_bytes()))


@pytest.mark.parametrize("name", examples())
def test_examples_are_real(site: Site, name: str) -> None:
    """If this fails because answers have changed, write them anew: see tests/web/examples.py."""
    example = examples()[name]
    answer = ask(site.web, example)
    MODELS[name].model_validate_json(answer.content, strict=True)
    text = answer.text.replace(f'"{site.searcher.prefix}-', '"linernotes-')
    assert _rounded(timeless(orjson.loads(text))) == _rounded(example["answer"])


def _rounded(content: Any) -> Any:
    """Return the content without scores, which differ by what else has been in the index."""
    if isinstance(content, dict):
        return {name: 0 if name == "score" else _rounded(each) for name, each in content.items()}
    return [_rounded(each) for each in content] if isinstance(content, list) else content


def test_the_same_as_the_queries(site: Site) -> None:
    asked = queries.request(
        "freeway", filters_by_facet={"year": ["2000.."]}, facet_names=["genre"], sort="year", size=3
    )
    answer = site.web.get(f"{PREFIX}/search?q=freeway&year=2000..&facets=genre&sort=year&size=3").json()
    assert timeless(answer) == timeless(orjson.loads(orjson.dumps(site.searcher.search(asked).as_json())))
    assert answer["hits"]


def test_pages_by_cursor(web: httpx.Client) -> None:
    whole = web.get(f"{PREFIX}/search?q=love&size=1000&facets=none").json()
    seen: list[str] = []
    after: str | None = None
    while after is not None or not seen:
        page = web.get(f"{PREFIX}/search?q=love&size=17" + (f"&after={after}" if after else "")).json()
        seen += [hit["id"] for hit in page["hits"]]
        after = page["next"]
    assert seen == [hit["id"] for hit in whole["hits"]]
    assert len(seen) == whole["total"]["value"] > 34


def test_a_track(site: Site) -> None:
    hits = site.web.get(f"{PREFIX}/search?size=200&facets=none&sort=year").json()["hits"]
    for hit in hits[::20]:
        found = site.web.get(f"{PREFIX}/tracks/{quote(hit['id'], safe='')}").json()["track"]
        assert found == hit | {"score": None, "match": None}
    one = site.searcher.track(hits[0]["id"])
    assert isinstance(one, Hit)
    assert site.searcher.track("") is None
    assert site.searcher.track("x" * 600) is None


def test_cards_say_what_is_loaded(web: httpx.Client) -> None:
    cards = web.get(f"{PREFIX}/datasets").json()
    assert cards["known"]
    assert all(card["loaded"]["records"] > 0 for card in cards["datasets"])
    one = web.get(f"{PREFIX}/datasets/free-music-archive").json()
    assert one["dataset"] in cards["datasets"]


def test_every_field_is_explained() -> None:
    schema = schemas.Track.model_json_schema()["properties"]
    assert all(schema[name].get("description") for name in schema if "$ref" not in schema[name])


def test_all_problems_are_explained() -> None:
    assert set(openapi.EVERYWHERE) <= set(openapi.STATUS_HELP)
