"""Settings, read from the environment in one place.

Every variable is named here, so that the README's table can be tested against it.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from platformdirs import user_data_path

from mappings.errors import InputError

VARIABLES = {
    "LINERNOTES_URL": "address of Elasticsearch, of several nodes with commas; without it the local node is used",
    "LINERNOTES_API_KEY": "API key, as printed by Elasticsearch (encoded)",
    "LINERNOTES_API_KEY_FILE": "file with the API key, which only its owner may read",
    "LINERNOTES_USERNAME": "user name, where no API key is used",
    "LINERNOTES_PASSWORD": "password of that user",
    "LINERNOTES_PASSWORD_FILE": "file with the password, which only its owner may read",
    "LINERNOTES_CA_CERTS": "file with the certificate authority that signed Elasticsearch's certificate",
    "LINERNOTES_HOME": "folder for downloads and the local node's data",
    "LINERNOTES_PREFIX": "what all index names begin with (default: linernotes)",
    "LINERNOTES_TRUSTED_PROXIES": "proxies of `serve`, whose word on a client's address counts (default: this machine)",
    "LINERNOTES_ALLOWED_HOSTS": "host names that `serve` answers for (default: addresses, and that of the public URL)",
    "LINERNOTES_PUBLIC_URL": "address by which visitors reach `serve`, for links that leave the site",
    "LINERNOTES_METRICS_CLIENTS": "addresses and networks that may read `/metrics` (default: this machine)",
    "LINERNOTES_CONTACT": "whom visitors of the web site can write to: an e-mail or web address, shown on every page",
}

PREFIX = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
"""What index names may begin with: nothing that Elasticsearch reads as a pattern or a list."""

NEXT_URL = re.compile(r"\s*,\s*(?=[a-z]+://|$)")
"""What separates addresses: a comma before the next one, as a password may contain commas."""

ROOT_HOME = Path("/var/lib/linernotes")


@dataclass(frozen=True)
class Settings:
    """Where Elasticsearch is, how to get in, and where this machine's files go."""

    urls: tuple[str, ...]
    """Addresses of one cluster; without any the local node is used."""
    api_key: str | None
    username: str | None
    password: str | None
    ca_certs: Path | None
    home: Path
    prefix: str
    api_key_file: Path | None = None
    password_file: Path | None = None
    contact: str = ""

    def __repr__(self) -> str:
        """Leave the secrets out: a repr ends up in logs and tracebacks."""
        return f"Settings(urls={self.urls!r}, home={str(self.home)!r}, prefix={self.prefix!r})"


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings; empty variables count as not set. Raises InputError for what can't be used."""
    get = {name: environ.get(name, "").strip() or None for name in VARIABLES}.get
    urls, username, password = _addresses(get("LINERNOTES_URL") or "")
    return Settings(
        urls=urls,
        api_key=get("LINERNOTES_API_KEY"),
        username=get("LINERNOTES_USERNAME") or username,
        password=get("LINERNOTES_PASSWORD") or password,
        ca_certs=_path(get("LINERNOTES_CA_CERTS")),
        home=Path(get("LINERNOTES_HOME") or default_home()).expanduser().absolute(),
        prefix=_prefix(get("LINERNOTES_PREFIX") or "linernotes"),
        api_key_file=_path(get("LINERNOTES_API_KEY_FILE")),
        password_file=_path(get("LINERNOTES_PASSWORD_FILE")),
        contact=get("LINERNOTES_CONTACT") or "",
    )


def _addresses(text: str) -> tuple[tuple[str, ...], str | None, str | None]:
    """Return the addresses, and the name and password that may stand in the first of them, or in each.

    Raises InputError where they name several users: a request may go to any of them.

    >>> _addresses("https://ann:s,d@es1:9200, https://es2:9200")
    (('https://es1:9200', 'https://es2:9200'), 'ann', 's,d')
    """
    parts = [split(url) for url in NEXT_URL.split(text) if url]
    known = dict.fromkeys((username, password) for _, username, password in parts if username or password)
    if len(known) > 1:
        raise InputError(
            "LINERNOTES_URL names more than one user.",
            "Leave names and passwords out of it, and set LINERNOTES_USERNAME and LINERNOTES_PASSWORD_FILE.",
        )
    return tuple(url for url, _, _ in parts), *next(iter(known), (None, None))


def split(url: str) -> tuple[str, str | None, str | None]:
    """Return an address without the name and password that may stand in it, and these two: addresses are shown.

    >>> split("https://ann:s%40d@es:9200/x")
    ('https://es:9200/x', 'ann', 's@d')
    """
    before, at, host = url.partition("://")[2].rpartition("@")
    if not at:
        return url, None, None
    try:
        parts = urlsplit(url)
        clean = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
        username, password = parts.username or "", parts.password or ""
    except ValueError:
        clean, (username, _, password) = f"{url.partition('://')[0]}://{host}", before.partition(":")
    return clean, unquote(username) or None, unquote(password) or None


def default_home() -> Path:
    """Return the platform's data folder; for root a folder that an unprivileged user can enter."""
    return ROOT_HOME if os.geteuid() == 0 else user_data_path("linernotes", appauthor=False)


def _prefix(text: str) -> str:
    """Return a prefix of index names; raises InputError for one that would name other indices, too, or none."""
    if not PREFIX.fullmatch(text):
        raise InputError(
            f"LINERNOTES_PREFIX can't be {text!r}.",
            "Write it in small letters, digits, -, _ and ., a letter or digit first.",
        )
    return text


def _path(text: str | None) -> Path | None:
    return Path(text).expanduser() if text else None
