"""Whole results as files: NDJSON, CSV and Parquet, of any size, that appear whole or not at all."""
