"""Cleaning and spelling of names: what makes two ways of writing a name equal.

    cleaning         text as published to text as shown: entities, mojibake, invisible characters, blanks
    folding          a name to its words: case, accents, width, punctuation
    variants         other spellings of a name: joined, symbols as letters, Latin letters, umlauts written out
    transliteration  other scripts in Latin letters, and a key for what sounds alike
    columns          the same for whole Polars columns, for the indexer

Searches and catalogues spell single values and never import Polars; a property test holds both forms equal.
"""
