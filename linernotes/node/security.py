"""What a node with security on needs: an authority of the home's own, a password, and a certificate for each node.

home/security/ca.crt             whom a client trusts; anyone may read it
home/security/ca.key, password   the authority's key, and the password of `elastic`: mode 0600
home/node/node-1/config/node.crt, .key    the node's own certificate and key, made anew at each start
home/node/node-1/config/elasticsearch.keystore    the same password, where Elasticsearch looks for it
"""

import os
import secrets
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from linernotes.node import config
from linernotes.node.java import Jdk
from linernotes.node.process import Account
from linernotes.node.state import Layout, make_folder, write_atomically
from linernotes.security import credentials
from mappings.errors import LinernotesError, UnreachableError

SUPERUSER = "elastic"
# 24 bytes of the system's randomness.
PASSWORD_BYTES = 24
# An authority that ends sooner is replaced, so that no node outlives it.
RENEW_BEFORE = timedelta(days=800)
# Seconds for Elasticsearch's keystore tool: 1.3 measured.
KEYSTORE_S = 120


class SecurityFiles:
    """The files of one home's security: what LINERNOTES_CA_CERTS and LINERNOTES_PASSWORD_FILE may point to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority, self.authority_key, self.password = folder / "ca.crt", folder / "ca.key", folder / "password"

    def read_password(self) -> str:
        """Return the password of `elastic`; raises UnreachableError for another user than the node's."""
        if not os.access(self.password, os.R_OK):
            raise UnreachableError(
                f"The local node asks for credentials, and you may not read {self.password}.",
                "Set LINERNOTES_API_KEY to a key that was made for you.",
            )
        return credentials.read_secret(self.password, "The local node's password file")

    def password_if_readable(self) -> str | None:
        """Return the password of `elastic`, None where this user may not read it."""
        try:
            return self.read_password()
        except LinernotesError:
            return None


def of(home: Path) -> SecurityFiles:
    """Return where the files of a home's security are."""
    return SecurityFiles(Layout(home).home / "security")


def install(layouts: Sequence[Layout], distribution: Path, jdk: Jdk, account: Account) -> None:
    """Give each node a new certificate and the password; make the home's authority and password where missing."""
    files = _ensure_authority(layouts[0])
    for layout in layouts:
        install_certificate(layout, account)
        if not (layout.config / "elasticsearch.keystore").exists():
            _make_keystore(layout, files.read_password(), distribution, jdk, account)


def install_certificate(layout: Layout, account: Account) -> None:
    """Give a node a new certificate, signed by the home's authority."""
    # Here and not above: the library takes 0.1 s to import, and mostly nothing has to be signed.
    from linernotes.security import certificates

    files = of(layout.home)
    signer = certificates.Pair(files.authority.read_bytes(), files.authority_key.read_bytes())
    made = certificates.issue(signer, layout.name)
    credentials.write_private(
        layout.config / "node.key", made.key, (account.uid, account.gid) if account.switch else None
    )
    write_atomically(layout.config / "node.crt", made.certificate)
    write_atomically(layout.config / "ca.crt", signer.certificate)


def _ensure_authority(layout: Layout) -> SecurityFiles:
    """Make authority and password where they are missing, and the authority anew before it ends."""
    from linernotes.security import certificates

    files = of(layout.home)
    make_folder(files.folder)
    if not files.password.exists():
        credentials.write_private(files.password, f"{secrets.token_urlsafe(PASSWORD_BYTES)}\n".encode())
    try:
        lasts = certificates.valid_until(files.authority.read_bytes()) - datetime.now(UTC) > RENEW_BEFORE
    except (OSError, ValueError):
        lasts = False
    if not lasts or not files.authority_key.exists():
        made = certificates.authority(f"linernotes local authority {layout.cluster}")
        credentials.write_private(files.authority_key, made.key)
        write_atomically(files.authority, made.certificate)
    return files


def _make_keystore(layout: Layout, password: str, distribution: Path, jdk: Jdk, account: Account) -> None:
    """Put the password into the node's keystore: by standard input, which `ps` doesn't show."""
    done = subprocess.run(
        config.keystore_command(distribution, layout, jdk),
        input=password,
        cwd=distribution,
        env=config.environment(layout, jdk, distribution),
        capture_output=True,
        text=True,
        timeout=KEYSTORE_S,
        check=False,
        umask=0o077,
        **account.options,
    )
    if done.returncode:
        printed = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["without a message"]
        raise LinernotesError(f"Elasticsearch's keystore can't be made: {printed[0][:200]}.")
