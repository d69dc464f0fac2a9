"""Three nodes are started only where LINERNOTES_TEST_CLUSTER is set: `make test-cluster`."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from linernotes import settings
from linernotes.node import download, service
from tests.cluster.drill import HEAP, Cluster

collect_ignore_glob = [] if os.environ.get("LINERNOTES_TEST_CLUSTER") else ["test_*.py"]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Return three real nodes with a home of their own; whatever of it still runs at the end is ended."""
    home = Path(tempfile.mkdtemp(prefix="linernotes-drill-", dir="/tmp"))
    home.chmod(0o755)
    distribution = download.distribution(settings.from_environment().home, print)
    made = Cluster(home)
    try:
        service.start(home, heap=HEAP, nodes=3, distribution=distribution)
        (home / "elasticsearch").mkdir(exist_ok=True)
        # Where the command line looks for it: no node of this home fetches its own.
        (home / "elasticsearch" / distribution.name).symlink_to(distribution)
        yield made
    finally:
        made.end()
        shutil.rmtree(home)
