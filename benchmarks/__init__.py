"""How fast, against whom? Programs that measure; none of them is a test."""
