"""How fast is a search, here and now? What `linernotes bench` draws, asks and tells."""
