"""Which language the words of a title are in, for Latin and Cyrillic letters, which are those of many languages.

The model is py3langid's (naive Bayes over sequences of bytes), the most often right of those that were measured, see
`benchmarks/README.md`. The library classifies one text after the other; here its automaton is walked for a
batch at once, byte by byte. What comes out is the library's own probability, times how likely a language is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl
from py3langid.langid import MODEL_FILE, LanguageIdentifier  # type: ignore[import-untyped]

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]

_LARGE = (
    "es", "fr", "de", "pt", "it", "nl", "sv", "no", "da", "fi", "pl", "cs", "tr", "ro", "hu", "id", "vi", "ca", "hr",
)  # fmt: skip
_SMALL = ("et", "sk", "sl", "lt", "lv", "eu", "gl", "ga", "is", "sq", "af", "la", "tl", "ms", "cy", "eo", "sw")

LATIN: Mapping[str, float] = {"en": 4.0} | dict.fromkeys(_LARGE, 1.0) | dict.fromkeys(_SMALL, 0.1)
"""The languages that may be answered, and their priors; what these are worth stands in this room's README."""

CYRILLIC: Mapping[str, float] = {"ru": 1.0, "uk": 1.0, "bg": 1.0, "sr": 1.0, "mk": 0.3, "be": 0.3, "kk": 0.3}

_SAME: Mapping[str, str] = {"nn": "no", "bs": "hr"}
"""Labels of the model that are one language here: both kinds of Norwegian; Serbo-Croatian in Latin letters."""

THRESHOLD, THRESHOLD_ONE_WORD = 0.5, 0.6
THRESHOLD_CYRILLIC = 0.45
"""Probability from which there is an answer (figures: this room's README)."""

ANSWER = pl.Struct({"language": pl.String, "probability": pl.Float32})
"""The answer for a title."""

_BATCH = 16_384
"""Texts whose features are computed at a time: a step of the automaton costs nearly the same for few and for many."""

_PIECE = 64
"""Texts whose weights are summed at a time: so few that they stay in the processor's cache."""

_LONGEST = 160
"""Bytes of a text that are looked at; what follows makes no difference any more."""

_ADDED = (
    r"(?i)\s*[(\[][^)\]]*\b(?:feat|ft|live|remaster(?:ed)?|re-?mix|mix|version|edit|acoustic|official|video|demo|mono"
    r"|stereo|bonus|instrumental|karaoke|from|original|deluxe|prod)\b[^)\]]*[)\]]"
    r"|\s[-–—]\s.*\b(?:live|remaster(?:ed)?|re-?mix|mix|version|edit|acoustic|demo|mono|stereo|bonus|instrumental)\b.*$"
)
"""What releases add to titles, in English whatever the song is in."""
_MAY_HAVE_ADDED = r"[(\[]|\s[-–—]\s"

_CYRILLIC_LETTER = r"[\u0400-\u052f]"


@dataclass(frozen=True)
class Model:
    """The automaton over bytes, its features' weights for each column, and which column is which language."""

    following: npt.NDArray[np.generic]
    rows: Small
    features: Small
    weights: Floats
    start: Floats
    prior: Floats
    first: Integers
    languages: tuple[str, ...]

    def probabilities(self, given: pl.Series) -> Floats:
        """Return the probability of each language (columns, as `languages`) for each text (rows)."""
        texts = [text[:_LONGEST] for text in given.cast(pl.Binary)]
        scores = self._scores(texts)
        lengths = np.array([max(len(text), 1) for text in texts], np.float32)
        scores /= np.sqrt(lengths)[:, None]  # py3langid's temperature: keeps short texts from being sure
        likely = np.exp(scores - scores.max(axis=1, keepdims=True)) * self.prior
        # Not `@`: BLAS starts threads of its own, which cost twice the CPU that everything here takes.
        likely = np.add.reduceat(likely, self.first, axis=1)
        return np.asarray(likely / likely.sum(axis=1, keepdims=True), np.float32)

    def _scores(self, texts: Sequence[bytes]) -> Floats:
        keys = self._features(texts)
        scores = np.zeros((len(texts), self.weights.shape[1]), np.float32)
        if not keys.size:
            return scores
        first = np.flatnonzero(np.diff(keys, prepend=-1))
        counts = np.diff(first, append=keys.size).astype(np.float32)
        text, feature = np.divmod(keys[first], len(self.weights))
        times = np.log1p(counts)[:, None]
        starts = np.flatnonzero(np.diff(text, prepend=-1))
        ends = np.append(starts, len(text))
        for piece in range(0, len(starts), _PIECE):
            begins = starts[piece : piece + _PIECE]
            those = slice(begins[0], ends[min(piece + _PIECE, len(starts))])
            weighted = self.weights[feature[those]] * times[those]
            scores[text[begins]] = np.add.reduceat(weighted, begins - begins[0], axis=0) + self.start
        return scores

    def _features(self, texts: Sequence[bytes]) -> Integers:
        """Return text number times features plus feature, for each that the automaton meets, sorted."""
        lengths = np.array([len(text) for text in texts], np.int64)
        order = np.argsort(-lengths, kind="stable")  # longest first: those that go on are always the first ones
        starts = (np.cumsum(lengths) - lengths)[order]
        letters = np.frombuffer(b"".join(texts), np.uint8).astype(np.int64)
        longest = int(lengths.max(initial=0))
        going_on = np.searchsorted(-lengths[order], -np.arange(longest), side="left")
        state, met = np.zeros(len(texts), np.int64), [np.empty(0, np.int64)]
        for position, still in enumerate(going_on):
            step = self.rows[state[:still]] + letters[starts[:still] + position]
            state[:still] = self.following[step]
            feature = self.features[state[:still]]
            hit = np.flatnonzero(feature >= 0)
            met.append(order[hit] * len(self.weights) + feature[hit])
        return np.sort(np.concatenate(met))


@cache
def models() -> tuple[Model, Model]:
    """Return the model of Latin and that of Cyrillic letters; read once, in half a second."""
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    automaton = (
        np.frombuffer(identifier.tk_nextmove, identifier.tk_nextmove.typecode),
        np.asarray(identifier.tk_row, np.int32) << 8,
        np.asarray(identifier.tk_output, np.int32),
    )
    return _of(identifier, automaton, LATIN), _of(identifier, automaton, CYRILLIC)


def _of(
    identifier: LanguageIdentifier,
    automaton: tuple[npt.NDArray[np.generic], Small, Small],
    priors: Mapping[str, float],
) -> Model:
    labels = [_SAME.get(label, label) for label in identifier.nb_classes]
    columns = sorted((number for number, label in enumerate(labels) if label in priors), key=lambda n: labels[n])
    named = [labels[column] for column in columns]
    languages = tuple(sorted(set(named)))
    return Model(
        *automaton,
        weights=np.ascontiguousarray(identifier.nb_ptc[:, columns], np.float32),
        start=np.asarray(identifier.nb_pc, np.float32)[columns],
        prior=np.array([priors[label] for label in named], np.float32),
        first=np.array([named.index(language) for language in languages], np.int64),
        languages=languages,
    )


def is_cyrillic(text: str) -> bool:
    """Tell which of the two models a text is for."""
    return any("\u0400" <= letter <= "\u052f" for letter in text)


def detected(titles: pl.Series) -> pl.DataFrame:
    """Return `language` and `probability` for each title; the language is null where there is no answer.

    Titles are in NFC, in Latin or Cyrillic letters, and none is null. The same title gets the same answer, whatever
    else is in the batch. Albums aren't used (README).

    >>> titles = pl.Series(["Für mich soll's rote Rosen regnen", "Я хочу быть с тобой", "Karma", "Umbrella (Live)"])
    >>> detected(titles)["language"].to_list()
    ['de', 'ru', None, None]
    """
    texts = _plain(titles).to_frame("text")
    judged = texts.join(_judged(texts), on="text", how="left", maintain_order="left")
    return judged.select(pl.when(pl.col("probability") >= _enough()).then("language").alias("language"), "probability")


def _enough() -> pl.Expr:
    several = pl.col("text").str.contains(" ", literal=True)
    cyrillic = pl.col("text").str.contains(_CYRILLIC_LETTER)
    return pl.when(cyrillic).then(THRESHOLD_CYRILLIC).when(several).then(THRESHOLD).otherwise(THRESHOLD_ONE_WORD)


def _plain(texts: pl.Series) -> pl.Series:
    """Return texts as the model gets them: in lower case, so that THIS and This are one; without what releases add."""
    at = texts.str.contains(_MAY_HAVE_ADDED).arg_true()
    bare = texts.gather(at).str.replace_all(_ADDED, "").str.strip_chars()
    at, bare = at.filter(bare != ""), bare.filter(bare != "")
    return texts.scatter(at, bare).str.to_lowercase()


def _judged(texts: pl.DataFrame) -> pl.DataFrame:
    """Return each distinct text with its most probable `language` and that one's `probability`."""
    distinct = texts["text"].unique()
    cyrillic = distinct.str.contains(_CYRILLIC_LETTER)
    parts = [distinct.filter(~cyrillic), distinct.filter(cyrillic)]
    return pl.concat([_best(model, part) for model, part in zip(models(), parts, strict=True)])


def _best(model: Model, texts: pl.Series) -> pl.DataFrame:
    batches = [model.probabilities(texts.slice(start, _BATCH)) for start in range(0, len(texts), _BATCH)]
    probability = np.concatenate([*batches, np.empty((0, len(model.languages)), np.float32)])
    best = probability.argmax(axis=1) if len(texts) else np.empty(0, np.int64)
    return pl.DataFrame(
        {
            "text": texts,
            "language": pl.Series(model.languages).gather(best),
            "probability": probability.max(axis=1, initial=0),
        }
    )
