"""`python -m linernotes.kibana` writes the file in `kibana/`; a test compares it with what the code makes."""

from pathlib import Path

from linernotes.kibana.objects import ndjson, objects

FILE = Path(__file__).parents[2] / "kibana" / "linernotes.ndjson"
PREFIX = "linernotes"


def main() -> None:
    """Write all objects under the usual prefix."""
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_bytes(ndjson(objects(PREFIX)))


if __name__ == "__main__":
    main()
