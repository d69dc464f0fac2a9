"""Schemathesis asks every endpoint what its document allows, and what it doesn't: nothing undocumented comes back."""

import subprocess
import sys
from pathlib import Path

from linernotes.web.api.openapi import DOCUMENT_PATH
from tests.web.conftest import Site

UNASKED = ("positive_data_acceptance", "ignored_auth")
"""Checks that don't fit: an address may have the right form and ask for what isn't there; nobody logs in."""

FEW = 5
"""Cases of each endpoint by chance, beside the thousand that follow from the document's bounds."""


def test_no_answer_contradicts_the_document(site: Site, tmp_path: Path) -> None:
    program = [
        *(str(Path(sys.executable).with_name("schemathesis")), "run", site.url + DOCUMENT_PATH),
        *("--seed", "1", "--max-examples", str(FEW), "--phases", "examples,coverage,fuzzing"),
        *("--exclude-checks", ",".join(UNASKED), "--continue-on-failure", "--no-color", "--workers", "2"),
    ]
    ran = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, ran.stdout
    assert "Tested: " in ran.stdout
