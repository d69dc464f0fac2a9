"""Who may do what: certificates, credentials, roles and API keys, and what is said when a door stays shut."""
