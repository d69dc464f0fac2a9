"""The user that Elasticsearch runs as: us, or, since it refuses to run as root, an unprivileged one."""

import os
import pwd
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mappings.errors import LinernotesError

# The first that exists: a user made for it, the one of Elasticsearch's own packages, everybody's nobody.
PREFERRED = ("linernotes", "elasticsearch", "nobody")
# The number of "nobody" on Linux, for containers without a list of users.
OVERFLOW_ID = 65534


@dataclass(frozen=True)
class Account:
    """A user and group by number; `switch` tells whether a process must change to it."""

    uid: int
    gid: int
    name: str
    switch: bool

    def may(self, path: Path, mode: int) -> bool:
        """Tell whether this user has a right (`os.R_OK`, `os.X_OK`) on a path, all folders above included."""
        if not self.switch:
            return os.access(path, mode)
        # Asked as that user, because permission bits don't tell about access lists and network disks.
        test = ["/usr/bin/test", "-x" if mode == os.X_OK else "-r", str(path)]
        return not subprocess.run(test, user=self.uid, group=self.gid, extra_groups=[], check=False).returncode


def current() -> Account:
    """Return the user to run as."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), "", switch=False)
    for name in PREFERRED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, name, switch=True)
    return Account(OVERFLOW_ID, OVERFLOW_ID, str(OVERFLOW_ID), switch=True)


def give(folders: Iterable[Path], account: Account) -> None:
    """Make the folders where they are missing, owned by the user; mend what another user owns in them."""
    for folder in folders:
        folder.mkdir(exist_ok=True)
        if account.switch and folder.stat().st_uid != account.uid:
            _own(folder, account)


def need_entry(folder: Path, account: Account) -> None:
    """Raise `LinernotesError`, naming the folder in the way, when the user we change to can't get to `folder`."""
    if not account.switch:
        return
    for step in [*reversed(folder.parents), folder]:
        if not account.may(step, os.X_OK):
            raise LinernotesError(
                f"Elasticsearch refuses to run as root, so it runs as {account.name}, who may not enter {step}, "
                f"and {folder} is in there.",
                "Set LINERNOTES_HOME to another folder, such as /var/lib/linernotes.",
            )


def _own(folder: Path, account: Account) -> None:
    os.chown(folder, account.uid, account.gid)
    for path, folders, names in os.walk(folder):
        for name in [*folders, *names]:
            os.chown(Path(path, name), account.uid, account.gid, follow_symlinks=False)
