"""Catalogue checks: uploads are received, checked in the background, and deleted after an hour."""
