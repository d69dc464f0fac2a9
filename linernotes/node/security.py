"""What a node with security on needs: an authority of the home's own, a password, and a certificate for each node.

home/security/ca.crt             whom a client trusts; anyone may read it
home/security/ca.key, password   the authority's key, and the password of `elastic`: mode 0600
home/node/node-1/config/node.crt, .key    the node's own certificate and key, made anew at each start
home/node/node-1/config/elasticsearch.keystore    the same password, where Elasticsearch looks for it
"""

import os
import secrets
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from linernotes.node import config
from linernotes.node.config import Layout
from linernotes.node.process import Account, Plan
from linernotes.node.state import make, write_whole
from linernotes.security import credentials
from mappings.errors import LinernotesError, UnreachableError

SUPERUSER = "elastic"
# Characters of URL-safe Base64: 24 bytes of the system's randomness.
PASSWORD_BYTES = 24
# An authority that ends sooner is replaced, so that no node outlives it.
RENEW_BEFORE = timedelta(days=800)
# Seconds for Elasticsearch's keystore tool: 1.3 measured.
PATIENCE = 120


@dataclass(frozen=True)
class Own:
    """The files of one home's security."""

    folder: Path

    @property
    def authority(self) -> Path:
        """Return the file with the certificate authority: what LINERNOTES_CA_CERTS may point to."""
        return self.folder / "ca.crt"

    @property
    def authority_key(self) -> Path:
        """Return the file with the authority's key."""
        return self.folder / "ca.key"

    @property
    def password(self) -> Path:
        """Return the file with the password: what LINERNOTES_PASSWORD_FILE may point to."""
        return self.folder / "password"

    def read_password(self) -> str:
        """Return the password of `elastic`; raises UnreachableError for another user than the node's."""
        if not os.access(self.password, os.R_OK):
            raise UnreachableError(
                f"The local node asks for credentials, and you may not read {self.password}.",
                "Set LINERNOTES_API_KEY to a key that was made for you.",
            )
        return credentials.read_secret(self.password, "The local node's password file")


def of(home: Path) -> Own:
    """Return where the files of a home's security are."""
    return Own(config.of(home).home / "security")


def ensure(home: Path, cluster: str) -> Own:
    """Make authority and password where they are missing, and the authority anew before it ends."""
    # Here and not above: the library takes 0.1 s to import, and mostly nothing has to be signed.
    from linernotes.security import certificates

    own = of(home)
    make(own.folder)
    if not own.password.exists():
        credentials.write_private(own.password, f"{secrets.token_urlsafe(PASSWORD_BYTES)}\n".encode())
    if not own.authority_key.exists() or not _lasts(own.authority):
        made = certificates.authority(f"linernotes local authority {cluster}")
        credentials.write_private(own.authority_key, made.key)
        write_whole(own.authority, made.certificate)
    return own


def equip(layout: Layout, own: Own, account: Account) -> None:
    """Give a node its certificate, signed by the home's authority."""
    from linernotes.security import certificates

    signer = certificates.Pair(own.authority.read_bytes(), own.authority_key.read_bytes())
    made = certificates.issue(signer, layout.name)
    folder = layout.config
    owner = (account.uid, account.gid) if account.switch else None
    credentials.write_private(folder / "node.key", made.key, owner)
    write_whole(folder / "node.crt", made.certificate)
    write_whole(folder / "ca.crt", signer.certificate)


def fill_keystore(layout: Layout, own: Own, plan: Plan) -> None:
    """Put the password into the node's keystore, unless one is there: by standard input, which `ps` doesn't show."""
    if (layout.config / "elasticsearch.keystore").exists():
        return
    account = plan.account
    done = subprocess.run(
        config.keystore_command(plan.distribution, layout, plan.jdk),
        input=own.read_password(),
        cwd=plan.distribution,
        env=config.environment(layout, plan.jdk, plan.distribution),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        umask=0o077,
        user=account.uid if account.switch else None,
        group=account.gid if account.switch else None,
        extra_groups=[] if account.switch else None,
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["without a word"]
        raise LinernotesError(f"Elasticsearch's keystore can't be made: {said[0][:200]}.")


def _lasts(certificate: Path) -> bool:
    from linernotes.security import certificates

    try:
        return certificates.valid_until(certificate.read_bytes()) - datetime.now(UTC) > RENEW_BEFORE
    except (OSError, ValueError):
        return False
