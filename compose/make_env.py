"""Write `.env` with a new secret for each name that docker-compose.yml asks for: `make compose-env`.

Readable by its owner alone, and never written over: the passwords in it are those that the volumes were made with.
"""

import os
import secrets
import sys
from pathlib import Path

NAMES = ("ELASTIC_PASSWORD", "KIBANA_PASSWORD", "LINERNOTES_PASSWORD", "KIBANA_KEY")
"""Kibana's key must have 32 characters or more."""
BYTES = 30
"""240 bits; 40 letters, digits, - and _, which need no quotes in a shell, in JSON, or in `.env`."""


def write(path: Path) -> None:
    """Write the file; raises FileExistsError when there is one."""
    lines = [f"{name}={secrets.token_urlsafe(BYTES)}\n" for name in NAMES]
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.writelines(lines)


def _say(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")


def main() -> int:
    """Write `.env` beside docker-compose.yml, or where the first argument says."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / ".env"
    try:
        write(path)
    except FileExistsError:
        _say(f"{path.name} is there already, and is kept: the volumes know its passwords.")
        return 1
    except OSError as error:
        _say(f"{path} can't be written ({error.strerror}).")
        return 1
    _say(f"{path.name} is written: {len(NAMES)} new secrets, readable by you alone.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
