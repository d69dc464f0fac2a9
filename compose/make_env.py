"""Write what docker-compose.yml needs beside itself: `.env`, and a file in `secrets/` for each password.

What is there already stays as it is: the volumes were made with these passwords. Secrets are for their owner alone.
"""

import argparse
import os
import secrets
import sys
from pathlib import Path

PASSWORDS = ("elastic_password", "kibana_password", "linernotes_password", "admin_password", "web_password")
NAMES = (*PASSWORDS, "kibana_key")
"""Kibana's key must have 32 characters or more."""
BYTES = 30
"""240 bits; 40 letters, digits, - and _, which need no quotes in a shell, in JSON, or in YAML."""
FOLDERS = ("data", "out")
"""What is loaded, and results: below `.env`, unless LINERNOTES_DATA and LINERNOTES_OUT name others."""
IMAGE_USER = 10001
"""The user of the image, for results where root runs this."""
NODES = ("elasticsearch", "elasticsearch-2", "elasticsearch-3")


def environment(nodes: int) -> str:
    """Return the lines of `.env` for one node or three.

    >>> environment(1).splitlines()[-1].startswith("LINERNOTES_USER=")
    True
    """
    user, group = (os.getuid(), os.getgid()) if os.getuid() else (IMAGE_USER, IMAGE_USER)
    lines = [
        "# Who runs linernotes in a container, and so owns the results in ./out.",
        f"LINERNOTES_USER={user}:{group}",
    ]
    if nodes > 1:
        urls = ",".join(f"https://{name}:9200" for name in NODES)
        lines += ["COMPOSE_PROFILES=cluster", f"ELASTICSEARCH_URLS={urls}"]
    return "".join(f"{line}\n" for line in lines)


def write(path: Path, text: str) -> bool:
    """Write a file for its owner alone, unless it is there; return whether it was written."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    return True


def prepare(folder: Path, nodes: int) -> tuple[bool, list[str]]:
    """Write all that is missing; return whether `.env` is new, and the names of new secrets."""
    is_new = write(folder / ".env", environment(nodes))
    hidden = folder / "secrets"
    hidden.mkdir(mode=0o700, exist_ok=True)
    for name in FOLDERS:
        if not (folder / name).exists():
            (folder / name).mkdir()
            if not os.getuid():
                os.chown(folder / name, IMAGE_USER, IMAGE_USER)
    return is_new, [name for name in NAMES if write(hidden / name, secrets.token_urlsafe(BYTES))]


def main() -> int:
    """Write them beside docker-compose.yml, or into the folder of the first argument."""
    parser = argparse.ArgumentParser(description="Write .env and secrets/ for docker compose; what is there stays.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parents[1])
    parser.add_argument("--nodes", type=int, choices=(1, 3), default=1, help="nodes of Elasticsearch")
    given = parser.parse_args()
    try:
        is_new, names = prepare(given.folder, given.nodes)
    except OSError as error:
        _say(f"{error.filename} can't be written ({error.strerror}).")
        return 1
    _say(f".env is {'written' if is_new else 'there already, and stays as it is'}.")
    _say(f"secrets/: {len(names)} new, {len(NAMES) - len(names)} stay as they are. Only you may read them.")
    return 0


def _say(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")


if __name__ == "__main__":
    sys.exit(main())
