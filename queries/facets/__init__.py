"""Facets: what can be counted and filtered, and under which filters."""
