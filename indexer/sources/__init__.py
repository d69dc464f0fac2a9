"""What do the four published data sets look like, and what do their columns mean?"""

from collections.abc import Mapping

from indexer.records import Source
from indexer.sources import free_music_archive, laion_disco, sleeping_disco, spotify_tracks
from indexer.sources.dataset import DataSource

TABLES: Mapping[str, DataSource] = {
    module.SOURCE.dataset: module.SOURCE for module in (laion_disco, sleeping_disco, free_music_archive, spotify_tracks)
}
"""Data set id to its table: which columns there are, and what becomes of them."""

SOURCES: Mapping[str, Source] = TABLES
"""Data set id to the source that reads its files."""
