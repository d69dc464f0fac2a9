"""Titles and artists taken apart.

Of a title: what names the song, what only names a release or a guest, and which version it is. Of an artist's cell: the
name turned round, without guests, and the names of several.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

from queries.search.terms import ARTICLES

_RELEASE = re.compile(
    r"(?:\d{4}\s+)?(?:digital(?:ly)?\s+)?re-?master(?:ed|isé|isado)?(?:\s+(?:version|edition|\d{4}))*|remasterizad[oa].*"
    r"|(?:\d{4}\s+)?(?:mono|stereo)(?:\s+(?:version|mix))?(?:\s*/\s*\d{4}\s+remaster(?:ed)?)?|bonus(?:\s+track)?|explicit(?:\s+version)?|clean(?:\s+version)?"
    r"|(?:album|single|original|lp)\s+version|deluxe(?:\s+(?:version|edition))?|\d{4}"
    r"|(?:official\s+)?(?:hd\s+)?(?:music\s+|lyrics?\s+)?(?:video|audio|visuali[sz]er)(?:\s+clip)?|official"
    r"|hd|hq|4k|(?:with\s+)?lyrics|(?:music\s+)?from\b(?!.*\s(?:\d+|[ivx]+)$).*|.*\b(?:original\s+)?(?:motion\s+picture\s+)?soundtrack\b(?!.*\s(?:\d+|[ivx]+)$).*",
    re.IGNORECASE,
)
"""What tells a release, not a recording: as in the recording key, and where the song comes from."""

_GUEST = re.compile(r"(?:feat(?:uring)?|ft)(?:\.\s*|\s+)\S.*|with\s+\S.*", re.IGNORECASE)
_OPEN_GUEST = re.compile(r"\s(?:feat(?:uring)?\.?|ft\.?)\s+[^()\[\]]+?(?=\s+[-–—]\s|\s*[(\[]|$)", re.IGNORECASE)

_VERSION = re.compile(
    r"\b(?:live|vivo|remix(?:ed)?|rmx|mix(?:ed)?|acoustic|ac[uú]stic[oa]|demo|edit|edition|cover|version|versi[oó]n"
    r"|instrumental|karaoke|unplugged|sessions?|reprise|rework(?:ed)?|re-?recorded|dub|extended|slowed|sped|nightcore|8d"
    r"|a\s?cappella|acapella|orchestral|symphonic|piano|strings|vip|bootleg|mash-?up|flip|refix|reimagined|rehearsal"
    r"|alternate|alternative|take|outtake|excerpt|snippet|tribute|stripped|radio|club|medley|interlude|intro|outro"
    r"|commentary|explained|part|pt|vol)\b",
    re.IGNORECASE,
)
"""What makes another recording of the same song."""

_BRACKETS = re.compile(r"\s*(?:\(([^()]*)\)|\[([^\[\]]*)\])")
_TAIL = re.compile(r"\s+[-–—]\s+((?:(?!\s[-–—]\s)[^()\[\]])+)$")
_NUMBER = re.compile(r"\s(1?\d|20|i{1,3}|iv|vi{0,3}|ix|x)$", re.IGNORECASE)
"""Numbers of parts; larger ones are years and the like."""
_MARKS = frozenset(("feat", "ft", "featuring", "with"))
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Title:
    """A title: in `full`; `core` without releases, guests and versions; `bare` without brackets and dashes either.

    `versions` are the words that say which version it is, `guests` those that name guests.
    """

    full: str
    core: str
    bare: str
    versions: frozenset[str]
    guests: frozenset[str] = frozenset()

    @property
    def number(self) -> str:
        """Return the number that a title ends with, behind a release too: Panama - 2015 Remaster Part 3. Empty if none.

        >>> parse_title("Song 2 (feat. X)").number, parse_title("Liberation - Re-Edit II").number
        ('2', 'ii')
        """
        number = _NUMBER.search(self.full) or _NUMBER.search(self.core)
        return number[1].casefold() if number else ""


def parse_title(title: str, artist: str = "") -> Title:
    """Return a title taken apart; an artist in front of it, as video titles have it, is left out.

    >>> parse_title("Under Pressure (feat. David Bowie) - Remastered 2011").core
    'Under Pressure'
    >>> live = parse_title("Queen - Radio Ga Ga (Live)", "Queen")
    >>> live.full, live.core, live.versions
    ('Radio Ga Ga (Live)', 'Radio Ga Ga', frozenset({'live'}))
    >>> parse_title("(I Can't Get No) Satisfaction").bare
    'Satisfaction'
    """
    full = title.strip()
    first, dash, rest = full.partition(" - ")
    if dash and rest.strip() and first.strip().casefold() == artist.strip().casefold():
        full = rest.strip()
    noted = _Noted(set(), set())
    core = _BRACKETS.sub(lambda m: m[0] if _belongs_to_name(m[1] or m[2] or "", noted) else "", full)
    core = _OPEN_GUEST.sub(noted.guest, core)
    while (tail := _TAIL.search(core)) and tail.start() and not _belongs_to_name(tail[1], noted):
        core = core[: tail.start()]
    core = core.strip()
    bare = _TAIL.sub("", _BRACKETS.sub("", core).strip())
    if not _WORD.search(core):
        return Title(full, full, full, frozenset())
    return Title(full, core, bare if _WORD.search(bare) else core, *map(frozenset, noted))


class _Noted(NamedTuple):
    """Words of the parts that are left out."""

    versions: set[str]
    guests: set[str]

    def guest(self, match: re.Match[str]) -> str:
        """Note who is named, and return what stands for it: nothing."""
        self.guests.update({word.casefold() for word in _WORD.findall(match[0])} - _MARKS)
        return ""


def _belongs_to_name(part: str, noted: _Noted) -> bool:
    """Tell whether a part is neither of a release, a guest nor a version; note the words of a version or guest."""
    text = part.strip()
    if guest := _GUEST.fullmatch(text):
        noted.guest(guest)
        return False
    if not text or _RELEASE.fullmatch(text):
        return False
    if _VERSION.search(text):
        noted.versions.update(word.casefold() for word in _WORD.findall(text))
        return False
    return True


_GUEST_TAIL = re.compile(r"[\s(\[]+(?:feat(?:uring)?|ft)(?:\.\s*|\s+).*$", re.IGNORECASE)
_BETWEEN = re.compile(r"\s*[;,/|]\s*|\s+(?:&|\+|and|und|et|y|x|vs\.?|with|with\.)\s+", re.IGNORECASE)
_TURNED = re.compile(r"^\s*([^,;&/]+?)\s*,\s*([^,;&/]+?)\s*$")


@dataclass(frozen=True, slots=True)
class Artist:
    """One cell: the `full` name but without guests, the name `turned` round if it has one comma, and its `parts`.

    `firsts` is what stands in front of each joint, longest first, as a name may itself have one: Dan + Shay & Others.
    """

    full: str
    turned: str
    parts: tuple[str, ...]
    firsts: tuple[str, ...]

    @property
    def main(self) -> str:
        """Return the name that a track must hold words of: the first of several, whatever the others are."""
        return without_article(self.parts[0] if self.parts else self.full)


def parse_artist(cell: str) -> Artist:
    """Return an artist's cell taken apart.

    >>> parse_artist("Beatles, The").turned, parse_artist("Dan + Shay feat. Justin Bieber").full
    ('The Beatles', 'Dan + Shay')
    >>> parse_artist("Simon & Garfunkel").parts
    ('Simon', 'Garfunkel')
    """
    full = _GUEST_TAIL.sub("", cell).strip() or cell.strip()
    turned = _TURNED.match(full)
    parts = tuple(part for part in _BETWEEN.split(full) if part and part.strip())
    firsts = [full[: joint.start()].strip() for joint in _BETWEEN.finditer(full)]
    return Artist(
        full,
        f"{turned[2]} {turned[1]}" if turned else "",
        parts if len(parts) > 1 else (),
        tuple(first for first in reversed(firsts) if first) if len(parts) > 1 else (),
    )


def people(*names: str) -> frozenset[str]:
    """Return the words of folded names but for what joins them, to compare lists of artists.

    >>> people("dan and shay", "nena") == people("nena and dan and shay")
    True
    """
    return frozenset(word for name in names for word in name.split()) - {"and", "x", "vs"}


def without_article(name: str) -> str:
    """Return a name without an article in front; a name that is nothing else stays.

    >>> without_article("The Beatles"), without_article("The The")
    ('Beatles', 'The')
    """
    first, _, rest = name.strip().partition(" ")
    return rest.strip() if rest.strip() and first.lower() in ARTICLES else name.strip()
