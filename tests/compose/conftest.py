"""Containers are started only where LINERNOTES_TEST_COMPOSE is set: `make test-compose`."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.compose import engine, images
from tests.compose.engine import MissingError
from tests.compose.stack import Stack

collect_ignore_glob = [] if os.environ.get("LINERNOTES_TEST_COMPOSE") else ["test_*.py"]


@pytest.fixture(scope="session")
def docker() -> Iterator[engine.Engine]:
    """Return a Docker engine; what is missing for it is one sentence."""
    try:
        with engine.running() as found:
            yield found
    except MissingError as error:
        pytest.exit(str(error), returncode=1)


@pytest.fixture(scope="session")
def built(docker: engine.Engine) -> images.Images:
    """Return the images, fetched or built."""
    try:
        return images.prepare(docker)
    except MissingError as error:
        pytest.exit(str(error), returncode=1)


@pytest.fixture(scope="module")
def new_stack(
    docker: engine.Engine, built: images.Images, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[int], Stack]]:
    """Return what makes a project of its own with so many nodes; it is taken down in the end, with its volumes."""
    stacks: list[Stack] = []

    def make(nodes: int) -> Stack:
        folder: Path = tmp_path_factory.mktemp("project")
        stacks.append(Stack.create(folder, docker, built.files, nodes))
        return stacks[-1]

    try:
        yield make
    finally:
        for stack in stacks:
            stack.remove()
