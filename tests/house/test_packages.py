"""Packages: their names resolve to this project, from anywhere, and a command imports only what it needs."""

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from linernotes.cli.main import COMMANDS, load

PROJECT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["indexer", "mappings", "queries", "linernotes"])
def test_name_resolves_to_this_project(name: str) -> None:
    code = f"import {name}; print({name}.__file__)"
    found = subprocess.run([sys.executable, "-c", code], cwd="/", capture_output=True, text=True, check=True)
    assert Path(found.stdout.strip()) == PROJECT / name / "__init__.py"


def imported_by(code: str) -> set[str]:
    """Return the top-level packages that a new Python has imported after some code."""
    shown = f"{code}; import sys; print(*{{name.partition('.')[0] for name in sys.modules}})"
    ran = subprocess.run([sys.executable, "-c", shown], cwd="/", capture_output=True, text=True, check=True)
    return set(ran.stdout.splitlines()[-1].split())


def test_help_imports_no_command() -> None:
    held = imported_by("from linernotes.cli import main; assert main.run(['--help']) == 0")
    assert "typer" in held
    assert not held & {"elasticsearch", "elastic_transport", "queries", "indexer", "polars", "rich", "starlette"}


@pytest.mark.parametrize("command", ["search", "facet", "suggest", "artist", "overlap", "stats", "datasets"])
def test_a_question_imports_nothing_of_the_indexer(command: str) -> None:
    held = imported_by(f"from linernotes.cli.main import load; load('{command}')")
    assert "elasticsearch" in held
    assert not held & {"indexer", "polars", "numpy", "starlette", "jinja2"}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_is_its_own(name: str) -> None:
    shown = inspect.cleandoc(load(name).help or "").partition("\n\n")[0]
    assert " ".join(shown.split()) == COMMANDS[name].help
