"""How do records get in, and stay current?"""
