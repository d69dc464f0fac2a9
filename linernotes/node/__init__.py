"""A local Elasticsearch: fetched, checked, started unprivileged, and ended again."""
