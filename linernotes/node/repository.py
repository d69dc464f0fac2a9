"""Where Maven keeps and finds its artifacts: its settings, its folder on this machine, its mirror."""

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from linernotes.node.releases import Release
from linernotes.node.source import FileSource, HttpSource, Source

SETTINGS = Path(".m2/settings.xml")
# The id that Maven itself gives to its default repository.
DEFAULT_ID = "central"


@dataclass(frozen=True)
class Repository:
    """What Maven's settings say: its folder here, and the mirror of its default repository, if any."""

    folder: Path | None = None
    mirror: str | None = None
    credentials: str | None = None


def source(release: Release, home: Path | None = None) -> Source:
    """Return where to read the release's zip: Maven's folder on this machine, else the repository.

    `home` is the user's home folder, whose `.m2/settings.xml` is honoured.
    """
    # Here and not above: it costs 0.1 s, and mostly nothing has to be fetched.
    from jgo.constants import MAVEN_CENTRAL_URL, default_maven_repo

    found = settings(home or Path.home())
    here = (found.folder or default_maven_repo()) / release.path
    if here.is_file():
        return FileSource(here)
    root = found.mirror or MAVEN_CENTRAL_URL
    advice = (
        "Fetch it with Maven, whose own folder is looked into first: "
        f"mvn dependency:get -Dtransitive=false -Dartifact={release.coordinates}"
    )
    return HttpSource(f"{root.rstrip('/')}/{release.path}", found.credentials, advice)


def settings(home: Path) -> Repository:
    """Read `.m2/settings.xml` of a home folder; what can't be read counts as not there."""
    try:
        return parse((home / SETTINGS).read_text(encoding="utf-8"), home)
    except (OSError, ElementTree.ParseError, UnicodeDecodeError):
        return Repository()


def parse(text: str, home: Path) -> Repository:
    """Return what a settings file says about the default repository.

    >>> parse("<settings><mirrors><mirror><mirrorOf>*</mirrorOf><url>u</url></mirror></mirrors></settings>",
    ...       Path("/h")).mirror
    'u'
    """
    root = ElementTree.fromstring(text)  # noqa: S314 - the user's own file, which Maven trusts too
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    folder = (root.findtext("localRepository") or "").strip().replace("${user.home}", str(home))
    for mirror in root.iterfind("mirrors/mirror"):
        if mirrors_default(mirror.findtext("mirrorOf") or ""):
            url = (mirror.findtext("url") or "").strip()
            return Repository(Path(folder) if folder else None, url, _credentials(root, mirror.findtext("id")))
    return Repository(Path(folder) if folder else None)


def mirrors_default(pattern: str) -> bool:
    """Tell whether a `mirrorOf` pattern takes in Maven's default repository.

    >>> [mirrors_default(p) for p in ("central", "*", "external:*", "*,!central", "other")]
    [True, True, True, False, False]
    """
    parts = {part.strip() for part in pattern.split(",")}
    return f"!{DEFAULT_ID}" not in parts and bool(parts & {DEFAULT_ID, "*", "external:*"})


def _credentials(root: ElementTree.Element, server_id: str | None) -> str | None:
    for server in root.iterfind("servers/server"):
        name, secret = server.findtext("username"), server.findtext("password")
        # A password in braces is encrypted with Maven's master password: only Maven can read it.
        if server.findtext("id") == server_id and name and secret and not secret.startswith("{"):
            return f"{name}:{secret}"
    return None
