"""`linernotes serve`: the HTTP API and the page."""

import os
import sys
from typing import Annotated

import orjson
import typer

from linernotes import settings
from linernotes.web.config import Options

USUAL = Options()

Host = Annotated[str, typer.Option(help="Address to listen on; without it only this machine is let in.")]
Port = Annotated[int, typer.Option(help="Port to listen on; 0: a free one.", min=0, max=65535)]
Rate = Annotated[int, typer.Option(help="Requests a minute that one client may send.", min=1)]
LogTexts = Annotated[bool, typer.Option("--log-texts", help="Write into the log what people look for.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print address and pid as JSON when it is ready.")]

OPEN = (
    "It is open to all who can reach this machine, and speaks plain HTTP: put a proxy with TLS before it, on this "
    "machine, which tells the clients' addresses (X-Forwarded-For)."
)


def serve(
    host: Host = USUAL.host,
    port: Port = USUAL.port,
    rate: Rate = USUAL.requests_per_minute,
    log_texts: LogTexts = False,
    json: AsJson = False,
) -> None:
    """Serve the HTTP API and the page until a signal ends it; the log goes to standard error, a JSON object a line.

    The first signal (Ctrl-C, SIGTERM) lets requests under way be finished, for ten seconds; the second ends at once. It
    starts without Elasticsearch too, and answers 503 as long as there is none.
    """

    def ready(url: str) -> None:
        said = (
            orjson.dumps({"url": url, "pid": os.getpid()}).decode() if json else f"Serving at {url} (Ctrl-C ends it)."
        )
        typer.echo(said)
        sys.stdout.flush()

    # Here and not above: what serves takes 0.5 s of CPU to import, and no other command needs it.
    from linernotes.web import server

    if server.is_open(host):
        typer.echo(OPEN, err=True)
    options = Options(host=host, port=port, requests_per_minute=rate, log_texts=log_texts)
    raise typer.Exit(server.run(options, settings.from_environment(), ready))
