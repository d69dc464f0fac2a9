"""How does a new release become the next generation?

release --(id, row hash)--.
                           join --> changed rows, normalised --> fingerprints --> difference, shown
sketch of the current one-'                                                          |
                                  clone of the current one + bodies + deletions <----+----> a full load
"""
