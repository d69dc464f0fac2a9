"""The reconciliation API as OpenRefine uses it, held by schemas written after the specification, version 0.2."""

import itertools
from typing import Any
from urllib.parse import quote

import httpx
import orjson
import pytest
from jsonschema import validate

from linernotes.web.api import PREFIX
from linernotes.web.api.reconcile import BY_NAME, MAX_IDS, MAX_QUERIES, PROPERTIES, WITH_ID
from linernotes.web.config import Options
from mappings.cards import PRESENCE_IS_NO_PROOF
from tests.web.conftest import Site
from tests.web.serving import serving
from tests.web.test_problems import told

SERVICE = f"{PREFIX}/reconcile"

TEXT = {"type": "string"}
TYPE = {"type": "object", "required": ["id", "name"], "properties": {"id": TEXT, "name": TEXT}}
CANDIDATE = {
    "type": "object",
    "required": ["id", "name", "score", "match", "type"],
    "properties": {
        "id": TEXT,
        "name": TEXT,
        "description": TEXT,
        "score": {"type": "number", "minimum": 0, "maximum": 100},
        "match": {"type": "boolean"},
        "type": {"type": "array", "items": TYPE},
    },
}
RESULTS = {
    "type": "object",
    "additionalProperties": {
        "type": "object",
        "required": ["result"],
        "properties": {"result": {"type": "array", "items": CANDIDATE}},
    },
}
LOCATION = {
    "type": "object",
    "required": ["service_url", "service_path"],
    "properties": {"service_url": {"pattern": "^https?://[^/]+$"}, "service_path": {"pattern": "^/"}},
}
TEMPLATE = {"type": "string", "pattern": r"^https?://.*\{\{id\}\}"}
MANIFEST = {
    "type": "object",
    "required": ["versions", "name", "identifierSpace", "schemaSpace", "view", "defaultTypes"],
    "properties": {
        "versions": {"type": "array", "contains": {"const": "0.2"}},
        "name": TEXT,
        "identifierSpace": {"pattern": "^https?://"},
        "schemaSpace": {"pattern": "^https?://"},
        "documentation": {"pattern": "^https?://"},
        "serviceVersion": TEXT,
        "defaultTypes": {"type": "array", "items": TYPE, "uniqueItems": True},
        "view": {"type": "object", "required": ["url"], "properties": {"url": TEMPLATE}},
        "preview": {
            "type": "object",
            "required": ["url", "width", "height"],
            "properties": {"url": TEMPLATE, "width": {"type": "integer"}, "height": {"type": "integer"}},
        },
        "suggest": {"type": "object", "additionalProperties": LOCATION},
        "extend": {
            "type": "object",
            "properties": {"propose_properties": LOCATION, "property_settings": {"type": "array"}},
        },
    },
}
SUGGESTIONS = {
    "type": "object",
    "required": ["result"],
    "properties": {
        "result": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "name"],
                "properties": {
                    "id": TEXT, "name": TEXT, "description": TEXT, "notable": {"type": "array", "items": TYPE},
                },
            },
        }
    },
}  # fmt: skip
CELL = {
    "oneOf": [
        {"type": "object", "required": [kind], "properties": {kind: schema}, "additionalProperties": False}
        for kind, schema in {"str": TEXT, "int": {"type": "integer"}, "float": {"type": "number"}}.items()
    ]
}
EXTENDED = {
    "type": "object",
    "required": ["rows", "meta"],
    "properties": {
        "meta": {"type": "array", "items": TYPE},
        "rows": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": {"type": "array", "items": CELL},
            },
        },
    },
}


def ask(web: httpx.Client, *batch: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """Return the candidates of each query, after a look at their form."""
    queries = {f"q{number}": each for number, each in enumerate(batch)}
    answer = web.post(SERVICE, data={"queries": orjson.dumps(queries).decode()})
    assert answer.status_code == 200, answer.text
    assert answer.headers["access-control-allow-origin"] == "*"
    content = answer.json()
    validate(content, RESULTS)
    assert list(content) == list(queries)
    return [each["result"] for each in content.values()]


def test_the_manifest(web: httpx.Client) -> None:
    answer = web.get(SERVICE)
    manifest = answer.json()
    validate(manifest, MANIFEST)
    for each in manifest["suggest"].values():
        assert web.get(each["service_url"] + each["service_path"], params={"prefix": "a"}).status_code == 200
    proposed = manifest["extend"]["propose_properties"]
    for kind in ("track", "artist"):
        found = web.get(proposed["service_url"] + proposed["service_path"], params={"type": kind}).json()
        assert {each["id"] for each in found["properties"]} == {
            name for name, (of, _) in PROPERTIES.items() if of == kind
        }
    assert web.get(manifest["documentation"]).status_code == 200


def test_the_manifest_has_the_public_address(site: Site) -> None:
    with serving(lambda: site.searcher, Options(public_url="https://music.example")) as url:
        manifest = httpx.get(f"{url}{SERVICE}").json()
        validate(manifest, MANIFEST)
        assert manifest["view"]["url"].startswith("https://music.example/")
        assert "127.0.0.1" not in str(manifest)


def test_every_way_to_send_a_batch(web: httpx.Client) -> None:
    batch = {"q0": {"query": "Kurt Vile", "type": "artist"}, "q1": {"query": "Freeway", "type": ["track"], "limit": 2}}
    text = orjson.dumps(batch).decode()
    answers = [
        web.get(SERVICE, params={"queries": text}),
        web.post(SERVICE, data={"queries": text}),
        web.post(SERVICE, files={"queries": (None, text)}),
        web.post(SERVICE, json=batch),
        web.post(SERVICE, json={"queries": batch}),
    ]
    assert [answer.status_code for answer in answers] == [200] * len(answers)
    assert all(answer.json() == answers[0].json() for answer in answers)
    validate(answers[0].json(), RESULTS)
    assert answers[0].json()["q0"]["result"][0]["name"] == "Kurt Vile"
    assert len(answers[0].json()["q1"]["result"]) == 2
    assert web.post(SERVICE, data={"other": "x"}).json() == web.get(SERVICE).json()


def test_artists(web: httpx.Client) -> None:
    exact, misspelt, unknown, other = ask(
        web,
        {"query": "Kurt Vile", "type": "artist"},
        {"query": "Kurt Vyle", "type": "artist"},
        {"query": "Nobody is called so", "type": "artist"},
        {"query": "Kurt Vile", "type": "album"},
    )
    assert (exact[0]["id"], exact[0]["score"], exact[0]["match"]) == (f"{BY_NAME}Kurt Vile", 100, True)
    assert exact[0]["type"] == [{"id": "artist", "name": "Artist"}]
    assert "track" in exact[0]["description"]
    assert [each["name"] for each in misspelt] == ["Kurt Vile"]
    assert misspelt[0]["score"] < 100
    assert not misspelt[0]["match"]
    assert unknown == other == []


def test_tracks_with_artist_and_title(site: Site) -> None:
    """What a catalogue check calls found is a candidate; it matches only where it is alone and exact."""
    hits = site.web.get(f"{PREFIX}/search?q=kurt+vile&facets=none&size=100").json()["hits"]
    copies = [hit["id"] for hit in hits if hit["title"] == "Freeway"]

    def by(artist: str, **more: Any) -> list[dict[str, Any]]:
        further = [{"pid": name, "v": value} for name, value in more.items()]
        return [{"pid": "artist", "v": artist}, *further]

    full, misspelt, several, single = ask(
        site.web,
        {"query": "Freeway", "type": "track", "properties": by("Kurt Vile", album=["Constant Hitmaker"], year=2008)},
        {"query": "Freewax", "type": "track", "properties": by("Kurt Vile")},
        {"query": "Freeway", "type": "track", "properties": [{"pid": "artist", "v": {"id": "x", "name": "Kurt Vile"}}]},
        {"query": "", "type": "track", "properties": [{"pid": "fma", "v": "10"}]},
    )
    (others,) = ask(site.web, {"query": "Freeway", "type": "track", "properties": by("Nobody At All")})
    assert not any(each["match"] for each in others)
    assert all(each["score"] < 50 for each in others)
    assert {each["id"] for each in full} == set(copies)
    assert {each["score"] for each in full} == {100}
    assert len(copies) > 1
    assert not any(each["match"] for each in (*full, *several, *misspelt))
    assert misspelt[0]["score"] < 100
    assert [(each["id"], each["score"], each["match"]) for each in single] == [("free-music-archive:10", 100, True)]


def test_tracks_by_text_match_where_one_alone_has_the_name(site: Site) -> None:
    hits = site.web.get(f"{PREFIX}/search?size=400&facets=none&sort=year").json()["hits"]
    titles = [hit["title"] or "" for hit in hits]
    named = [hit for hit in hits if titles.count(hit["title"]) == 1 and hit["artists"] and len(hit["title"] or "") > 12]
    batch = [{"query": f"{hit['artists'][0]} {hit['title']}", "type": "track"} for hit in named[:10]]
    answers = ask(site.web, *batch)
    matched = 0
    for hit, candidates in zip(named, answers, strict=False):
        assert hit["id"] in [each["id"] for each in candidates]
        assert sum(each["match"] for each in candidates) <= 1
        matched += any(each["match"] and each["id"] == hit["id"] for each in candidates)
        assert [each["score"] for each in candidates] == sorted((each["score"] for each in candidates), reverse=True)
    assert matched > 3
    (only_artist,) = ask(site.web, {"query": "Kurt Vile", "type": "track"})
    assert only_artist
    assert not any(each["match"] for each in only_artist)


def test_what_cant_be_asked(web: httpx.Client) -> None:
    for text in ("nonsense", "[]", '{"q0": 1}', '{"q0": {"query": {}}}', '{"q0": {"query": "a", "limit": 0}}'):
        problem = told(web.post(SERVICE, data={"queries": text}))
        assert problem["status"] == 400
        assert problem["errors"]
    many = {f"q{number}": {"query": "a"} for number in range(MAX_QUERIES + 1)}
    assert told(web.post(SERVICE, json=many))["status"] == 400
    assert told(web.post(SERVICE, content=b"x", headers={"content-type": "text/plain"}))["status"] == 415
    assert told(web.post(SERVICE, data={"queries": " " * 300_000}))["status"] in (400, 413)
    assert told(web.post(SERVICE, json={"extend": {"ids": ["x"] * (MAX_IDS + 1), "properties": []}}))["status"] == 400
    hostile = ["", " ", "\0", "*:*", "x" * 5000, "'\"<>", "a" * 1000, "ا" * 400]
    batch = [{"query": text, "type": kind} for text in hostile for kind in ("track", "artist")]
    assert len(ask(web, *batch)) == len(batch)
    values: list[Any] = ["", [], {}, None, 1, True]
    with_artist = [{"query": "x", "properties": [{"pid": "artist", "v": value}]} for value in values]
    assert len(ask(web, *with_artist)) == len(with_artist)


def test_suggestions(web: httpx.Client) -> None:
    found = web.get(f"{SERVICE}/suggest/entity", params={"prefix": "kurt v"}).json()
    validate(found, SUGGESTIONS)
    assert found["result"][0]["id"] == f"{BY_NAME}Kurt Vile"
    begun = web.get(f"{SERVICE}/suggest/entity", params={"prefix": "freew"}).json()["result"]
    assert "Freeway" in [each["name"] for each in begun if each["notable"][0]["id"] == "track"]
    later = web.get(f"{SERVICE}/suggest/entity", params={"prefix": "kurt v", "cursor": 1}).json()
    assert later["result"] == found["result"][1:]
    for prefix in ("", " ", "\0", "'\"<>"):
        assert web.get(f"{SERVICE}/suggest/entity", params={"prefix": prefix}).status_code == 200
    assert [each["id"] for each in web.get(f"{SERVICE}/suggest/type?prefix=tr").json()["result"]] == ["track"]
    assert [each["id"] for each in web.get(f"{SERVICE}/suggest/property?prefix=al").json()["result"]] == ["album"]


@pytest.mark.parametrize(
    ("entity", "page"),
    [
        (f"{BY_NAME}Kurt Vile", "/artist?name=Kurt+Vile"),
        (f"{WITH_ID}6", "/artist?id=6"),
        ("free-music-archive:10", "/tracks/free-music-archive:10"),
        ("//evil.example", "/tracks/%2F%2Fevil.example"),
    ],
)
def test_views(web: httpx.Client, entity: str, page: str) -> None:
    manifest = web.get(SERVICE).json()
    answer = web.get(manifest["view"]["url"].replace("{{id}}", quote(entity, safe="")))
    assert (answer.status_code, answer.headers["location"]) == (303, page)


def test_previews(web: httpx.Client) -> None:
    template = web.get(SERVICE).json()["preview"]["url"]
    for entity, said in itertools.product(
        (f"{BY_NAME}Kurt Vile", f"{WITH_ID}6", "free-music-archive:10"), ("Kurt Vile",)
    ):
        answer = web.get(template.replace("{{id}}", quote(entity, safe="")))
        assert answer.status_code == 200
        assert said in answer.text
        assert PRESENCE_IS_NO_PROOF in answer.text
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors" not in policy
        assert "default-src 'none'" in policy
    for missing in ("nowhere:1", f"{BY_NAME}Nobody", f"{BY_NAME}", f"{WITH_ID}\0", f"{WITH_ID}x", ""):
        assert told(web.get(f"{SERVICE}/preview", params={"id": missing}))["status"] == 404


def test_extension(web: httpx.Client) -> None:
    ids = ["free-music-archive:10", f"{BY_NAME}Kurt Vile", "nowhere:1"]
    names = ["artists", "year", "duration_s", "tracks", "datasets", "unheard-of"]
    extend = {"ids": ids, "properties": [{"id": name} for name in names]}
    for answer in (
        web.post(SERVICE, data={"extend": orjson.dumps(extend).decode()}),
        web.get(SERVICE, params={"extend": orjson.dumps(extend).decode()}),
        web.post(SERVICE, json={"extend": extend}),
    ):
        content = answer.json()
        validate(content, EXTENDED)
        assert list(content["rows"]) == ids
        assert [each["id"] for each in content["meta"]] == names
        track, artist, missing = content["rows"].values()
        assert track["artists"] == [{"str": "Kurt Vile"}]
        assert track["year"] == [{"int": 2008}]
        assert track["tracks"] == missing["artists"] == track["unheard-of"] == []
        assert artist["tracks"][0]["int"] > 3
        assert {"str": "free-music-archive"} in artist["datasets"]
