"""Three nodes are started only where LINERNOTES_TEST_CLUSTER is set: `make test-cluster`."""

import os

collect_ignore_glob = [] if os.environ.get("LINERNOTES_TEST_CLUSTER") else ["test_*.py"]
