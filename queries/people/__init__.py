"""Who is meant by a name? Names as they are typed, candidates for them, and the page of one artist."""
