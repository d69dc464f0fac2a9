"""Security: roles, API keys, credentials, certificates, and errors of the connection."""
