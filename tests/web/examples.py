"""Writes the OpenAPI document's examples anew: python -m tests.web.examples URL, of a server over the demo's rows."""

import sys
from pathlib import Path
from typing import Any

import httpx
import orjson

from linernotes.web.api import PREFIX, openapi

FILE = Path(openapi.__file__).with_name("examples.json")


def timeless(answer: Any) -> Any:
    """Return an answer without what differs each time."""
    return answer | ({"took_ms": 5} if "took_ms" in answer else {})


def ask(web: httpx.Client, example: dict[str, Any]) -> httpx.Response:
    """Ask what an example asks: its address, with its body if it has one."""
    address = PREFIX + example["address"]
    return web.post(address, json=example["body"]) if "body" in example else web.get(address)


def main(url: str) -> None:
    """Ask each example's address, and write the answers down."""
    known = orjson.loads(FILE.read_bytes())
    with httpx.Client(base_url=url) as web:
        for example in known.values():
            example["answer"] = timeless(ask(web, example).raise_for_status().json())
    FILE.write_bytes(orjson.dumps(known, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


if __name__ == "__main__":
    main(sys.argv[1])
