"""Catalogue checks: which rows are in a data set, how sure that is, and why."""

from queries.catalogue.check import check
from queries.catalogue.identifiers import Kind
from queries.catalogue.row import SYNONYMS, CatalogueRow, find_columns, parse_row, row_from_json
from queries.catalogue.verdict import BY_ID, CLAUSES, MAX_LISTED, CatalogueMatch, RowResult, Tally, Verdict

__all__ = [
    "BY_ID",
    "CLAUSES",
    "MAX_LISTED",
    "SYNONYMS",
    "CatalogueMatch",
    "CatalogueRow",
    "Kind",
    "RowResult",
    "Tally",
    "Verdict",
    "check",
    "find_columns",
    "parse_row",
    "row_from_json",
]
