"""Each bad input: one sentence, the right exit code, and nothing lost."""

import shutil
from pathlib import Path

import orjson
import pytest
from elasticsearch import Elasticsearch

from tests.cli.conftest import Run

Files = dict[str, list[Path]]


def one_sentence(err: str) -> str:
    """Return what was said, if it is one paragraph that a person can read."""
    lines = [line for line in err.splitlines() if line.strip()]
    assert len(lines) == 1, err
    assert len(lines[0]) < 600
    return lines[0]


@pytest.mark.usefixtures("cli_environment")
class TestLoad:
    def test_missing_file(self, run: Run) -> None:
        ran = run("load", "laion-disco-12m", "nowhere.parquet")
        assert ran.code == 1
        assert "nowhere.parquet" in one_sentence(ran.err)

    def test_unknown_data_set(self, run: Run, sample_files: Files) -> None:
        ran = run("load", "laion-disco", *sample_files["laion-disco-12m"])
        assert ran.code == 1
        assert "laion-disco-12m" in one_sentence(ran.err)

    @pytest.mark.parametrize("given", ["laion-disco-12m", "sleeping-disco-9m", "spotify-tracks-dataset"])
    @pytest.mark.parametrize("of", ["free-music-archive", "spotify-tracks-dataset", "laion-disco-12m"])
    def test_another_data_sets_file(self, run: Run, sample_files: Files, given: str, of: str) -> None:
        if given == of:
            return
        ran = run("load", given, *sample_files[of])
        assert ran.code == 1
        one_sentence(ran.err)

    @pytest.mark.parametrize(
        ("dataset", "name"),
        [
            ("laion-disco-12m", "a.parquet"),
            ("sleeping-disco-9m", "a.jsonl"),
            ("free-music-archive", "tracks.csv"),
            ("spotify-tracks-dataset", "dataset.csv"),
        ],
    )
    def test_empty_file(self, run: Run, tmp_path: Path, dataset: str, name: str) -> None:
        empty = tmp_path / name
        empty.touch()
        ran = run("load", dataset, empty)
        assert ran.code == 1
        assert name in one_sentence(ran.err)

    def test_cut_off_parquet(self, run: Run, sample_files: Files, tmp_path: Path) -> None:
        whole = sample_files["laion-disco-12m"][0].read_bytes()
        cut = tmp_path / "cut.parquet"
        cut.write_bytes(whole[: len(whole) // 2])
        ran = run("load", "laion-disco-12m", cut)
        assert ran.code == 1
        assert "cut.parquet" in one_sentence(ran.err)

    def test_cut_off_last_csv_row_loses_no_other(
        self, run: Run, sample_files: Files, tmp_path: Path, client: Elasticsearch, prefix: str
    ) -> None:
        whole = sample_files["free-music-archive"][0].read_bytes()
        cut = tmp_path / "tracks.csv"
        cut.write_bytes(whole[:-40])
        ran = run("load", "free-music-archive", cut, "--json")
        result = orjson.loads(ran.out.splitlines()[-1])
        assert result["read"] == 682
        assert (ran.code, result["indexed"], result["rejected"]) in [(4, 681, 1), (0, 682, 0)]
        assert client.count(index=prefix)["count"] == result["indexed"]

    def test_nothing_is_left_of_a_load_that_could_not_begin(
        self, run: Run, client: Elasticsearch, prefix: str, tmp_path: Path
    ) -> None:
        assert run("load", "laion-disco-12m", tmp_path / "nowhere.parquet").code == 1
        assert not client.indices.get(index=f"{prefix}*-g*", features="aliases").body

    def test_a_folder_without_files_of_the_set(self, run: Run, tmp_path: Path) -> None:
        ran = run("load", "sleeping-disco-9m", tmp_path)
        assert ran.code == 1
        one_sentence(ran.err)

    def test_usage(self, run: Run) -> None:
        assert run("load", "laion-disco-12m", "a", "--limit", "many").code == 2
        assert run("no-such-command").code == 2


@pytest.mark.usefixtures("on_samples")
class TestSearch:
    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (("x", "--facets", "colour"), "colour"),
            (("x", "--dataset", "fma"), "free-music-archive"),
            (("x", "--after", "AAAA"), "cursor"),
            (("x", "--year", "2005..1990"), "2005"),
            (("x", "--year", "99999.."), "99999"),
            (("x", "--year", "soon"), "soon"),
            (("x", "--size", "-1"), "-1"),
        ],
    )
    def test_arguments(self, run: Run, arguments: tuple[str, ...], told: str) -> None:
        ran = run("search", *arguments)
        assert ran.code == 1
        assert told in one_sentence(ran.err)

    @pytest.mark.parametrize("text", ['"unbalanced', "a AND (b", "*?:/\\", "title:", "-", "[x TO", "\x00\x07", "🎵‮"])
    def test_text_is_never_a_syntax_error(self, run: Run, text: str) -> None:
        ran = run("search", text, "--json")
        assert ran.code == 0, ran.err
        assert orjson.loads(ran.out)["total"]["exact"]

    def test_a_cursor_of_another_search(self, run: Run) -> None:
        cursor = orjson.loads(run("search", "--size", "2", "--json").out)["next"]
        ran = run("search", "love", "--size", "2", "--after", cursor)
        assert ran.code == 1
        one_sentence(ran.err)


class TestNodeDown:
    @pytest.fixture(autouse=True)
    def nobody_listens(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("LINERNOTES_URL", "http://127.0.0.1:9")
        monkeypatch.setenv("LINERNOTES_HOME", str(tmp_path))

    @pytest.mark.parametrize("arguments", [("search", "x"), ("load", "laion-disco-12m")])
    def test_refused(self, run: Run, sample_files: Files, arguments: tuple[str, ...]) -> None:
        paths = sample_files["laion-disco-12m"] if arguments[0] == "load" else []
        ran = run(*arguments, *paths)
        assert ran.code == 3
        one_sentence(ran.err)

    def test_no_local_node(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("LINERNOTES_URL")
        ran = run("search", "x")
        assert ran.code == 3
        assert "linernotes node start" in one_sentence(ran.err)

    def test_an_address_that_is_none(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("LINERNOTES_URL", "not an address")
        ran = run("search", "x")
        assert ran.code == 1
        assert "LINERNOTES_URL" in one_sentence(ran.err)


@pytest.mark.usefixtures("cli_environment")
def test_nothing_loaded_yet(run: Run) -> None:
    ran = run("search", "x")
    assert ran.code == 1
    assert "load" in one_sentence(ran.err)


@pytest.mark.usefixtures("cli_environment")
def test_files_by_path_with_a_varied_header(run: Run, sample_files: Files, tmp_path: Path) -> None:
    """Copies with another header: no index column, one column more, integers as 78.0, TRUE for True."""
    original = Path(sample_files["spotify-tracks-dataset"][0])
    copy = tmp_path / "a copy.csv"
    shutil.copy(original, copy)
    ran = run("load", "spotify-tracks-dataset", copy, "--json")
    assert ran.code == 0
    assert orjson.loads(ran.out)["read"] == 6000
