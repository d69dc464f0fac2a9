"""Catalogues: read, checked, reported, and verified again."""
