"""Every command of the guides is run, in their order, on the sample rows, and prints what they show."""

import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from linernotes import samples
from tests.docs.transcripts import SERVER, Terminal, environment, is_as_shown, pythons, steps

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parents[2]
PAGES = sorted((PROJECT / "docs" / "guides").glob("*.md"))
WITH_PYTHON = [path for path in (PROJECT / "docs" / "reference").glob("*.md") if any(pythons(path.read_text()))]
DONE = (0, 4)
"""Done, and done but records were rejected: the samples have damaged ones."""


def prepared(folder: Path) -> Path:
    """Return a folder as the reader of a guide has it: the examples, and published files made of sample rows."""
    shutil.copytree(PROJECT / "docs" / "examples", folder / "docs" / "examples")
    files = samples.write(folder / "written")
    shutil.copytree(files["laion-disco-12m"][0].parent, folder / "laion-disco")
    shutil.copytree(files["sleeping-disco-9m"][0].parent, folder / "sleeping-disco")
    fma, spotify = files["free-music-archive"], files["spotify-tracks-dataset"]
    with zipfile.ZipFile(folder / "fma_metadata.zip", "w") as archive:
        for path in [*fma, *fma[0].parent.glob("genres.csv")]:
            archive.write(path, f"fma_metadata/{path.name}")
    rows = spotify[0].read_text().splitlines(keepends=True)
    (folder / "dataset.csv").write_text("".join(rows))
    (folder / "dataset-new.csv").write_text("".join(rows[:-40]))
    return folder


@pytest.fixture
def terminal(client: Elasticsearch, es_url: str, prefix: str, tmp_path: Path) -> Iterator[Terminal]:
    folder = prepared(tmp_path / "home")
    terminal = Terminal(folder, environment(es_url, prefix, folder))
    yield terminal
    terminal.close()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_guide_does_what_it_shows(path: Path, terminal: Terminal) -> None:
    text = path.read_text()
    wrong = []
    if not text.startswith("# Five minutes"):
        terminal.run("linernotes demo")
    for step in steps(text):
        ran = terminal.run(step.command)
        if ran.returncode not in DONE:
            wrong.append(f"line {step.line}: {step.command}\nexit code {ran.returncode}: {ran.stderr}")
        elif step.shown and not is_as_shown(step.shown, ran.stdout):
            wrong.append(f"line {step.line}: $ {step.command}\n{ran.stdout}")
    assert not wrong, "\n\n".join(wrong)


@pytest.mark.parametrize("path", WITH_PYTHON, ids=lambda path: path.stem)
def test_python_of_the_reference_runs(path: Path, terminal: Terminal) -> None:
    terminal.run("linernotes demo")
    text = path.read_text()
    if SERVER in text:
        terminal.run("linernotes serve")
    for code in pythons(text):
        given = code.replace("http://127.0.0.1:9200", terminal.environment["LINERNOTES_URL"])
        given = given.replace(SERVER, terminal.server_url)
        given = given.replace('"linernotes")', f'"{terminal.environment["LINERNOTES_PREFIX"]}")')
        ran = subprocess.run(
            ["python", "-W", "ignore::ResourceWarning", "-c", given],
            env=terminal.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr


def test_make_targets_of_the_pages_exist() -> None:
    """Guides and README name `make` targets that the Makefile has."""
    targets = {line.split(":")[0] for line in (PROJECT / "Makefile").read_text().splitlines() if ":" in line}
    pages = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *PAGES]
    named = {
        step.command.split("#")[0].split()[1]
        for page in pages
        for step in steps(page.read_text())
        if step.command.startswith("make ")
    }
    assert "demo" in named
    assert named <= targets
