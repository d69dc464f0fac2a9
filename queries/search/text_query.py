"""Builds the Elasticsearch query for a search text: match on one field, rank on several.

Every word has to be in `all_words`, where the index keeps the words of all names and of their other spellings: one
look-up a word. A text that is a whole name, or an artist and a title, is also looked up in `whole_names`, however its
words are cut. Ranking asks the name fields themselves. The fuzzy stage also takes words by sound, by stem, with slips,
closed up or cut in two, but only words that the index knows (`fetch_vocabulary`).
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from elasticsearch.dsl.query import Bool, ConstantScore, DisMax, Fuzzy, MatchNone, MatchPhrase, MultiMatch, Query, Term
from elasticsearch.dsl.query import Match as MatchQuery
from elasticsearch.dsl.query import Terms as TermsQuery

from mappings.spelling import scripts, whole_names
from mappings.spelling.folding import compact, exact_form, tokens
from mappings.track import ALL_WORDS, ARTIST_ROLE, TITLE, TITLE_BY_LANGUAGE, TITLE_ROLE, WHOLE_NAMES
from queries.facets import filters
from queries.model import Ask, Json, Stage
from queries.search import weights
from queries.search.terms import Terms, Word, compact_forms, neighbours, stem_languages, terms_of, word_halves
from queries.text import Clause, Field, Text

FEW_HITS = 10
"""With fewer strict hits than this there is a fuzzy stage: half a page of exact matches leaves room for others,
and a name that is spelled right has rarely fewer."""

_LEAST_TWO_SLIPS = 1
"""Letters at the beginning that are right in a word with two slips."""

_EXPANSIONS = 100
"""Terms that one misspelt word may stand for, the nearest first."""

_EXPANSIONS_OF_SHORT_WORDS = 300
"""The same for a word of three letters, near which there are hundreds, all at one letter's distance."""
_SHORT_WORD = 3

_MAX_MISSPELT = 4
"""Words of a text that may be misspelt, the rarest: each is an automaton run over the term dictionary."""

_MAX_RANKED_MISSPELT = 2
"""Of these, those that are also looked for in titles, to rank them."""

_MAX_CUTS = 3
"""Cuts of a word in two that are tried, those whose halves are least rare."""

_SHORTEST_MISSPELT_NAME, _LONGEST_MISSPELT_NAME = 6, 40
_MAX_WORDS_OF_MISSPELT_NAME = 3
"""Longer names are hardly typed with both a wrong blank and a wrong letter, and each costs four automata."""

Vocabulary = Mapping[str, int]
"""Token to the number of tracks that have it; tokens that no track has are 0 or missing."""


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


def match(text: Text, stage: Stage, vocabulary: Vocabulary | None = None) -> Query:
    """Return the query for the tracks, whole names above all; for counting, use it in filter context.

    The fuzzy stage needs the vocabulary of `candidate_tokens`.
    """
    matching = [_match_words(terms_of(text), stage, vocabulary or {})] if text.words else []
    matching += [_required(clause) for clause in text.required_clauses]
    years = [filters.years(clause.years) for clause in text.clauses if clause.years and not clause.excluded]
    excluded = [_excluded(clause) for clause in text.clauses if clause.excluded]
    if len(matching) == 1 and not (years or excluded):
        return matching[0]
    return Bool(must=matching, filter=years, must_not=excluded)


def ranked(text: Text, stage: Stage, vocabulary: Vocabulary | None = None) -> Query:
    """Return the same tracks, ranked by where their names have the words."""
    matching, terms = match(text, stage, vocabulary), terms_of(text)
    if not text.words:
        return matching
    if stage is Stage.FUZZY and len(terms.words) > 1:  # none of them is a whole name: that would have been enough
        ranking = list(_rank_misspelt(terms, vocabulary or {}))
    else:
        boosts = zip(terms.exact, (weights.EXACT_ARTIST, weights.EXACT_TITLE), strict=True)
        ranking = [ConstantScore(filter=Term(WHOLE_NAMES, {"value": term}), boost=boost) for term, boost in boosts]
    return Bool(must=[matching], should=[*_rank_words(terms), *ranking])


def _match_words(terms: Terms, stage: Stage, vocabulary: Vocabulary) -> Query:
    numbers = terms.required(stage)
    either: list[Query] = []
    if numbers and stage is Stage.STRICT:
        either.append(Bool(filter=[_strict(terms.words[number]) for number in numbers]))
    elif numbers:
        closed = neighbours(terms)
        misspelt = _misspelt_words(terms, vocabulary)
        alternatives = ([*_alternatives(terms, number, closed[number], vocabulary, misspelt)] for number in numbers)
        either.append(Bool(must=[DisMax(queries=each) for each in alternatives]))
    if terms.name_terms:
        either.append(ConstantScore(filter=TermsQuery(WHOLE_NAMES, terms.name_terms), boost=weights.WHOLE))
    if terms.pairs and stage is Stage.STRICT:  # where one matches, there is no fuzzy stage
        # The text is artist and title, or title and artist, however spelled.
        pairs = [
            Bool(filter=[TermsQuery(WHOLE_NAMES, before), TermsQuery(WHOLE_NAMES, behind)])
            for before, behind in terms.pairs
        ]
        either.append(ConstantScore(filter=Bool(should=pairs), boost=weights.PAIR))
    if stage is Stage.FUZZY:
        either += _misspelt_names(terms)
        return DisMax(queries=either) if either else MatchNone()
    return Bool(should=either, minimum_should_match=1) if either else MatchNone()


def _strict(word: Word) -> Query:
    """Return that a track has a word, in one of its spellings; an article may also stand before an artist's name."""
    single = [tokens[0] for _, tokens in word.spellings if len(tokens) == 1]
    either: list[Query] = [_all(tokens) for _, tokens in word.spellings if len(tokens) > 1]
    if single:
        either.insert(0, _any(single))
    if word.artist_terms:
        either.append(TermsQuery(WHOLE_NAMES, word.artist_terms))
    return either[0] if len(either) == 1 else Bool(should=either, minimum_should_match=1)


def _all(tokens: Iterable[str]) -> Query:
    return Bool(filter=[Term(ALL_WORDS, {"value": token}) for token in tokens])


def _any(tokens: Sequence[str]) -> Query:
    return Term(ALL_WORDS, {"value": tokens[0]}) if len(tokens) == 1 else TermsQuery(ALL_WORDS, tokens)


def _alternatives(
    terms: Terms, number: int, closed: Sequence[str], vocabulary: Vocabulary, misspelt: Container[int]
) -> Iterator[Query]:
    """Yield how a word may match in the fuzzy stage, the best first."""
    word = terms.words[number]
    yield ConstantScore(filter=_strict(word), boost=weights.AS_TYPED)
    if near := [token for token in (*closed, word.sounds) if vocabulary.get(token)]:
        yield ConstantScore(filter=_any(near), boost=weights.CLOSED_UP)
    for halves in _known_halves(word, vocabulary):
        yield ConstantScore(filter=_all(halves), boost=weights.CLOSED_UP)
    if codes := stem_languages(word):
        fields = [f"{TITLE_BY_LANGUAGE}.{code}" for code in codes]
        stems = MultiMatch(query=word.typed, type="best_fields", operator="and", fields=fields)
        yield ConstantScore(filter=stems, boost=weights.STEMMED, _name=f"stemmed:{number}")
    if number in misspelt:
        yield _misspelt(ALL_WORDS, word.single, 1, boost=weights.ONE_SLIP)
        if terms.slips(number, known=bool(vocabulary.get(word.single))) > 1:
            yield _misspelt(ALL_WORDS, word.single, 2, right=_LEAST_TWO_SLIPS, boost=weights.TWO_SLIPS)


def _misspelt_words(terms: Terms, vocabulary: Vocabulary) -> list[int]:
    """Return the numbers of the words that are taken for misspelt: those that fewest tracks have."""
    single = [number for number in terms.misspelt() if terms.words[number].single]
    return sorted(single, key=lambda number: vocabulary.get(terms.words[number].single, 0))[:_MAX_MISSPELT]


def _misspelt(field: str, token: str, slips: int, *, right: int = 0, boost: float) -> Query:
    """Return that a track has a term with some slips, of which the first `right` letters are right."""
    expansions = _EXPANSIONS_OF_SHORT_WORDS if len(token) <= _SHORT_WORD else _EXPANSIONS
    options: Json = {"value": token, "fuzziness": slips, "prefix_length": right, "max_expansions": expansions}
    return ConstantScore(filter=Fuzzy(field, options), boost=boost)


def _rank_misspelt(terms: Terms, vocabulary: Vocabulary) -> Iterator[Query]:
    """Yield that a title, rather than the album, has a word that no name has as it is typed, the shorter the better."""
    words = (terms.words[number].single for number in _misspelt_words(terms, vocabulary))
    if unknown := [word for word in words if not vocabulary.get(word)][:_MAX_RANKED_MISSPELT]:
        options: Json = {"query": " ".join(unknown), "fuzziness": 1, "max_expansions": _EXPANSIONS}
        yield MatchQuery(TITLE, options | {"boost": weights.WRITTEN[TITLE]})


def _misspelt_names(terms: Terms) -> Iterator[Query]:
    """Yield that the text is a whole name but for one letter: words closed up and misspelt at once."""
    name = compact(terms.typed)
    if len(terms.words) > _MAX_WORDS_OF_MISSPELT_NAME:
        return
    if _SHORTEST_MISSPELT_NAME <= len(name) <= _LONGEST_MISSPELT_NAME and scripts.may_be_misspelt(name):
        for term in whole_names.terms([name]):
            yield _misspelt(WHOLE_NAMES, term, 1, right=len(term) - len(name), boost=weights.MISSPELT_NAME)


def _known_halves(word: Word, vocabulary: Vocabulary) -> list[tuple[str, str]]:
    """Return the likeliest cuts of a word that the index doesn't know in two that it knows."""
    if vocabulary.get(word.tokens[0] if word.tokens else ""):
        return []
    known = [halves for halves in word_halves(word) if all(map(vocabulary.get, halves))]
    return sorted(known, key=lambda halves: -min(vocabulary[half] for half in halves))[:_MAX_CUTS]


def candidate_tokens(text: Text) -> list[str]:
    """Return the tokens whose numbers of tracks the fuzzy stage needs.

    >>> from queries.text import parse
    >>> candidate_tokens(parse("radio head"))
    ['radio', 'radiohead', '0radio', 'ra', 'dio', 'rad', 'io', 'head', '0head']
    """
    terms = terms_of(text)
    closed = neighbours(terms)
    candidates = dict[str, None]()
    for number, word in enumerate(terms.words):
        tokens = [word.single, *closed[number], word.sounds]
        tokens += [half for halves in word_halves(word) for half in halves]
        candidates |= dict.fromkeys(filter(None, tokens))
    return list(candidates)


def fetch_vocabulary(ask: Ask, tokens: Sequence[str]) -> Vocabulary:
    """Return the number of tracks of each token; Elasticsearch reads it off its term dictionary."""
    by_token = {str(number): {"term": {ALL_WORDS: token}} for number, token in enumerate(tokens)}
    aggs = {"tokens": {"filters": {"filters": by_token}}}
    (answer,) = ask({"size": 0, "track_total_hits": False, "aggs": aggs})
    buckets = answer["aggregations"]["tokens"]["buckets"]
    return {token: int(buckets[str(number)]["doc_count"]) for number, token in enumerate(tokens)}


def _rank_words(terms: Terms) -> Iterator[Query]:
    """Yield what ranks the tracks that match by their words: fields that have them, accents as typed."""
    yield MultiMatch(
        query=terms.typed, type="cross_fields", fields=weights.weighted(weights.WRITTEN), tie_breaker=weights.TWICE
    )
    for accented in filter(None, (word.accented for word in terms.words)):
        yield ConstantScore(filter=Term(ALL_WORDS, {"value": accented}), boost=weights.ACCENTS)


def _required(clause: Clause) -> Query:
    """Return a scoring query for a clause that a name has to match, the best kind of match first."""
    exact = {role: whole_names.written_term(clause.words, role) for role in _ROLES[clause.field]}
    either: list[Query] = [
        ConstantScore(filter=Term(WHOLE_NAMES, {"value": term}), boost=_EXACT[role]) for role, term in exact.items()
    ]
    if names := _names(clause):
        either.append(ConstantScore(filter=TermsQuery(WHOLE_NAMES, names), boost=weights.WHOLE))
    either += [_phrase(field, clause.words, weights.WRITTEN[field]) for field in clause.fields]
    return DisMax(queries=either)


def _excluded(clause: Clause) -> Query:
    """Return the query for what must not be: years, a phrase, words of one name, or plain words in any spelling."""
    if clause.years:
        return filters.years(clause.years)
    if clause.field is Field.ANY and not clause.phrase:
        return _all(tokens(clause.words))
    either: list[Query] = [_phrase(field, clause.words) for field in clause.fields]
    if names := _names(clause):
        either.append(TermsQuery(WHOLE_NAMES, names))
    return Bool(should=either, minimum_should_match=1)


def _phrase(field: str, words: str, boost: float = 1.0) -> Query:
    # The tokens of one word (ac/dc) have to stand side by side, too.
    return MatchPhrase(field, {"query": words, "boost": boost})


def _names(clause: Clause) -> list[str]:
    """Return the clause as terms of `whole_names`: a phrase as written, words in any spelling."""
    forms = [exact_form(clause.words), compact(clause.words)] if clause.phrase else compact_forms(clause.words)
    return whole_names.terms(forms, _ROLES[clause.field])
