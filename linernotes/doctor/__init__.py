"""Is the system well? Everything is read once into a snapshot; small pure checks judge it, each a row of a table."""
