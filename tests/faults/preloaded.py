"""What the process that forks has done before: see `forked`."""

from indexer.normalise import detect
from tests.faults import forked

__all__ = ["forked"]

detect.models()
