"""The title's language: what is asked of the detector, what it answers, and that it answers the same again."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from py3langid.langid import MODEL_FILE, LanguageIdentifier  # type: ignore[import-untyped]

from benchmarks import language as benchmark
from indexer.normalise import language, language_model
from indexer.normalise.track import DECLARED_LANGUAGE, Constants, canonical
from mappings.languages import UNDETERMINED
from mappings.track import ALBUM, ARTISTS, LANGUAGE, LANGUAGE_SOURCE, SOURCE_ID, SOURCE_ROW, TITLE

FMA, LAION = "free-music-archive", "laion-disco-12m"
REAL = [entry.title for entry in benchmark.entries()]


def tracks(titles: list[str], declared: list[str | None], dataset: str = LAION) -> pl.DataFrame:
    """Return canonical tracks of titles and declared languages."""
    frame = pl.DataFrame(
        {
            TITLE: titles,
            ARTISTS: [["Somebody"]] * len(titles),
            ALBUM: ["An Album"] * len(titles),
            DECLARED_LANGUAGE: pl.Series(declared, dtype=pl.String),
            SOURCE_ID: [str(number) for number in range(len(titles))],
            SOURCE_ROW: range(1, len(titles) + 1),
        }
    )
    return canonical(frame, Constants(dataset, "1", "x", 2026))[0]


def answers(titles: list[str], declared: str | None = None, dataset: str = LAION) -> list[tuple[str, str | None]]:
    return list(tracks(titles, [declared] * len(titles), dataset).select(LANGUAGE, LANGUAGE_SOURCE).iter_rows())


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("Une chanson", "fr"), ("Mi canción", "es"), ("Minha canção", "pt"), ("Моя песня", "ru"), ("Моята песен", "bg"),
        ("A Song for You", "en"), ("FÜR MICH SOLL'S ROTE ROSEN REGNEN", "de"), ("Il cielo in una stanza - Live", "it"),
        ("Dziwny jest ten świat (2003 Remaster)", "pl"), ("Olen suomalainen", "fi"),
    ],
)  # fmt: skip
def test_words_tell_the_language(title: str, found: str) -> None:
    assert answers([title]) == [(found, language.DETECTED)]


@pytest.mark.parametrize("title", ["", "Mia", "Karma", "Ω", "???", "1999", "A", "Amsterdam", "Rhythm Is (Remix)", "\n"])
def test_what_could_be_anything_is_undetermined(title: str) -> None:
    assert answers([title]) == [(UNDETERMINED, None)]


def test_what_is_declared_is_believed_unless_nobody_looked() -> None:
    title = "Plaisir d'amour ne dure qu'un moment"
    assert answers([title], "en", LAION) == [("en", language.DECLARED)]
    assert answers([title], "en", FMA) == [("fr", language.DETECTED)]
    assert answers([title], "it", FMA) == [("it", language.DECLARED)]
    assert answers(["Freeway"], "en", FMA) == [("en", language.DECLARED)]


def test_a_language_of_another_script_is_not_believed() -> None:
    assert answers(["Я хочу быть с тобой"], "en") == [("ru", language.SCRIPT)]
    assert answers(["Что такое осень"], "en") == [("ru", language.DETECTED)]
    assert answers(["Что такое осень"], "uk") == [("uk", language.DECLARED)]


def test_languages_and_letters_are_kept_apart() -> None:
    found = language_model.detected(pl.Series(REAL)).with_columns(title=pl.Series(REAL)).drop_nulls("language")
    cyrillic = pl.col("title").str.contains(r"\p{Cyrillic}")
    assert set(found.filter(cyrillic)["language"]) <= set(language_model.CYRILLIC)
    assert set(found.filter(~cyrillic)["language"]) <= set(language_model.LATIN)


def test_probabilities_are_the_librarys_own() -> None:
    whole = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    whole.set_languages(set(language_model.CYRILLIC))
    model = language_model.models()[1]
    titles = [title.lower() for title in REAL if language_model.is_cyrillic(title)]
    ours = model.probabilities(pl.Series(titles)) / np.array(
        [language_model.CYRILLIC[code] for code in model.languages]
    )
    ours /= ours.sum(axis=1, keepdims=True)
    for title, row in zip(titles, ours, strict=True):
        theirs = dict(whole.rank(title))
        assert row == pytest.approx([theirs[code] for code in model.languages], abs=2e-3), title


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(REAL), st.text(max_size=30)), min_size=1, max_size=8))
def test_an_answer_depends_on_the_title_alone(titles: list[str]) -> None:
    valid = [title.encode("utf-8", "replace").decode() for title in titles]
    together = language_model.detected(pl.Series(valid)).rows()
    alone = [language_model.detected(pl.Series([title])).row(0) for title in valid]
    assert [code for code, _ in together] == [code for code, _ in alone]
    assert language_model.detected(pl.Series(valid)).rows() == together


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.sampled_from(REAL), st.text(max_size=30)),
            st.sampled_from([None, "en", "ru", "sr", "fr", "ja"]),
        ),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from([FMA, LAION]),
)
def test_the_language_of_a_track_normalised_again_stays(rows: list[tuple[str, str | None]], dataset: str) -> None:
    titles = [title.encode("utf-8", "replace").decode() for title, _ in rows]
    once = tracks(titles, [declared for _, declared in rows], dataset)
    again = tracks(once[TITLE].to_list(), once[LANGUAGE].to_list(), dataset)
    assert again[LANGUAGE].to_list() == once[LANGUAGE].to_list()


def test_the_list_holds_what_was_promised() -> None:
    report = benchmark.measured(benchmark.entries(benchmark.Half.HELD_OUT), benchmark.chosen)
    assert report.long.right >= 0.90
    assert report.long.answered >= 0.60
    assert report.all.right >= 0.90
