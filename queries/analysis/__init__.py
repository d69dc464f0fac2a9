"""Analysis of all tracks: shares, what is over-represented, what data sets share."""
