"""The examples in the docstring and in the README do what they say, against the real node."""

import re
import textwrap
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

import queries
from tests.queries.tracks import load, track

README = Path(queries.__file__).with_name("README.md")


def written() -> dict[str, str]:
    """Return the example of the docstring, and the first of the README."""
    block = re.search(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert block is not None
    assert queries.__doc__ is not None
    return {"docstring": textwrap.dedent(queries.__doc__.split("\n\n", 1)[1]), "readme": block[1]}


@pytest.mark.parametrize("place", ["docstring", "readme"])
def test_the_example_runs(
    client: Elasticsearch, es_url: str, prefix: str, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    load(client, prefix, [track(1, "Hoppípolla", ["Sigur Rós"], year=1999), track(2, "Freeway", ["Kurt Vile"])])
    example = written()[place]
    assert "http://127.0.0.1:9200" in example
    example = example.replace("http://127.0.0.1:9200", es_url).replace('"linernotes"', f'"{prefix}"')
    result: dict[str, queries.Searcher] = {}
    try:
        exec(compile(example, place, "exec"), result)
    finally:
        result["searcher"].client.close()
    assert "1 [(<Match.FOLDED: 'folded'>, 'Hoppípolla')]" in capsys.readouterr().out
