"""The front door: command line, settings, the local node, reports for people."""
