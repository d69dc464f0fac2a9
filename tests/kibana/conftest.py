"""The sample rows, loaded by the command."""

from tests.cli.conftest import loaded, on_samples, run, sample_files

__all__ = ["loaded", "on_samples", "run", "sample_files"]
