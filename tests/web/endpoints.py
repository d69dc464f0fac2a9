"""Schemathesis asks every endpoint of a server what its document allows, and what it doesn't."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from linernotes.web.api.openapi import DOCUMENT_PATH

UNASKED = ("positive_data_acceptance", "ignored_auth")
"""Checks that don't fit: an address may have the right form and ask for what isn't there; nobody logs in."""

FEW = 5
"""Cases of each endpoint by chance, beside the thousand that follow from the document's bounds."""


def ask_all(url: str, folder: Path, *unasked: str, options: Sequence[str] = ()) -> None:
    """Ask all endpoints of the server at an address; fails with what Schemathesis says against an answer.

    Checks that are named aren't made.
    """
    program = [
        *(str(Path(sys.executable).with_name("schemathesis")), "run", url + DOCUMENT_PATH),
        *("--seed", "1", "--max-examples", str(FEW), "--phases", "examples,coverage,fuzzing"),
        *("--exclude-checks", ",".join((*UNASKED, *unasked)), "--continue-on-failure", "--no-color", "--workers", "2"),
        *options,
    ]
    ran = subprocess.run(program, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, ran.stdout
    assert "Tested: " in ran.stdout
