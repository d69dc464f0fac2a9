"""HTTP server: the API and the web site, on the same queries as the command line."""
