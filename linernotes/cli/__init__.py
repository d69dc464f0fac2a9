"""The commands, one module for each family of them."""

import os

# Polars reads this when it is imported. A load shares the machine with Elasticsearch: more threads only cost more CPU.
# Measured on LAION (650,000 synthetic records, 2 cores), read to search fields: 5.2 microseconds a record with one
# thread, 6.0 with two; on four cores' worth of threads 8.3.
os.environ.setdefault("POLARS_MAX_THREADS", "1")
