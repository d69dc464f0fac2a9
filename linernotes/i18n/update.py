"""Brings the message catalogues up to date: texts extracted from the code, merged into each .po, compiled to .mo.

python -m linernotes.i18n.update
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from linernotes import i18n
from linernotes.catalogue.reasons import TEXTS as REASONS
from linernotes.web.errors import PROBLEM_TYPES, SENTENCES
from mappings.cards import CARDS, PRESENCE_IS_NO_PROOF
from mappings.track import FIELDS, SHOWN

ROOT = Path(__file__).parents[1]

_METHODS = [("**.py", "python"), ("**.jinja", "jinja2.ext:babel_extract")]
_OPTIONS = {"**.jinja": {"trimmed": "true", "silent": "false"}}
_KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}


def extract() -> Catalog:
    """Return all texts of the code, and those that are data: cards, fields, sentences of errors."""
    catalog = Catalog(charset="utf-8", fuzzy=False)
    for name, line, message, comments, context in extract_from_dir(
        ROOT, method_map=_METHODS, options_map=_OPTIONS, keywords=_KEYWORDS
    ):
        # Without line numbers: a catalogue changes when a text does.
        catalog.add(message, locations=[(name, 0)] if not line else [], auto_comments=comments, context=context)
    for text in _data():
        catalog.add(text)
    return catalog


def _data() -> Iterator[str]:
    yield PRESENCE_IS_NO_PROOF
    yield from REASONS
    for card in CARDS.values():
        yield from (card.published_count, card.licence, *card.notes)
        for claim in card.used_by:
            yield from (claim.claim, claim.kind)
    for name in SHOWN:
        yield from (name.replace("_", " "), FIELDS[name].meaning)
    for sentences in (*SENTENCES.values(), *(each.public for each in PROBLEM_TYPES.values() if each.public)):
        yield from (each for each in sentences if each)


def po_path(language: str) -> Path:
    """Return the path of a language's texts."""
    return i18n.FOLDER / language / "LC_MESSAGES" / f"{i18n.DOMAIN}.po"


def read(language: str) -> Catalog:
    """Return the texts of a language; empty where there are none yet."""
    path = po_path(language)
    if not path.exists():
        return Catalog(locale=language, charset="utf-8", fuzzy=False)
    with path.open("rb") as stream:
        return read_po(stream, locale=language)


def compiled(catalog: Catalog) -> bytes:
    """Return the .mo of a catalogue."""
    stream = BytesIO()
    write_mo(stream, catalog)
    return stream.getvalue()


def written(catalog: Catalog) -> bytes:
    """Return the .po of a catalogue."""
    stream = BytesIO()
    write_po(stream, catalog, width=120, sort_output=True, omit_header=False, ignore_obsolete=True, no_location=True)
    return stream.getvalue()


def update() -> None:
    """Write all catalogues again; what isn't translated yet is printed."""
    template = extract()
    for language in i18n.LANGUAGES:
        if language == i18n.ENGLISH:
            continue
        catalog = read(language)
        catalog.update(template, no_fuzzy_matching=True)
        path = po_path(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(written(catalog))
        path.with_suffix(".mo").write_bytes(compiled(catalog))
        missing = [message.id for message in catalog if message.id and not _translated(message.string)]
        print(f"{language}: {len(catalog)} texts, {len(missing)} not translated", *missing[:20], sep="\n  ")  # noqa: T201


def _translated(string: object) -> bool:
    return all(string) if isinstance(string, list | tuple) else bool(string)


if __name__ == "__main__":
    update()
