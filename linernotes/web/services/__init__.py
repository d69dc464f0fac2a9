"""What requests share: Elasticsearch, executors, data version, response cache, downloads."""
