"""The three generic folder names are top-level packages: each must resolve to this project, from anywhere."""

import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["indexer", "mappings", "queries", "linernotes"])
def test_name_resolves_to_this_project(name: str) -> None:
    code = f"import {name}; print({name}.__file__)"
    found = subprocess.run([sys.executable, "-c", code], cwd="/", capture_output=True, text=True, check=True)
    assert Path(found.stdout.strip()) == PROJECT / name / "__init__.py"
