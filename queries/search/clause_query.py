"""Builds the queries for what a text says beyond plain words: phrases, one name's words, years, exclusions."""

from collections.abc import Iterable, Iterator, Mapping

from elasticsearch.dsl.query import Bool, ConstantScore, DisMax, MatchPhrase, Query, Range, Term
from elasticsearch.dsl.query import Terms as TermsQuery

from mappings.spelling import whole_names
from mappings.spelling.folding import compact, exact_form, tokens
from mappings.track import ALBUM, ALL_WORDS, ARTIST_ROLE, ARTISTS, CONTRIBUTORS, FACETS, TITLE, TITLE_ROLE, WHOLE_NAMES
from queries.facets.filters import Years
from queries.search import terms, weights
from queries.search.query_syntax import Clause, Field

NAMES: Mapping[Field, tuple[str, ...]] = {
    Field.ANY: (ARTISTS, TITLE, ALBUM, CONTRIBUTORS),
    Field.ARTIST: (ARTISTS,),
    Field.TITLE: (TITLE,),
    Field.ALBUM: (ALBUM,),
}
"""The fields of a track in which a clause is looked for."""

_ROLES: Mapping[Field, tuple[str, ...]] = {
    Field.ANY: whole_names.ROLES,
    Field.ARTIST: (ARTIST_ROLE,),
    Field.TITLE: (TITLE_ROLE,),
    Field.ALBUM: (),
}
_EXACT: Mapping[str, float] = {
    ARTIST_ROLE: weights.WHOLE + weights.EXACT_ARTIST,
    TITLE_ROLE: weights.WHOLE + weights.EXACT_TITLE,
}


def named(clauses: Iterable[Clause]) -> list[Clause]:
    """Return the clauses that a name has to meet."""
    return [clause for clause in clauses if not clause.excluded and clause.field is not Field.YEAR]


def required(clauses: Iterable[Clause]) -> list[Query]:
    """Return a scoring query for each clause that a name has to meet."""
    return [DisMax(queries=list(_ways(clause))) for clause in named(clauses)]


def within(clauses: Iterable[Clause]) -> list[Query]:
    """Return the queries of the years that are wanted."""
    return [_in_years(clause.years) for clause in clauses if clause.years and not clause.excluded]


def excluded(clauses: Iterable[Clause]) -> list[Query]:
    """Return the queries of what must not be."""
    return [_in_years(clause.years) if clause.years else _plain(clause) for clause in clauses if clause.excluded]


def _in_years(years: Years) -> Query:
    return Range(FACETS["year"], {"gte": str(years.first), "lte": str(years.last)})


def _plain(clause: Clause) -> Query:
    """Return that a name has a clause, unscored: of plain words anywhere, in any spelling."""
    if clause.field is Field.ANY and not clause.phrase:
        return Bool(filter=[Term(ALL_WORDS, {"value": token}) for token in tokens(clause.words)])
    either: list[Query] = [_phrase(name, clause.words) for name in NAMES[clause.field]]
    if whole := _whole(clause):
        either.append(TermsQuery(WHOLE_NAMES, whole))
    return Bool(should=either, minimum_should_match=1)


def _phrase(name: str, words: str, boost: float = 1.0) -> Query:
    # The tokens of one word (ac/dc) have to stand side by side, too.
    return MatchPhrase(name, {"query": words, "boost": boost})


def _whole(clause: Clause) -> list[str]:
    """Return terms of the clause as a whole name: a phrase as written, words in any spelling."""
    forms = [exact_form(clause.words), compact(clause.words)] if clause.phrase else terms.forms(clause.words)
    return whole_names.terms(forms, _ROLES[clause.field])


def _ways(clause: Clause) -> Iterator[Query]:
    """Yield every way in which names may meet a clause, the worthiest first."""
    for role in _ROLES[clause.field]:
        is_it = Term(WHOLE_NAMES, {"value": whole_names.written_term(clause.words, role)})
        yield ConstantScore(filter=is_it, boost=_EXACT[role])
    if whole := _whole(clause):
        yield ConstantScore(filter=TermsQuery(WHOLE_NAMES, whole), boost=weights.WHOLE)
    for name in NAMES[clause.field]:
        yield _phrase(name, clause.words, weights.WRITTEN[name])
