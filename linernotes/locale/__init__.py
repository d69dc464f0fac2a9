"""Message catalogues: a folder for each language, its texts (.po) and what is read of them (.mo)."""
