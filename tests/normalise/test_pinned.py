"""What a row becomes is pinned: a change of it needs another normalisation version."""

import orjson

from tests.normalise import pinned


def test_documents_are_those_that_were_pinned() -> None:
    was, now = pinned.FILE.read_bytes().splitlines(), pinned.content().splitlines()
    changed = [(before, after) for before, after in zip(was, now, strict=False) if before != after]
    assert not changed, "raise indexer.normalise.track.NORMALISATION_VERSION, then: python -m tests.normalise.pinned"
    assert len(was) == len(now)


def test_rows_of_all_kinds_are_pinned() -> None:
    documents = [orjson.loads(line) for line in pinned.FILE.read_bytes().splitlines()[2::2]]
    assert len(documents) > 350
    assert {document["dataset"] for document in documents} == {
        *("free-music-archive", "laion-disco-12m", "sleeping-disco-9m", "spotify-tracks-dataset")
    }
    for field in ("genre", "licence", "language", "video_ids", "contributors", "title_by_language", "whole_names"):
        assert sum(field in document for document in documents) > 20, field
