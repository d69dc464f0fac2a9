"""ASGI middleware: access log, limits, security headers, disconnects."""
