"""What is a track, to Elasticsearch? One field table, and everything that follows from it."""
