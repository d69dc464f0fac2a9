"""`linernotes serve`, `bench`: the web site and the HTTP API; how fast searches are."""

import os
import sys
from typing import Annotated

import orjson
import typer

from linernotes import settings
from linernotes.cli import search_benchmark
from linernotes.cli.common import AsJson, number, open_searcher, print_json
from linernotes.output import operate as output
from linernotes.output import terminal
from linernotes.output.progress import progress
from linernotes.web.config import LOOPBACK, Options, parse_hosts, parse_networks, parse_public_url
from mappings.errors import InputError

DEFAULTS = Options()
MAX_CONTACT = 200
"""Characters of the contact that pages show."""

SEARCHES, MOST_SEARCHES = 200, 5_000
THIS_MACHINE = ",".join(LOOPBACK)

Host = Annotated[str, typer.Option(metavar="ADDRESS", help="Address to listen on; by default only for this machine.")]
Port = Annotated[int, number("Port to listen on; 0: a free one.", 0, 65535)]
Rate = Annotated[int, number("Requests a minute allowed to one client; those that take long count several times.", 1)]
Proxies = Annotated[
    str,
    typer.Option(
        metavar="NETWORKS",
        envvar="LINERNOTES_TRUSTED_PROXIES",
        help="Proxies that are believed about clients' addresses (X-Forwarded-For): 10.0.0.7,172.18.0.0/16.",
    ),
]
Hosts = Annotated[
    str,
    typer.Option(
        metavar="NAMES",
        envvar="LINERNOTES_ALLOWED_HOSTS",
        help="Host names to answer for; others get 400. Without any: addresses, and that of --public-url. *: all.",
    ),
]
PublicUrl = Annotated[
    str,
    typer.Option(
        metavar="URL", envvar="LINERNOTES_PUBLIC_URL", help="Address by which visitors reach it: https://music.example."
    ),
]
MetricsClients = Annotated[
    str, typer.Option(metavar="NETWORKS", envvar="LINERNOTES_METRICS_CLIENTS", help="Who may read /metrics.")
]
LogTexts = Annotated[bool, typer.Option("--log-texts", help="Also log what people search for.")]
ReadyAsJson = Annotated[bool, typer.Option("--json", help="Print address and process id as JSON when it is ready.")]
Searches = Annotated[int, number("Number of texts to search for, each once.")]
Seed = Annotated[int, number("Seed of the random choice: the same seed gives the same texts.")]

OPEN = (
    "Everybody who can reach this machine can connect, over plain HTTP: put a proxy with TLS before it that passes on "
    "the clients' addresses (X-Forwarded-For), and name it with --trusted-proxies. Requests by another name than "
    "localhost need --public-url or --allowed-hosts."
)


def serve(
    host: Host = DEFAULTS.host,
    port: Port = DEFAULTS.port,
    rate: Rate = DEFAULTS.requests_per_minute,
    trusted_proxies: Proxies = THIS_MACHINE,
    allowed_hosts: Hosts = "",
    public_url: PublicUrl = "",
    metrics_clients: MetricsClients = THIS_MACHINE,
    log_texts: LogTexts = False,
    json: ReadyAsJson = False,
) -> None:
    """Serve the web site and the HTTP API.

    The log goes to standard error, a JSON object in each line. At the first signal (Ctrl-C, SIGTERM) requests under
    way have ten seconds to finish; the second ends the server at once. It starts without Elasticsearch too, and answers
    503 until that can be reached.
    """

    def ready(url: str) -> None:
        plain = f"Serving at {url} (Ctrl-C ends it)."
        typer.echo(orjson.dumps({"url": url, "pid": os.getpid()}) if json else plain)
        sys.stdout.flush()

    # Here and not above: what serves takes 0.5 s of CPU to import, and no other command needs it.
    from linernotes.web import server

    config = settings.from_environment()
    options = Options(
        host=host,
        port=port,
        trusted_proxies=parse_networks(trusted_proxies, "--trusted-proxies"),
        allowed_hosts=parse_hosts(allowed_hosts),
        public_url=parse_public_url(public_url),
        metrics_clients=parse_networks(metrics_clients, "--metrics-clients"),
        requests_per_minute=rate,
        contact=config.contact[:MAX_CONTACT],
        log_texts=log_texts,
    )
    if server.is_public(host):
        typer.echo(OPEN, err=True)
    raise typer.Exit(server.run(options, config, ready))


def bench(searches: Searches = SEARCHES, seed: Seed = 1, json: AsJson = False) -> None:
    """Measure how long searches take.

    Texts are made from random tracks: artists, titles, both, a few words of them, misspelt ones, and words that nobody
    uses. Each is searched for once with six facets, one after the other, as people do. Nothing is changed.
    """
    if not 1 <= searches <= MOST_SEARCHES:
        raise InputError(f"--searches can't be {searches}.", f"Ask for 1 to {MOST_SEARCHES}.")
    with open_searcher() as searcher, progress(terminal.console(stderr=True), "searches") as step:
        measured = search_benchmark.run(searcher, searches, seed, step)
    if json:
        print_json(measured.as_json())
    else:
        output.show_timing(measured, terminal.console())
