"""Rows as somebody might publish them to hurt those who look at them."""

from tests.queries.tracks import track

WORD = "zyxquorl"
"""In each of them, and in no other row."""

LONG = 10_000

NAMES = {
    "markup": f"<b>{WORD}</b><img src=x onerror=alert(1)>",
    "script": f"</title></script><script>alert('{WORD}')</script>",
    "attribute": f"\" onmouseover=\"alert(1)\" x='{WORD}' autofocus onfocus='alert(2)",
    "template": f"{{{{7*7}}}} ${{7*7}} {{% {WORD} %}} &lt;i&gt;",
    "formula": f'=HYPERLINK("http://evil.invalid/","{WORD}")',
    "override": f"\u202e{WORD}\u202c \u2066x\u2069",
    "controls": f"{WORD}\x07\x1b[31m\u2028\u0085end",
    "comment": f"{WORD} <!-- --> ]]> <![CDATA[ <svg/onload=alert(3)>",
    "long": f"{WORD} " + "m" * LONG,
    "words": f"{WORD} " + "lorem ipsum " * (LONG // 12),
    "combining": WORD + "\u0301" * 300,
    "address": f"javascript:alert('{WORD}')",
}

_ADDRESSES = ("javascript:alert(1)", "data:text/html,<script>alert(1)</script>", "http://", "//evil.invalid/x", "x")

TRACKS = [
    track(
        900_000 + number,
        name,
        [name, f"{WORD} {kind}"],
        source_id=f"hostile-{kind}",
        dataset="free-music-archive",
        album=name,
        url=_ADDRESSES[number % len(_ADDRESSES)],
        licence_raw=name,
        licence_url=_ADDRESSES[number % len(_ADDRESSES)],
        genre_path=[name[:200]],
        tags=[name[:200]],
        contributors=[name],
        year=1990 + number,
    )
    for number, (kind, name) in enumerate(NAMES.items())
]
