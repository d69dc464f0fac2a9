"""Search: which tracks match a text, in which order, and why."""
