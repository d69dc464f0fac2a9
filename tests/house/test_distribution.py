"""Wheel and source distribution: built, installed into a new environment, and complete there."""

import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text())
VERSION = PYPROJECT["project"]["version"]
PACKAGES = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
WORKFLOWS = sorted((PROJECT / ".github" / "workflows").glob("*.yml"))


def run(*command: str | Path, cwd: Path) -> str:
    outside = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ran = subprocess.run(command, cwd=cwd, env=outside, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a wheel that was built from the source distribution, and of that, without a network."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, cwd=PROJECT)
    return folder


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of a new environment with the wheel; its dependencies are those of this environment."""
    folder = tmp_path_factory.mktemp("venv")
    run(sys.executable, "-m", "venv", folder, cwd=folder)
    python = folder / "bin" / "python"
    (wheel,) = built.glob("*.whl")
    run(python, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", wheel, cwd=folder)
    packages = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip())
    # Added behind its own, and no .pth file in it is run: an editable install of this project stays out.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


@pytest.mark.slow
def test_the_wheel_has_every_file_of_the_packages(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if not name.startswith("linernotes-")}
    tracked = run("git", "ls-files", *PACKAGES, cwd=PROJECT).splitlines() if (PROJECT / ".git").exists() else []
    files = {name for name in tracked if (PROJECT / name).exists()}
    assert files <= packed
    assert {name.partition("/")[0] for name in packed} == set(PACKAGES)


@pytest.mark.slow
def test_the_source_distribution_builds_the_same_and_has_tests_and_documentation(built: Path) -> None:
    (source,) = built.glob("*.tar.gz")
    assert source.name == f"linernotes-{VERSION}.tar.gz"
    with tarfile.open(source) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"CHANGELOG.md", "LICENSE", "Makefile", "docs/index.md", "requirements-dev.txt"} <= names
    assert any(name.startswith("tests/") for name in names)


@pytest.mark.slow
def test_the_installed_command_works(installed: Path, tmp_path: Path) -> None:
    command = installed.with_name("linernotes")
    assert run(command, "--version", cwd=tmp_path).strip() == f"linernotes {VERSION}"
    assert run(command, "--help", cwd=tmp_path).startswith("Usage: linernotes")
    assert "--overwrite" in run(command, "check", "--help", cwd=tmp_path)


INSTALLED = """
import indexer, linernotes, mappings, queries, sys
from pathlib import Path
assert all(Path(each.__file__).is_relative_to(sys.prefix) for each in (indexer, linernotes, mappings, queries))
from fastapi.testclient import TestClient
from linernotes import samples
from linernotes.web.app import create_app
from linernotes.web.config import Options
def away():
    from mappings.errors import UnreachableError
    raise UnreachableError("Elasticsearch can't be reached.", "")
with TestClient(create_app(Options(), away), base_url="http://127.0.0.1") as web:
    assert "<title>" in web.get("/about").text
    assert web.get("/static/app.css").status_code == 200
    assert web.get("/api/v1/openapi.json").json()["paths"]
print(sum(map(len, samples.write(Path("samples")).values())))
"""


@pytest.mark.slow
def test_pages_tables_and_samples_are_installed(installed: Path, tmp_path: Path) -> None:
    assert int(run(installed, "-c", INSTALLED, cwd=tmp_path)) > 3


def test_the_image_bears_the_version() -> None:
    """Where the version stands a second time, it is the same."""
    named = re.findall(r"image: [\"']?linernotes:([\w.]+)", (PROJECT / "docker-compose.yml").read_text())
    assert set(named) <= {VERSION}


def test_the_changelog_is_kept() -> None:
    heads = re.findall(r"^## (.+)$", (PROJECT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert heads[0] == "Unreleased"
    assert all(re.fullmatch(r"\d+\.\d+\.\d+ – \d{4}-\d\d-\d\d|Unreleased", head) for head in heads)
    parts = set(re.findall(r"^### (.+)$", (PROJECT / "CHANGELOG.md").read_text(), re.MULTILINE))
    assert parts <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text())
    steps = [step for job in workflow["jobs"].values() for step in job["steps"] if "uses" in step]
    assert steps
    for step in steps:
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", step["uses"]), step["uses"]


def test_nothing_private_is_published_to_pypi() -> None:
    """The classifier and the workflow's job for PyPI don't stand side by side without the switch between them."""
    job = yaml.safe_load((PROJECT / ".github" / "workflows" / "release.yml").read_text())["jobs"]["pypi"]
    assert job["permissions"] == {"id-token": "write"}
    assert "Private :: Do Not Upload" not in PYPROJECT["project"]["classifiers"] or "vars.PUBLISH_TO_PYPI" in job["if"]
