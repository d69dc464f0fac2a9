"""What is other in the new release, and how does the current generation become it?

release --(id, row hash)--.
                           join --> changed rows, normalised --> fingerprints --> difference, shown
sketch of the current one-'                                                          |
                                  clone of the current one + bodies + deletions <----+----> a load afresh
"""
