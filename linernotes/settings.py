"""Settings, read from the environment in one place.

Every variable is named here, so that the README's table can be tested against it.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

VARIABLES = {
    "LINERNOTES_URL": "address of Elasticsearch; without it the local node is used",
    "LINERNOTES_API_KEY": "API key, as printed by Elasticsearch (encoded)",
    "LINERNOTES_USERNAME": "user name, where no API key is used",
    "LINERNOTES_PASSWORD": "password of that user",
    "LINERNOTES_CA_CERTS": "file with the certificate authority that signed Elasticsearch's certificate",
    "LINERNOTES_HOME": "folder for downloads and the local node's data",
    "LINERNOTES_PREFIX": "what all index names begin with (default: linernotes)",
}

ROOT_HOME = Path("/var/lib/linernotes")


@dataclass(frozen=True)
class Settings:
    """Where Elasticsearch is, how to get in, and where this machine's files go."""

    url: str | None
    api_key: str | None
    username: str | None
    password: str | None
    ca_certs: Path | None
    home: Path
    prefix: str

    def __repr__(self) -> str:
        """Leave the secrets out: a repr ends up in logs and tracebacks."""
        return f"Settings(url={self.url!r}, home={str(self.home)!r}, prefix={self.prefix!r})"


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings; empty variables count as not set."""
    get = {name: environ.get(name, "").strip() or None for name in VARIABLES}.get
    ca_certs = get("LINERNOTES_CA_CERTS")
    return Settings(
        url=get("LINERNOTES_URL"),
        api_key=get("LINERNOTES_API_KEY"),
        username=get("LINERNOTES_USERNAME"),
        password=get("LINERNOTES_PASSWORD"),
        ca_certs=Path(ca_certs) if ca_certs else None,
        home=Path(get("LINERNOTES_HOME") or default_home()).expanduser().absolute(),
        prefix=get("LINERNOTES_PREFIX") or "linernotes",
    )


def default_home() -> Path:
    """Return the platform's data folder; for root a folder that an unprivileged user can enter."""
    return ROOT_HOME if os.geteuid() == 0 else user_data_path("linernotes", appauthor=False)
