"""What the process that forks has done before: see `forked`."""

from indexer.normalise import language_model
from tests.faults import forked

__all__ = ["forked"]

language_model.models()
