"""`linernotes doctor`: is anything wrong, what is the evidence, and what is the remedy?"""

import re

from elastic_transport import TransportError
from elasticsearch import ApiError

from linernotes import settings
from linernotes.cli.common import AsJson, print_json
from linernotes.doctor.checks import diagnose, unreachable
from linernotes.doctor.finding import Diagnosis
from linernotes.doctor.snapshot import TIMEOUT_S, gather
from linernotes.elastic import addresses, connect
from linernotes.output import terminal
from linernotes.output.operate import show_diagnosis
from linernotes.settings import Settings
from mappings.errors import CheckFailedError, UnreachableError

SICK, UNREACHED = 5, 3


def doctor(json: AsJson = False) -> int:
    """Diagnose Elasticsearch and the data, with remedies.

    Checks whether it can be reached, its version and licence, disks, heap, blocks, shards and clocks; aliases, mappings
    and the ledger. Each finding has a severity (error, warning, unknown, note), evidence, and a remedy. What your key
    may not see is reported as unknown. The exit code is 5 if something is wrong, and 3 if Elasticsearch can't be
    reached. Nothing is changed.
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
    """Return the diagnosis of the Elasticsearch of the settings, even if it can't be reached."""
    url = ", ".join(config.urls) or "the local node"
    try:
        url = ", ".join(addresses(config))
        with connect(config) as client:
            client.options(request_timeout=TIMEOUT_S).info()
            return diagnose(gather(client, config.prefix, shown(url)))
    except (UnreachableError, CheckFailedError) as error:
        return unreachable(shown(url), error.message, error.hint)
    except TransportError as error:
        remedy = "Start it, or correct LINERNOTES_URL." if config.urls else "See: linernotes node status"
        return unreachable(shown(url), f"Elasticsearch can't be reached ({error.message}).", remedy)
    except ApiError as error:
        remedy = "Check LINERNOTES_API_KEY, or LINERNOTES_USERNAME and LINERNOTES_PASSWORD."
        return unreachable(shown(url), f"Elasticsearch rejected the credentials ({error.status_code}).", remedy)


def shown(url: str) -> str:
    """Return an address without a user's name and password.

    >>> shown("https://me:secret@host:9200")
    'https://host:9200'
    """
    return re.sub(r"//[^/@]*@", "//", url)
