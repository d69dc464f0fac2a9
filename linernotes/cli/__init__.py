"""The commands, one module for each family of them."""

import os

# Polars reads this when it is imported. A load shares the machine with Elasticsearch: more threads only cost more CPU.
# Measured on LAION (650,000 synthetic records, 2 cores), read to search fields: 5.2 microseconds a record with one
# thread, 6.0 with two; on four cores' worth of threads 8.3.
os.environ.setdefault("POLARS_MAX_THREADS", "1")
# Polars' allocator keeps what was freed for good; given back after 0.1 s, a loader peaks at 500 MB instead of 565
# (500,000 records, one run each), for the same CPU.
os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:100,muzzy_decay_ms:0")
