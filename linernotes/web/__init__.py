"""What do people see? The HTTP API and the page, on the same queries as the command line."""
