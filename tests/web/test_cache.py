"""Responses are cached while the data stays the same, and browsers that have one get 304."""

import time
import uuid

import httpx
from elasticsearch import Elasticsearch

from linernotes.web.api import PREFIX
from linernotes.web.config import Options
from linernotes.web.services.data_version import MAX_AGE_S
from linernotes.web.services.response_cache import ENTRY_BYTES, CachedResponse, ResponseCache
from queries import Searcher
from tests.queries.tracks import documents, forget, load, track, write
from tests.web.serving import serving

SEARCH = f"{PREFIX}/search?q=love&size=2&facets=genre"


def test_the_second_time_nothing_is_asked(web: httpx.Client) -> None:
    address = f"{SEARCH}&year={uuid.uuid4().int % 900 + 1000}.."
    first, second = web.get(address), web.get(address)
    assert "cache-status" not in first.headers
    assert second.headers["cache-status"] == "linernotes; hit"
    assert first.content == second.content
    same = ("etag", "content-type", "vary", "cache-control")
    assert [first.headers[name] for name in same] == [second.headers[name] for name in same]


def test_what_the_client_has_isnt_sent(web: httpx.Client) -> None:
    tag = web.get(SEARCH).headers["etag"]
    assert tag.startswith('W/"')
    for held in (tag, tag.removeprefix("W/"), f'"x", {tag}', f'{tag},"y"', "*"):
        answer = web.get(SEARCH, headers={"if-none-match": held})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag), held
    several = [("if-none-match", '"x"'), ("if-none-match", tag)]
    assert web.get(SEARCH, headers=several).status_code == 304
    assert web.head(SEARCH, headers={"if-none-match": tag}).status_code == 304
    for held in ('"x"', tag[:-2], tag.strip('W/"')):
        assert web.get(SEARCH, headers={"if-none-match": held}).status_code == 200, held


def test_each_address_and_part_has_its_own_tag(web: httpx.Client) -> None:
    addresses = [SEARCH, f"{SEARCH}&size=3", f"{PREFIX}/suggest?q=love", "/search?q=love"]
    tags = [web.get(address).headers["etag"] for address in addresses]
    part = web.get("/search?q=love", headers={"x-part": "content"})
    again = web.get("/search?q=love", headers={"x-part": "content"})
    assert len({*tags, part.headers["etag"]}) == len(tags) + 1
    assert part.headers["x-title"] == again.headers["x-title"]
    assert "cache-status" in again.headers


def test_what_a_page_ignores_is_no_way_past_the_cache(web: httpx.Client) -> None:
    year = uuid.uuid4().int % 900 + 1000
    first = web.get(f"/search?q=love&year={year}")
    for same in ("q=love&x=1&year={}", "year={}&q=love", "q=love&year={}&utm_source=a&x=1&x=2", "q=love&y%65ar={}"):
        again = web.get(f"/search?{same.format(year)}")
        assert again.headers.get("cache-status") == "linernotes; hit", same
        assert again.headers["etag"] == first.headers["etag"]
        assert again.content == first.content
    assert "cache-status" in web.get(f"/se%61rch?q=love&year={year}").headers
    assert "cache-status" not in web.get(f"/search?q=love&year={year}&size=3").headers
    assert web.get("/?x=1").headers["etag"] == web.get("/").headers["etag"]
    # Of values of one filter the order is a part of the page.
    assert (
        web.get("/search?genre=rock&genre=pop").headers["etag"]
        != web.get("/search?genre=pop&genre=rock").headers["etag"]
    )


def test_what_clients_make_up_is_no_way_past_the_cache(web: httpx.Client) -> None:
    address = f"/search?q=love&year={uuid.uuid4().int % 900 + 1000}.."
    assert "cache-status" not in web.get(address).headers
    assert "cache-status" in web.get(address, headers={"x-part": "1"}).headers
    part = web.get(address, headers={"x-part": "content"})
    assert "cache-status" not in part.headers
    assert len(part.content) < len(web.get(address).content)
    data = f"{PREFIX}{address}"
    assert web.get(data).status_code == 200
    assert "cache-status" in web.get(data, headers={"x-part": "content"}).headers
    for _ in range(2):  # a page for a port that isn't ours is made for its visitor alone
        other = web.get(address, headers={"host": "127.0.0.1:1"})
        assert "http://127.0.0.1:1/" in other.text
        assert "cache-status" not in other.headers
        assert "etag" not in other.headers


def test_feeds_of_data_sets_are_made_anew(web: httpx.Client) -> None:
    """The alias moves before its event is written: between them a feed would be cached without it."""
    assert ["cache-status" in web.get("/datasets.atom").headers for _ in range(2)] == [False, False]


def test_what_the_api_refuses_isnt_found_in_the_cache(web: httpx.Client) -> None:
    for address in (SEARCH, f"{PREFIX}/overlap?genre=rock", f"{PREFIX}/tracks/free-music-archive:10?"):
        assert [web.get(address).status_code, web.get(f"{address}&x=1").status_code] == [200, 400]


def test_problems_arent_kept(web: httpx.Client) -> None:
    for address in (f"{SEARCH}&genr=x", f"{PREFIX}/tracks/x"):
        assert "etag" not in web.get(address).headers
        assert web.get(address, headers={"if-none-match": "*"}).status_code in (400, 404)


def test_a_stream_is_sent_not_kept(web: httpx.Client) -> None:
    address = f"{PREFIX}/export?format=ndjson&q=freeway"
    assert [web.get(address).status_code, web.get(address).status_code] == [200, 200]
    assert "cache-status" not in web.get(address).headers


def test_what_is_loaded_later_is_seen(client: Elasticsearch) -> None:
    """New tracks change the version, so the tag, a second later."""
    prefix = f"t{uuid.uuid4().hex[:10]}"
    searcher = Searcher(client, prefix)
    try:
        load(client, prefix, [track(1, "One", ["A"])])
        with serving(lambda: searcher, Options()) as url, httpx.Client(base_url=url) as web:
            first = web.get(f"{PREFIX}/search?facets=none")
            assert first.json()["total"]["value"] == 1
            write(client, prefix, documents([track(2, "Two", ["B"])]))
            time.sleep(MAX_AGE_S)
            until = time.monotonic() + 5  # a busy node takes longer to say so than a request waits for it
            held = {"if-none-match": first.headers["etag"]}
            while (second := web.get(f"{PREFIX}/search?facets=none", headers=held)).status_code == 304:
                assert time.monotonic() < until
            assert second.status_code == 200
            assert second.json()["total"]["value"] == 2
    finally:
        forget(client, prefix)


def test_room_is_bounded_with_all_that_an_answer_takes() -> None:
    cache = ResponseCache(100 * ENTRY_BYTES)
    cache.set_version("one")
    for number in range(1000):
        cache.add("one", str(number), CachedResponse(b"", {}))
    assert cache.get("999") is not None
    assert cache.get("900") is not None
    assert cache.get("899") is None
    cache.add("one", "large", CachedResponse(b"x" * (100 * ENTRY_BYTES // 8 + 1), {}))
    assert cache.get("large") is None


def test_an_edition_that_passed_leaves_nothing() -> None:
    cache = ResponseCache(100 * ENTRY_BYTES)
    cache.set_version("one")
    cache.add("one", "a", CachedResponse(b"x", {}))
    cache.set_version("two")
    cache.add("one", "b", CachedResponse(b"x", {}))
    assert cache.get("b") is None
    cache.set_version("one")
    assert cache.get("a") is None
