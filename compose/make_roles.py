"""Write the roles of linernotes as Elasticsearch takes them, from the one table; a test compares them."""

from pathlib import Path

import orjson

from linernotes.security.roles import ROLES

FOLDER = Path(__file__).parent / "roles"
PREFIX = "linernotes"


def body(name: str) -> bytes:
    """Return one role as JSON."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(ROLES[name].descriptor(PREFIX), option=options)


def main() -> None:
    """Write all roles, and remove those that are none any more."""
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.json"):
        path.unlink()
    for name in ROLES:
        (FOLDER / f"{name}.json").write_bytes(body(name))


if __name__ == "__main__":
    main()
