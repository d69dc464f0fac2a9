"""`linernotes doctor`: is anything wrong, how is it known, and what is to be done?"""

import re
from typing import Annotated

import typer
from elastic_transport import TransportError
from elasticsearch import ApiError

from linernotes import settings
from linernotes.cli.context import print_json
from linernotes.doctor.checks import diagnose, unreachable
from linernotes.doctor.finding import Diagnosis
from linernotes.doctor.snapshot import TIMEOUT_S, gather
from linernotes.elastic import address, connect
from linernotes.output import terminal
from linernotes.output.doctor import show_diagnosis
from linernotes.settings import Settings
from mappings.errors import CheckFailedError, UnreachableError

SICK, UNREACHED = 5, 3

AsJson = Annotated[bool, typer.Option("--json", help="Print all checks and findings as JSON.")]


def doctor(json: AsJson = False) -> int:
    """Check everything: reachability, version, licence, disks, heap, blocks, shards, clock, aliases, mappings, ledger.

    Each finding has a severity (error, warning, unknown, note), the evidence, and the remedy. What your key may not see
    is unknown, and not wrong. Exit code 5 when something is wrong, 3 when Elasticsearch can't be asked. Nothing is
    changed.
    """
    done = examine(settings.from_environment())
    if json:
        print_json(done.as_json())
    else:
        show_diagnosis(done, terminal.console())
    if done.version is None:
        return UNREACHED
    return 0 if done.well else SICK


def examine(config: Settings) -> Diagnosis:
    """Return the diagnosis of the Elasticsearch of the settings, also when there is none."""
    url = config.url or "the local node"
    try:
        url = address(config)
        with connect(config) as client:
            client.options(request_timeout=TIMEOUT_S).info()
            return diagnose(gather(client, config.prefix, shown(url)))
    except (UnreachableError, CheckFailedError) as error:
        return unreachable(shown(url), error.message, error.hint)
    except TransportError as error:
        remedy = "Start it, or mend LINERNOTES_URL; see: linernotes node status"
        return unreachable(shown(url), f"Elasticsearch can't be reached ({error.message}).", remedy)
    except ApiError as error:
        remedy = "Check LINERNOTES_API_KEY, or LINERNOTES_USERNAME and LINERNOTES_PASSWORD."
        return unreachable(shown(url), f"Elasticsearch doesn't let us in ({error.status_code}).", remedy)


def shown(url: str) -> str:
    """Return an address without a user's name and password.

    >>> shown("https://me:secret@host:9200")
    'https://host:9200'
    """
    return re.sub(r"//[^/@]*@", "//", url)
