"""Kibana's data views, searches and dashboards: made from the field table, checked against it, and imported."""
