"""Which rows of a catalogue are in a data set, how sure is that, and why?"""

from queries.catalogue.answer import LISTED, RowAnswer, Tally
from queries.catalogue.checking import check
from queries.catalogue.identifiers import Kind
from queries.catalogue.question import SYNONYMS, Question, columns, of_json, read
from queries.catalogue.verdict import BY_ID, CatalogueMatch, Verdict

__all__ = [
    "BY_ID",
    "LISTED",
    "SYNONYMS",
    "CatalogueMatch",
    "Kind",
    "Question",
    "RowAnswer",
    "Tally",
    "Verdict",
    "check",
    "columns",
    "of_json",
    "read",
]
